"""Guards the grammars of answers: what they say is understood, automata say the same, and the search is exact."""

from __future__ import annotations

import itertools
import random
import re
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from voiceagent.base.languages import Language
from voiceagent.language.heard import understand_slots
from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.automaton import automaton
from voiceagent.speech.constrained.grammar import either, loop, maybe, say, seq, words_of
from voiceagent.speech.constrained.listening import fits, grammar, listen, value_of
from voiceagent.speech.constrained.phones import INVENTORY, labels, phones, ways, with_codas
from voiceagent.speech.constrained.search import MELTED, Graph

TODAY = date(2026, 11, 18)
REGION = {"pt-BR": "BR", "es": "MX", "en": "US"}
KINDS = [(language.value, kind) for language in Language for kind in kinds_of(language.value)]


def posteriors(text: str, language: str, chance: random.Random, noise: float = 0.6) -> np.ndarray:
    """Log probabilities as a head gives for clear speech: each phone a few frames, blanks where they may be."""
    frames = [0] * chance.randint(1, 4)
    for before, label in itertools.pairwise([0, *(labels(text, language) or [])]):
        frames += [0] * (chance.random() < 0.4 or before == label) + [label] * chance.randint(1, 3)
    frames += [0] * chance.randint(1, 6)
    scores = np.random.default_rng(chance.randrange(2**32)).normal(
        0, noise, (len(frames), len(INVENTORY[language]) + 1)
    )
    scores[np.arange(len(frames)), frames] += 7
    return (scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))).astype(np.float32)


@pytest.mark.parametrize(("word", "language", "sound"), [
    ("não", "pt-BR", "nAu"), ("três", "pt-BR", "tres"), ("quinze", "pt-BR", "kIzi"), ("vinte", "pt-BR", "vICi"),
    ("dia", "pt-BR", "Jia"), ("real", "pt-BR", "Heau"), ("cinquenta", "pt-BR", "sIkuEta"), ("que", "pt-BR", "ki"),
    ("doscientos", "es", "dosientos"), ("quinientos", "es", "kinientos"), ("jueves", "es", "xuebes"),
    ("thirteen", "en", "T3tin"), ("dollars", "en", "dAl3z"),
])  # fmt: skip
def test_words_sound_as_they_are_said(word, language, sound):
    assert phones(word, language) == sound


@pytest.mark.parametrize(("word", "said"), [
    ("duas", ["dua#"]), ("setecentos", ["setesEtu#", "seCisEtu#"]), ("feira", ["feira", "fera"]), ("sete", ["seCi"]),
    ("outubro", ["outubru", "otubru"]), ("seis", ["sei#"]), ("de", ["Ji", "de", "di"]),
])  # fmt: skip
def test_a_word_is_searched_for_in_each_way_that_it_is_said(word, said):
    known = INVENTORY["pt-BR"] + "#"
    assert ["".join(known[output - 1] for output in way) for way in ways(word, "pt-BR")] == said


def test_every_way_is_one_of_the_same_word_and_the_first_is_the_usual_one():
    for language, kind in KINDS:
        for word in words_of(kinds_of(language)[kind]):
            first, *others = ways(word, language)
            usual = labels(word, language) or []
            assert first[:-1] == usual[:-1]
            assert all(Levenshtein.distance(first, other) <= 2 for other in others), word


@pytest.mark.parametrize(("text", "sound"), [
    ("duas e meia da tarde", "duazimeiadatarJi"), ("setecentos e três reais", "seCisEtuzitresHeais"),
    ("dia dois de outubro", "JiadoizJiotubru"), ("dia três de março", "JiatreXdimarsu"),
])  # fmt: skip
def test_answers_are_heard_however_the_last_s_and_the_words_are_said(text, sound):
    kind = "time" if "tarde" in text else "amount" if "reais" in text else "date"
    logs = np.full((2 * len(sound) + 2, len(INVENTORY["pt-BR"]) + 1), -9.0, np.float32)
    logs[:, 0] = -1.0
    for at, phone in enumerate(sound):
        logs[2 * at + 1, INVENTORY["pt-BR"].index(phone) + 1] = 0.0
    logs -= np.logaddexp.reduce(logs, axis=1, keepdims=True)
    answer = listen(logs, "pt-BR", [kind, "yes_no"], (), TODAY)
    assert answer is not None
    assert (answer.text, round(answer.fit, 1)) == (text, 0.0)


