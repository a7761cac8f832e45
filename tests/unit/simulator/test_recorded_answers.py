"""Guards the answers joined from people's recorded words: what they may say, how they are joined and fetched."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from voiceagent.audio.wav import encode
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.simulator.recorded_answers import (
    OTHER,
    fetched,
    joined,
    recorded_clips,
    speaker_of,
    texts,
)
from voiceagent.speech.constrained.listening import grammar
from voiceagent.speech.synthesis.shape import to_pcm
from voiceagent.speech.training.clips import read

LANGUAGES = ("es", "en")


def quiet(line: str) -> None:
    """Progress nobody reads."""


def tone(seconds: float, level: float = 0.3) -> np.ndarray:
    silence = np.zeros(1600, np.float32)
    body = level * np.sin(np.arange(int(8000 * seconds)) * 0.4, dtype=np.float32)
    return np.concatenate([silence, body, silence])


def store(speaker, home: Path) -> None:
    """Every file the speaker is known by, as a tone, where fetched recordings are kept."""
    for name in [*speaker.words.values(), *speaker.prompts]:
        path = home / "recordings" / speaker.package / speaker.folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(to_pcm(tone(0.3))))


def tools(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """A PATH with these programs and nothing else."""
    for name, script in scripts.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_answers_that_the_recorded_words_can_say(language):
    speaker = speaker_of(language)
    drawn = texts(speaker, 60)
    assert drawn == texts(speaker, 60)
    assert len(set(drawn)) == len(drawn) > 50
    assert {"amount", "date", "digits", "birth_date", "time"} <= {kind for kind, _ in drawn}
    for kind, text in drawn:
        assert grammar(language, kind)[0].accepts(text.split())
        assert " ".join(said for name in speaker.pieces(text) for said in word_of(speaker, name)) == text


def word_of(speaker, name: str) -> tuple[str, ...]:
    return next(words for words, file in speaker.words.items() if file == name)


def test_a_recording_of_several_words_is_preferred_and_an_unknown_word_is_told():
    speaker = speaker_of("es")
    assert speaker.pieces("a las tres") == ["digits/at", "digits/3"]
    assert speaker.pieces("a la una") == ["digits/at_s", "digits/1F"]
    assert speaker.pieces("el gato") is None


def test_a_language_without_recordings_has_no_answers(tmp_path):
    assert speaker_of("pt-BR") is None
    assert recorded_clips("pt-BR", 10, quiet, tmp_path) == []


def test_words_are_joined_as_loud_as_they_were_recorded_with_a_short_gap():
    loud, soft = np.full(800, 0.5, np.float32), np.full(800, 0.1, np.float32)
    for kind, longest in (("amount", 0.06), ("digits", 0.3)):
        sound = joined([loud, soft], kind, random.Random(3))
        gap = sound.size - 1600
        assert 0 <= gap <= longest * 8000
        assert sound[:800] == pytest.approx(0.5)
        assert not sound[800 : 800 + gap].any()
        assert sound[-800:] == pytest.approx(0.1)


def test_clips_are_made_from_kept_recordings_without_the_silence_around_each_word(tmp_path):
    speaker = speaker_of("es")
    store(speaker, tmp_path)
    clips = recorded_clips("es", 20, quiet, tmp_path)
    answers = [clip for clip in clips if clip.kind != OTHER]
    assert {clip.text for clip in clips if clip.kind == OTHER} == set(speaker.prompts)
    assert len(answers) >= 18
    for clip in answers:
        words = len(speaker.pieces(clip.text))
        seconds = read(clip).size / 8000
        assert words * 0.3 <= seconds <= words * (0.34 + 0.3)


def test_recordings_are_fetched_once_and_kept(tmp_path, monkeypatch):
    speaker = speaker_of("en")
    calls = tmp_path / "calls"
    programs = tmp_path / "bin"
    programs.mkdir()
    tools(
        programs,
        monkeypatch,
        apt_get=f'echo "$@" >> {calls}; : > {speaker.package}_1_all.deb',
        dpkg_deb=f"PATH=/bin:/usr/bin; mkdir -p $3/usr/share/asterisk/sounds/{speaker.folder}/digits",
    )
    home = tmp_path / "home"
    first = fetched(speaker, home, quiet)
    assert (first / "digits").is_dir()
    assert fetched(speaker, home, quiet) == first
    assert calls.read_text().split("\n")[:-1] == [f"-q download {speaker.package}"]
    assert [path.name for path in home.iterdir()] == [speaker.package]


def test_without_debian_the_message_says_what_to_put_where(tmp_path, monkeypatch):
    speaker = speaker_of("es")
    tools(tmp_path, monkeypatch)
    with pytest.raises(MissingPartError, match=f"{speaker.package}.*apt-get is not here.*unpack") as raised:
        fetched(speaker, tmp_path / "home", quiet)
    assert str(tmp_path / "home") in raised.value.message


@pytest.mark.parametrize(
    ("script", "reason"),
    [("echo 'E: Unable to locate package' >&2; exit 100", "Unable to locate package"), ("exit 0", "gave no")],
)
def test_a_refusal_of_debian_is_told_and_leaves_nothing_behind(tmp_path, monkeypatch, script, reason):
    programs = tmp_path / "bin"
    programs.mkdir()
    tools(programs, monkeypatch, apt_get=script, dpkg_deb="exit 0")
    with pytest.raises(UnavailableError, match=f"{reason}.*apt-get update"):
        fetched(speaker_of("es"), tmp_path / "home", quiet)
    assert list((tmp_path / "home").iterdir()) == []
