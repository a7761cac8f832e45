"""Guards the measuring of recordings and of processes: what a listening check and a leak check stand on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voiceagent.audio import wav
from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.levels import rms_dbov
from voiceagent.simulator import footprint
from voiceagent.simulator.debtor_voice import DebtorVoice, Noise, beep, pieces_of, words
from voiceagent.simulator.footprint import Footprints, Held, held
from voiceagent.simulator.listening import listen
from voiceagent.simulator.persona import Manners
from voiceagent.simulator.tones import ToneBook, ToneVoice


def channel(*spoken: tuple[float, float], seconds: float = 10.0) -> bytes:
    """Speech-like sound from .. to .. and silence elsewhere."""
    samples = np.zeros(int(seconds * SAMPLE_RATE))
    for begins, ends in spoken:
        at = np.arange(int(begins * SAMPLE_RATE), int(ends * SAMPLE_RATE))
        samples[at] = 4000 * np.sin(2 * np.pi * 300 * at / SAMPLE_RATE)
    return bytes(samples.astype("<i2").tobytes())


def recording(path: Path, agent: bytes, debtor: bytes) -> Path:
    both = np.stack([np.frombuffer(agent, "<i2"), np.frombuffer(debtor, "<i2")], axis=1)
    path.write_bytes(wav.encode(both.tobytes(), channels=2))
    return path


def test_a_conversation_is_measured_as_it_sounds(tmp_path: Path) -> None:
    agent = channel((2.0, 4.0), (6.5, 8.0))
    debtor = channel((0.5, 1.0), (3.8, 5.5))
    heard = listen(recording(tmp_path / "call.wav", agent, debtor))
    assert heard.first_word_s == pytest.approx(2.0, abs=0.03)
    assert heard.both_s == pytest.approx(0.2, abs=0.05)
    assert heard.longest_silence_s == pytest.approx(1.0, abs=0.05)
    assert heard.answers_s == (pytest.approx(1.0, abs=0.05), pytest.approx(1.0, abs=0.05))
    assert heard.agent_dbov == pytest.approx(heard.debtor_dbov, abs=0.2) == pytest.approx(-21.3, abs=0.5)


def test_short_pauses_are_part_of_the_speech_and_clicks_are_none(tmp_path: Path) -> None:
    agent = channel((2.0, 2.5), (2.7, 3.0), (9.0, 9.02))
    heard = listen(recording(tmp_path / "call.wav", agent, channel()))
    assert heard.longest_silence_s == 0.0 and heard.first_word_s == pytest.approx(2.0, abs=0.03)


def test_this_process_holds_something_and_one_that_is_gone_nothing() -> None:
    now = held(os.getpid())
    assert now is not None and now.rss_mb > 10 and now.threads >= 1 and now.handles >= 3
    assert held(2**22 + 7) is None


@pytest.mark.parametrize(
    ("grows", "complaints"),
    [(Held(0, 0, 0), 0), (Held(0.5, 0, 0), 0), (Held(3, 0, 0), 1), (Held(0, 1, 0), 1), (Held(0, 0, 1), 1)],
)
def test_growth_is_told_and_warming_up_is_not(grows: Held, complaints: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def samples() -> Iterator[Held]:
        for n in range(80):
            yield Held(100 + grows.rss_mb * n, 5 + grows.threads * n, 20 + grows.handles * n)

    given = samples()
    monkeypatch.setattr(footprint, "held", lambda pid: next(given))
    footprints = Footprints(lambda: {"worker": [7]})
    for _ in range(80):
        footprints.note()
    assert len(footprints.leaks()) == complaints
    assert footprints.report()[0]["seconds"] == 80


def test_a_process_just_started_may_still_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([Held(20, 1, 5)] * 18 + [Held(200, 12, 40)] * 62)
    monkeypatch.setattr(footprint, "held", lambda pid: next(given))
    footprints = Footprints(lambda: {"worker": [7]})
    for _ in range(80):
        footprints.note()
    assert footprints.leaks() == []


def test_marks_become_pauses_and_a_beep_and_are_no_words() -> None:
    text = "Deixe seu recado… após o sinal. [beep]"
    assert pieces_of(text) == ["Deixe seu recado", "…", "após o sinal.", "[beep]"]
    assert words(text) == "Deixe seu recado após o sinal."
    book = ToneBook()
    pcm = DebtorVoice(ToneVoice(book), Manners(pause_s=1.0)).sound(pieces_of(text), book.speak)
    assert book.hear(pcm) == words(text)
    assert pcm.endswith(beep()) and bytes(2 * SAMPLE_RATE) in pcm


def test_noise_has_its_level_and_no_end() -> None:
    noise = Noise(-40.0)
    pieces = [noise.take(1000) for _ in range(200)]
    assert all(len(piece) == 1000 for piece in pieces)
    assert rms_dbov(b"".join(pieces)) == pytest.approx(-40.0, abs=0.5)