def test_only_a_language_whose_last_consonant_has_many_sounds_gets_an_output_for_it():
    logs = np.log(np.full((3, len(INVENTORY["pt-BR"]) + 1), 1 / 32, np.float32))
    assert with_codas(logs, "en") is logs
    assert np.allclose(with_codas(logs, "pt-BR")[:, -1], np.log(4 / 32))


def test_a_word_of_unknown_sound_makes_a_text_unknown():
    assert phones("xqzt", "en") is None
    assert labels("yes xqzt", "en") is None
    assert phones("r2d2", "pt-BR") is None


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzáâãàéêíóôõúçñü'", min_size=1, max_size=14))
def test_sounds_stay_inside_the_inventory(word):
    for language in ("pt-BR", "es"):
        assert set(phones(word, language) or "") <= set(INVENTORY[language])


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_every_word_of_a_grammar_has_a_sound(language, kind):
    found = grammar(language, kind)
    assert found is not None
    words = {word for _, word, _ in found[0].arcs}
    assert {word for word in words if not phones(word, language)} == set()


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_what_a_grammar_says_is_understood(language, kind):
    chance = random.Random(7)
    lost = []
    for _ in range(60):
        text = " ".join(say(kinds_of(language)[kind], chance))
        read = understand_slots(text, language=language, region=REGION[language], expect=(kind,), today=TODAY)
        if not (read.slots or read.alternatives):
            lost.append(text)
    # Days that no month has ("trinta e um de fevereiro") are said by the grammar and rightly not understood.
    assert len(lost) <= 5, lost


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_clear_speech_gives_the_value_that_was_said(language, kind):
    chance = random.Random(11)
    for _ in range(5):
        words = say(kinds_of(language)[kind], chance, longest=8)
        text = " ".join(words)
        answer = listen(posteriors(text, language, chance), language, [kind, "yes_no"], (), TODAY)
        assert answer is not None
        assert value_of(answer.text, kind, language, TODAY) == value_of(text, kind, language, TODAY), (text, answer)
        assert answer.fit > -0.5


SMALL = st.recursive(
    st.sampled_from(["a", "o", "ao", "me", "eu"]),
    lambda inner: st.one_of(
        st.builds(seq, inner, inner), st.builds(either, inner, inner), st.builds(maybe, inner), st.builds(loop, inner)
    ),
    max_leaves=5,
)


@given(SMALL, st.integers(0, 2**16))
@settings(max_examples=60)
def test_an_automaton_says_what_its_grammar_says(expression, seed):
    expression = seq(expression, "eu")
    machine = automaton(expression)
    chance = random.Random(seed)
    for _ in range(10):
        assert machine.accepts(say(expression, chance, longest=3))
    assert not machine.accepts(["nunca"])


