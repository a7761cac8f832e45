"""Guards what machines say: found however the recogniser spells it, never found in what people say on answering."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.base.languages import Language
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue import intents
from voiceagent.dialogue.answerers import FILED_AS, AnsweredBy, load, phrases_of
from voiceagent.simulator import answerer_clips

LANGUAGES = [language.value for language in Language]


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("pt-BR", "Você ligou para a caixa postal. Deixe seu recado após o sinal.", AnsweredBy.VOICEMAIL),
        ("pt-BR", "deishi o seu recadu a pós o sinau", AnsweredBy.VOICEMAIL),
        ("pt-BR", "O telefone está desligado ou fora da área de cobertura.", AnsweredBy.UNAVAILABLE),
        ("pt-BR", "está desligado ou fora da área. Deixe seu recado após o sinal.", AnsweredBy.VOICEMAIL),
        ("pt-BR", "O número chamado não existe.", AnsweredBy.OUT_OF_SERVICE),
        ("pt-BR", "Para falar com vendas, tecle 1.", AnsweredBy.MENU),
        ("pt-BR", "Grave o seu nome e o motivo da ligação.", AnsweredBy.SCREENING),
        ("es", "En este momento no puedo, deje su mensaje después del tono.", AnsweredBy.VOICEMAIL),
        ("es", "Marque uno para ventas.", AnsweredBy.MENU),
        ("en", "Please leave a message after the beep.", AnsweredBy.VOICEMAIL),
        ("en", "This call is being screened.", AnsweredBy.SCREENING),
        ("en", "The number you have dialed is no longer in service.", AnsweredBy.OUT_OF_SERVICE),
    ],
)
def test_machines_are_known_by_what_they_say(language: str, text: str, kind: AnsweredBy) -> None:
    found = phrases_of(language).find(text)
    assert found is not None and found.kind is kind, found


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_people_say_on_lifting_the_phone_is_a_machines(language: str) -> None:
    for answerer in answerer_clips.answerers(language, development=True):
        if answerer.human:
            assert phrases_of(language).find(answerer.text, hints=2) is None, answerer.text


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("pt-BR", "bem vindo a clinica vida para marcar consulta tecliun", AnsweredBy.MENU),
        ("pt-BR", "O aparelho está sem sinal, ligue para outro número, tente depois.", AnsweredBy.UNAVAILABLE),
        ("es", "Bienvenido, en unos minutos un asesor.", AnsweredBy.MENU),
        ("en", "Thank you for holding, an agent, a representative shortly.", AnsweredBy.MENU),
    ],
)
def test_two_hints_are_as_good_as_a_phrase_where_hints_count(language: str, text: str, kind: AnsweredBy) -> None:
    known = phrases_of(language)
    found = known.find(text, hints=2)
    assert found is not None and found.kind is kind and " + " in found.phrase, found
    assert known.find(text) is None and known.find(text, hints=12) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        # Busy people and recordings say the same: one entry, one hint.
        ("pt-BR", "Não posso falar agora, liga mais tarde ou me manda uma mensagem."),
        ("es", "Ahora no puedo hablar, llámame más tarde."),
        ("en", "I can't talk now, text me or call me later."),
    ],
)
def test_one_thing_said_in_many_ways_is_one_hint(language: str, text: str) -> None:
    assert phrases_of(language).find(text, hints=2) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-BR", "Loja Sol. Para trocas, dois. Para horários, três."),
        ("pt-BR", "loja sol para troca de gite 2 para o horario de gite 3"),
        ("es", "Tienda Sol. Para cambios, dos. Si busca horarios, tres."),
        ("en", "Sun Store. For exchanges, two. To hear our hours, three."),
    ],
)
def test_the_keys_of_a_menu_are_hints_whatever_the_verb_was(language: str, text: str) -> None:
    found = phrases_of(language).find(text, hints=2)
    assert found is not None and found.kind is AnsweredBy.MENU, found


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-BR", "Mesa para duas ou para três pessoas, meu senhor?"),
        ("pt-BR", "Se for por mim, pode trazer dois pães e três litros de leite."),
        ("es", "¿Quiere mesa para dos o para tres personas?"),
        ("en", "Is that a table for two, or for three people?"),
    ],
)
def test_numbers_that_people_say_are_no_keys(language: str, text: str) -> None:
    assert phrases_of(language).find(text, hints=2) is None


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("pt-BR", "Não posso atender, deixe o seu recado após o bipe.", AnsweredBy.VOICEMAIL),
        ("pt-BR", "Para trocas, tecle um. Para horários, tecle dois.", AnsweredBy.MENU),
        ("es", "Ha llegado al buzón de voz. Deje su mensaje después del tono.", AnsweredBy.VOICEMAIL),
        ("en", "Please leave a message after the beep.", AnsweredBy.VOICEMAIL),
    ],
)
def test_a_recording_says_two_things_that_only_recordings_say(language: str, text: str, kind: AnsweredBy) -> None:
    found = phrases_of(language).recorded(text)
    assert found is not None and found.kind is kind and " + " in found.phrase, found


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-BR", "Ele não pode atender, deixa o seu recado depois do sinal que ele escuta."),
        ("pt-BR", "Agora não posso falar, retorno assim que puder."),
        ("pt-BR", "Deixe o seu recado comigo, é só falar após o sinal."),
        ("es", "Él no puede contestar, deje su mensaje después del tono."),
        ("en", "She can't come to the phone, leave a message after the beep."),
        ("en", "Voicemail."),
    ],
)
def test_a_person_who_speaks_of_a_recording_is_none(language: str, text: str) -> None:
    assert phrases_of(language).recorded(text) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_people_are_known_to_say_in_a_call_is_a_machines(language: str) -> None:
    known = phrases_of(language)
    tree = yaml.safe_load((intents.folder() / language / "intents.yaml").read_text("utf-8"))
    said = [
        re.sub(r"\(([^()|]*)(\|[^()]*)?\)", r"\1", example)
        for name, intent in tree["intents"].items()
        if name != "voicemail"
        for example in intent.get("examples", [])
    ]
    assert len(said) > 200
    for text in said[::2]:
        assert known.find(text, hints=2) is None and known.recorded(text) is None, text


def test_a_word_that_only_people_say_takes_a_hint_away() -> None:
    known = phrases_of("pt-BR")
    assert known.find("Bem-vindo, aguarde um atendente.", hints=2) is not None
    assert known.find("Moço, bem-vindo, aguarde um atendente, tá?", hints=2) is None


@given(text=st.text(max_size=300), at_length=st.booleans(), hints=st.integers(0, 3))
@settings(max_examples=60)
def test_whatever_was_heard_there_is_an_answer(text: str, at_length: bool, hints: int) -> None:
    found = phrases_of("pt-BR").find(text, at_length=at_length, hints=hints)
    assert found is None or 0.7 < found.likeness <= 1.0


def test_what_people_say_too_counts_in_a_long_turn_only() -> None:
    known = phrases_of("pt-BR")
    assert known.find("agora não posso atender") is None
    assert known.find("agora não posso atender", at_length=True) is not None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt-BR", "Ele saiu, quer deixar um recado?"),
        ("es", "¿Quiere dejarle un mensaje?"),
        ("en", "She can't come to the phone right now."),
        ("en", "He's not available, can I take a message?"),
    ],
)
def test_people_who_sound_like_machines_are_people(language: str, text: str) -> None:
    assert phrases_of(language).find(text, at_length=True) is None


def test_every_machine_has_an_outcome_and_no_person_has() -> None:
    assert set(FILED_AS) == set(AnsweredBy) - {AnsweredBy.HUMAN, AnsweredBy.SILENCE}
    assert FILED_AS[AnsweredBy.VOICEMAIL] is Disposition.VM and FILED_AS[AnsweredBy.FAX] is Disposition.FAX


@pytest.mark.parametrize(
    "tree",
    [["voicemail"], {"voicemail": "after the tone"}, {"mailbox": ["after the tone"]}, {"voicemail": ["oi"]},
     {"voicemail": [12]}, {"ivr": ["(press (one|two)|wait)"]}, {"at_length": ["after the tone"]},
     {"hints": {"mailbox": ["after the tone"]}}, {"hints": {"ivr": [["menu", 3]]}}, {"personal": "amor"},
     {"choices": "for"}],
)  # fmt: skip
def test_a_data_file_with_a_mistake_says_where(tmp_path: Path, tree: object) -> None:
    path = tmp_path / "answerers.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    with pytest.raises(BadInputError, match=r"answerers\.yaml"):
        load(path, "en")
    with pytest.raises(MissingPartError):
        load(tmp_path / "none.yaml", "en")
