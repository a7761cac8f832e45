"""Guards what the record says was heard of a prompt, and that a prompt is taken up at a pause, never inside a word."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.agent.sentences import CUT, begin_of, heard, sentences
from voiceagent.audio.format import FRAME_BYTES, SAMPLE_RATE

TEXT = "Bom dia. Eu falo com Maria? Por favor, diga sim ou não."


def tone(seconds: float) -> bytes:
    """A voice, for what matters here."""
    moments = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return bytes((3000 * np.sin(2 * np.pi * 500 * moments)).astype("<i2").tobytes())


def quiet(seconds: float) -> bytes:
    return bytes(2 * int(seconds * SAMPLE_RATE))


def audio(text: str, pause_s: float) -> bytes:
    """Each sentence as long as its letters, commas as short pauses."""
    pieces = []
    for sentence in text.replace("? ", "?|").replace(". ", ".|").split("|"):
        halves = [tone(0.06 * len(half)) for half in sentence.split(", ")]
        pieces.append(quiet(0.12).join(halves))
    return quiet(pause_s).join(pieces)


def test_each_sentence_is_found_by_the_pause_after_it() -> None:
    found = sentences(TEXT, audio(TEXT, 0.3))
    assert [part.text for part in found] == ["Bom dia.", "Eu falo com Maria?", "Por favor, diga sim ou não."]
    assert found[0].begins == 0 and found[-1].ends == len(audio(TEXT, 0.3))
    for before, after in pairwise(found):
        assert before.ends == after.begins and after.begins % FRAME_BYTES == 0


def test_sentences_without_a_pause_stay_together() -> None:
    (only,) = sentences(TEXT, tone(5.0))
    assert only.text == TEXT


def test_a_comma_is_no_full_stop_even_where_one_is_expected() -> None:
    text = "Então, fica assim. Certo?"
    pcm = tone(0.3) + quiet(0.14) + tone(0.7) + quiet(0.3) + tone(0.4)
    second = sentences(text, pcm)[1]
    assert second.text == "Certo?" and second.begins > len(tone(0.3) + quiet(0.14) + tone(0.7))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, CUT),
        (0.4, f"Eu falo com {CUT}"),
        (0.99, f"Eu falo com a senhora {CUT}"),
        (1.0, "Eu falo com a senhora Maria?"),
    ],
)
def test_of_a_cut_sentence_whole_words_are_told(share: float, words: str) -> None:
    pcm = tone(2.0)
    assert heard(sentences("Eu falo com a senhora Maria?", pcm), round(share * len(pcm))) == words


@given(
    st.lists(st.text("abc ", min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=5),
    st.floats(0.0, 0.5),
    st.floats(0.0, 1.0),
)
def test_no_word_is_lost_or_made_up(texts: list[str], pause_s: float, share: float) -> None:
    text = " ".join(" ".join(part.split()) + "." for part in texts)
    pcm = audio(text, pause_s)
    found = sentences(text, pcm)
    assert " ".join(part.text for part in found) == text
    assert [part.begins for part in found] == [0, *(part.ends for part in found[:-1])] and found[-1].ends == len(pcm)
    until = round(share * len(pcm))
    told = heard(found, until)
    assert told == text or (told.endswith(CUT) and text.startswith(told.removesuffix(CUT).strip()))
    assert found[begin_of(found, until)].begins <= until