def regex_of(words: tuple[str, ...], melting: bool) -> str:
    """The frames that say these words: a phone lasts, blanks may stand between, must between equals.

    None stands between equals of two words that melt.
    """
    pattern, last = "_*", ""
    for word in words:
        sound = phones(word, "pt-BR") or ""
        for index, letter in enumerate(sound):
            apart = last == letter and not (melting and index == 0)
            pattern += ("_+" if apart else "" if last == letter else "_*") + f"{letter}+"
            last = letter
    return pattern + "_*"


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=25)
def test_the_search_equals_trying_everything(seed, renewed):
    sentences = [("a", "ma"), ("ma",), ("a", "a"), ("maa",), ("ma", "a"), ("ma", "a", "ma")]
    machine = automaton(either(*(" ".join(words) for words in sentences)))
    graph = Graph(machine, lambda word: [labels(word, "pt-BR")], labels("a", "pt-BR") if renewed else ())
    used = "_am"
    columns = [0, *(INVENTORY["pt-BR"].index(letter) + 1 for letter in "am")]
    logs = np.full((6, len(INVENTORY["pt-BR"]) + 1), -50.0, np.float32)
    scores = np.random.default_rng(seed).normal(0, 3, (6, len(columns)))
    logs[:, columns] = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    patterns = [
        (words, re.compile(regex_of(words, melting)), float(MELTED) if melting and renewed else 0.0)
        for words in sentences
        for melting in (False, True)
        if not melting or regex_of(words, True) != regex_of(words, False)
    ]
    best: dict[tuple[str, ...], float] = {}
    for frames in itertools.product(range(len(used)), repeat=6):
        text = "".join(used[frame] for frame in frames)
        score = float(sum(logs[t, columns[frame]] for t, frame in enumerate(frames)))
        for words, pattern, price in patterns:
            if score + price > best.get(words, -1e9) and pattern.fullmatch(text):
                best[words] = score + price
    found = graph.best(logs, most=8, within=100.0)
    assert found[0].path == pytest.approx(max(best.values()), abs=1e-3)
    assert best[found[0].words] == pytest.approx(found[0].path, abs=1e-3)
    for other in found:
        assert other.path <= best[other.words] + 1e-3


def test_a_search_without_room_finds_nothing():
    graph = Graph(automaton(seq("eu", "me")), lambda word: ways(word, "pt-BR"))
    assert graph.best(np.zeros((2, 32), np.float32)) == []
    assert graph.best(np.zeros((0, 32), np.float32)) == []


def test_phrases_compete_with_answers_and_win_over_their_own_words():
    logs = posteriors("sim", "pt-BR", random.Random(1))
    answer = listen(logs, "pt-BR", ["amount", "yes_no"], ("Sim.", "Não."), TODAY)
    assert answer is not None
    assert (answer.text, answer.kind) == ("Sim.", "phrase")
    ranked = fits(logs, ("Sim.", "Não.", "Quero parcelar."), "pt-BR")
    assert max(ranked, key=lambda text: ranked[text]) == "Sim."


@pytest.mark.parametrize(("text", "value"), [
    ("dezoito horas", "18:00"), ("quinze horas e quinze minutos", "15:15"), ("às nove horas e trinta", "09:30"),
    ("dez e meia", "10:30"), ("uma hora da tarde", "13:00"),
])  # fmt: skip
def test_times_as_clocks_say_them(text, value):
    answer = listen(posteriors(text, "pt-BR", random.Random(text)), "pt-BR", ["time", "yes_no"], (), TODAY)
    assert answer is not None and answer.text == text and answer.fit > -0.5
    read = understand_slots(text, language="pt-BR", region="BR", expect=("time",), today=TODAY)
    assert read.slots["time"] == value


def test_a_yes_is_no_hundred():
    chance = random.Random(3)
    for text, kind in (("sim", "yes_no"), ("cem", "amount")):
        answer = listen(posteriors(text, "pt-BR", chance), "pt-BR", ["amount", "yes_no"], (), TODAY)
        assert answer is not None
        assert (answer.text, answer.kind) == (text, kind)


@pytest.mark.parametrize("said", ["um nove", "sete sete um", "um um nove"])
def test_one_um_is_not_two(said):
    found = listen(posteriors(said, "pt-BR", random.Random(3)), "pt-BR", ["digits"], (), TODAY)
    assert found is not None
    assert found.text == said and found.share > 0.99 and not found.unexplained


@pytest.mark.parametrize(("said", "language", "time"), [
    ("três da tarde", "pt-BR", "15:00"), ("dez e quinze da manhã", "pt-BR", "10:15"),
    ("quinze para as três", "pt-BR", "14:45"),
    ("tres de la tarde", "es", "15:00"), ("las tres y media", "es", "15:30"), ("mediodía", "es", "12:00"),
    ("three thirty", "en", "15:30"), ("eight tonight", "en", "20:00"),
])  # fmt: skip
def test_a_time_said_shortly_is_listened_for(said, language, time):
    spoken = grammar(language, "time")
    assert spoken is not None and spoken[0].accepts(said.split())
    slots = understand_slots(said, language=language, region=REGION[language], expect=("time",), today=TODAY).slots
    assert slots["time"] == time
