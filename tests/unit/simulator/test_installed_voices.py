"""Guards the bench's voices of other speech programs: rendered once, each text by the next; missing ones are named."""

from __future__ import annotations

import pytest

from voiceagent.base.errors import MissingPartError
from voiceagent.cli.main import main
from voiceagent.simulator import installed_voices
from voiceagent.simulator.installed_voices import MBROLA, PROGRAMS, RHVOICE, Program, installed, spoken_by
from voiceagent.speech.training.clips import clip_of, read


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The real espeak-ng in the place of a program that a fresh machine has not, with two of three voices installed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for voice in ("f2", "m3"):
        (tmp_path / "voices" / voice).mkdir(parents=True)
    said = Program(
        "espeak-ng",
        {"pt-BR": ("f2", "m3", "m5")},
        tmp_path / "voices",
        "espeak-ng",
        lambda voice, clip, path: (["espeak-ng", "-v", f"pt-br+{voice}", "-w", str(path), clip.spoken], ""),
    )
    monkeypatch.setitem(installed_voices.PROGRAMS, RHVOICE, said)


def clips() -> list:
    texts = ("dia dez", "cem reais", "sim")
    return [clip_of("pt-BR", "date", text, text, "kokoro:pm_santa", 1.15) for text in texts]


def test_each_text_is_said_by_the_next_installed_voice_and_rendered_once(program, monkeypatch):
    made = spoken_by(RHVOICE, clips(), "pt-BR")
    assert [clip.voice for clip in made] == ["rhvoice:f2", "rhvoice:m3", "rhvoice:f2"]
    assert [clip.text for clip in made] == [clip.text for clip in clips()]
    for clip in made:
        sound = read(clip)
        assert 0.2 < sound.size / 8000 < 4 and abs(sound).max() > 0.05
    monkeypatch.setattr(installed_voices, "_rendered", None)
    assert spoken_by(RHVOICE, clips(), "pt-BR") == made


def test_a_language_without_a_voice_has_no_clips(program):
    assert installed(RHVOICE, "es") == [] == spoken_by(RHVOICE, clips(), "es")


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_program_that_is_not_installed_is_named_with_where_it_is(name, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPartError, match=f"{name} is not installed: apt-get install {name}"):
        installed(name, "pt-BR")


def test_a_voice_that_says_nothing_is_told(program, monkeypatch):
    broken = installed_voices.PROGRAMS[RHVOICE]
    silent = Program("espeak-ng", broken.voices, broken.folder, "espeak-ng", lambda *_: (["false"], ""))
    monkeypatch.setitem(installed_voices.PROGRAMS, RHVOICE, silent)
    with pytest.raises(MissingPartError, match="f2 says nothing"):
        spoken_by(RHVOICE, clips(), "pt-BR")


def test_every_program_that_can_be_asked_for_is_known(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "speech", "--recordings", "nobody"])
    told = capsys.readouterr().err
    assert all(name in told for name in (RHVOICE, MBROLA))
