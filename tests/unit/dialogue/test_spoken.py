"""Guards the sentences listened for wherever their intent is understood: each means just that, and has a sound."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.unit.dialogue.conftest import DIALPLANS
from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.spoken import load, spoken_of
from voiceagent.dialogue.state import Briefing
from voiceagent.dialogue.understanding import understand
from voiceagent.settings.dialplans import load_script
from voiceagent.speech.constrained.listening import plain_words
from voiceagent.speech.constrained.phones import labels

LANGUAGES = [language.value for language in Language]
REGIONS = {"pt-BR": "BR", "es": "MX", "en": "US"}
#: What must not be left to free dictation in any language: stop calling, a death, the wrong person, is this a machine.
NEEDED = {"cease", "deceased", "wrong_person", "are_you_robot", "who_why", "scam_suspicion", "human", "busy_callback"}


def script_in(language: str) -> Script:
    return load_script(DIALPLANS / "negotiation" / f"{language}.yaml")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_means_its_intent_in_every_state_that_listens_for_it(language: str) -> None:
    script, sentences = script_in(language), spoken_of(language)
    assert sentences.keys() >= NEEDED
    asked = {(state.expect, frozenset(script.among(name))) for name, state in script.states.items() if state.expect}
    open_ones = [(kinds, among) for kinds, among in asked if "intent" in kinds]
    for intent, texts in sentences.items():
        assert any(intent in among for _, among in open_ones), intent
        for text in texts:
            for kinds, among in open_ones:
                if intent in among:
                    meant = understand(
                        text,
                        language=language,
                        region=REGIONS[language],
                        expect=kinds,
                        among=among,
                        today=date(2026, 11, 18),
                    )
                    assert meant.intent == intent, (text, kinds)
                    assert meant.slots.get("yes_no") is not True, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_is_listed_once_and_has_a_sound(language: str) -> None:
    texts = [plain_words(text) for texts in spoken_of(language).values() for text in texts]
    assert len(set(texts)) == len(texts)
    assert all(labels(text, language) for text in texts)


def test_a_state_that_asks_for_a_number_says_how_many_digits_it_has(briefing: Briefing, script: Script) -> None:
    machine = Machine(script, briefing)
    start = machine.start()
    asked = {name: machine.expectation(replace(start, node=name)).digits for name, node in script.states.items()}
    assert (asked["ask_document"], asked["find_caller"]) == ((3, 3), (3, 11))
    # Keys of a birthday are no number.
    assert script.states["ask_birth"].digits == 4 and asked["ask_birth"] is None


def test_a_state_listens_for_its_own_answers_first_and_for_what_it_understands(
    briefing: Briefing, script: Script
) -> None:
    machine = Machine(script, briefing)
    sentences = spoken_of("pt-BR")
    expected = machine.expectation(machine.start())
    node = script.states[expected.state]
    assert expected.phrases[: len(node.phrases)] == node.phrases
    assert len(set(expected.phrases)) == len(expected.phrases)
    for intent, texts in sentences.items():
        if intent in expected.among:
            assert set(texts) <= set(expected.phrases)
        else:
            assert not (set(texts) - set(node.phrases)) & set(expected.phrases)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("- parem de ligar", "under each intent"),
        ("stop: [parem de ligar]", "no intent is called 'stop'"),
        ("cease: parem de ligar", "cease takes a list"),
        ("cease: [yes]", "cease takes a list"),
        ("cease: [parem", "cannot read"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_mend(tmp_path: Path, written: str, told: str) -> None:
    path = tmp_path / "spoken.yaml"
    path.write_text(written, "utf-8")
    with pytest.raises(BadInputError, match=told):
        load(path)


def test_a_language_without_the_file_listens_for_the_states_answers_alone(tmp_path: Path) -> None:
    assert load(tmp_path / "spoken.yaml") == {}
