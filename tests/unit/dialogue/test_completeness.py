"""Guards what counts as a whole answer: early only where no later word could change it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from voiceagent.dialogue.completeness import is_complete
from voiceagent.dialogue.events import Expect
from voiceagent.dialogue.understanding import understand
from voiceagent.language.unfinished import unfinished

TODAY = date(2026, 11, 18)


def complete(text: str, kinds: tuple[str, ...], language: str = "pt-BR", **expect: Any) -> bool | None:
    region = {"pt-BR": "BR", "es": "MX", "en": "US"}[language]
    meant = understand(text, language=language, region=region, expect=kinds, today=TODAY)
    return is_complete(meant, Expect(state="q", kinds=kinds, **expect), language)


@pytest.mark.parametrize(
    ("text", "kinds", "language"),
    [
        ("Sim.", ("yes_no",), "pt-BR"),
        ("É.", ("yes_no",), "pt-BR"),
        ("Não, não quero.", ("yes_no",), "pt-BR"),
        ("Dia dez de dezembro.", ("date",), "pt-BR"),
        ("Doze de março.", ("birth_date",), "pt-BR"),
        ("Em três vezes.", ("intent", "instalments"), "pt-BR"),
        ("Quem está falando?", ("intent", "yes_no"), "pt-BR"),
        ("Sí.", ("yes_no",), "es"),
        ("El quince de diciembre.", ("date",), "es"),
        ("Yes.", ("yes_no",), "en"),
        ("On the fifteenth of December.", ("date",), "en"),
    ],
)
def test_a_whole_answer_is_complete(text: str, kinds: tuple[str, ...], language: str) -> None:
    assert complete(text, kinds, language) is True


@pytest.mark.parametrize(
    ("text", "kinds", "language"),
    [
        ("Sim, mas", ("yes_no",), "pt-BR"),
        ("Pode ser no dia", ("date",), "pt-BR"),
        ("Dia dez de", ("date",), "pt-BR"),
        ("Trezentos e", ("amount",), "pt-BR"),
        ("Eu queria...", ("intent",), "pt-BR"),
        ("Puede ser el", ("date",), "es"),
        ("I can pay on the", ("date",), "en"),
    ],
)
def test_what_breaks_off_is_not(text: str, kinds: tuple[str, ...], language: str) -> None:
    assert complete(text, kinds, language) is False


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", ("yes_no",)),
        ("Trezentos reais.", ("amount",)),
        ("Dia dez ou dia doze.", ("date",)),
        ("Batata frita.", ("yes_no",)),
    ],
)
def test_what_may_still_change_is_left_open(text: str, kinds: tuple[str, ...]) -> None:
    assert complete(text, kinds) is None


def test_digits_are_complete_when_there_are_as_many_as_asked_for() -> None:
    assert complete("Um, dois, três.", ("digits",), keys=3) is True
    assert complete("Um, dois.", ("digits",), keys=3) is False
    assert complete("Um, dois, três.", ("digits",)) is None, "nobody said how many"


def test_a_story_is_never_ended_early() -> None:
    assert complete("Eu já paguei essa conta.", ("intent",)) is True
    assert complete("Eu já paguei essa conta.", ("intent",), at_length=True) is None


@pytest.mark.parametrize("text", ["Pode ser.", "Isso mesmo.", "Não.", "É", "Sou eu.", "Bom dia.", ""])
def test_answers_do_not_look_as_if_they_broke_off(text: str) -> None:
    assert not unfinished(text, "pt-BR")
