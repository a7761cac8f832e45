"""Guards the accents and blended voices of the training: said otherwise, the same words; nobody who measures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from voiceagent.speech.constrained.phones import labels
from voiceagent.speech.synthesis.kokoro import STYLE_WIDTH
from voiceagent.speech.training import clips, strangers
from voiceagent.speech.training.accents import accented

LANGUAGES = ("pt-BR", "es", "en")
#: As the phonemiser says "um, terça, dez, vinte e sete, pagar", "sí, jueves, ya", "four, thirty, third".
SAID = {
    "pt-BR": "u\N{COMBINING TILDE}ŋ, tˈeɾəsæ, dˈɛz, vˈiŋʧj i sˈɛʧy, paɡˈar.",
    "es": "sˈi, xwˈeβes, ʝˈa.",
    "en": "fˈɔɹ, θˈɜɹTi, θˈɜɹd.",
}
STYLES = ("af_one", "am_two", "ef_three", "pm_four", "zf_five")


@pytest.fixture
def styles(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = clips.cache_directory() / "kokoro" / "voices"
    folder.mkdir(parents=True)
    kept = {name for part in (clips.CALIBRATION, clips.TEST) for names in part.values() for name in names}
    for number, name in enumerate((*STYLES, *sorted(kept), "pf_dora", "af_heart", "ef_dora")):
        np.full((510, STYLE_WIDTH), float(number), np.float32).tofile(folder / f"{name}.bin")
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_accent_is_the_same_each_time_and_there_are_many(language):
    ways = {accented(SAID[language], language, seed) for seed in range(60)}
    assert len(ways) > 5
    assert ways == {accented(SAID[language], language, seed) for seed in range(60)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_accent_leaves_the_clauses_and_never_empties_one(language):
    for seed in range(60):
        clauses = re.split(r"[,.] ?", accented(SAID[language], language, seed))
        assert len(clauses) == len(re.split(r"[,.] ?", SAID[language]))
        assert all(clauses[:-1])


def test_brazilians_open_the_um_say_the_r_of_terca_in_many_ways_and_hush_the_last_s():
    ways = [accented(SAID["pt-BR"], "pt-BR", seed) for seed in range(200)]
    assert {way.split(",")[0] for way in ways} == {"u\N{COMBINING TILDE}ŋ", "u\N{COMBINING TILDE}"}
    assert {re.search("tˈe(.*?)s", way)[1] for way in ways} == {"ɾə", "ɾ", "h", "x", "ʁ", "ɹ"}
    assert {re.search("dˈɛɪ?(.),", way)[1] for way in ways} == {"z", "s", "ʃ"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_stranger_is_made_of_a_voice_that_measures(language, styles):
    measuring, calibrating = set(clips.TEST[language]), set(clips.CALIBRATION[language])
    people = strangers.speakers(language, "train")
    assert len(set(people)) == len(people) > 100
    assert all((measuring | calibrating).isdisjoint(re.split("[~@]", name)) for name in people)
    left_out = strangers.speakers(language, "calibration")
    assert all(measuring.isdisjoint(re.split("[~@]", name)) for name in left_out)
    assert all(set(re.split("[~@]", name)[0:3:2]) == calibrating for name in left_out)
    assert not {name.partition("@")[2] for name in people} & {name.partition("@")[2] for name in left_out}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_strangers_say_has_phones_and_is_planned_the_same_each_time(language, styles):
    planned = strangers.said(language, "train", 80, 1)
    assert planned == strangers.said(language, "train", 80, 1)
    assert len({clip.voice for clip in planned}) == 80
    assert sum(labels(clip.text, language) is None for clip in planned) <= 4


def test_what_was_planned_once_stays_when_there_is_other_to_say(styles, monkeypatch):
    first = strangers.said("pt-BR", "train", 10, 1)
    monkeypatch.setattr(strangers, "draw_texts", lambda language, count, *_, **__: [("general", "outra coisa")] * count)
    more = strangers.said("pt-BR", "train", 15, 1)
    assert more[:10] == first and {clip.text for clip in more[10:]} == {"outra coisa"}


def test_after_so_many_clips_others_speak_and_those_planned_before_stay(styles, monkeypatch):
    first = strangers.said("pt-BR", "train", 60, 1)
    monkeypatch.setattr(strangers, "_SAID", 60)
    more = strangers.said("pt-BR", "train", 180, 1)
    assert more[:60] == first
    companies = [{clip.voice for clip in more[begin : begin + 60]} for begin in (0, 60, 120)]
    assert len(set().union(*companies)) == 180


def test_a_stranger_has_a_throat_between_two_and_the_manner_of_a_third(styles):
    name = clips.stranger("af_one", 0.25, "am_two", "ef_three", 7)
    clips._blend(name.partition("@")[0])
    made = np.fromfile(styles / "af_one~0.25~am_two~ef_three.bin", np.float32).reshape(-1, STYLE_WIDTH)
    assert np.allclose(made[:, :128], 0.75)
    assert np.allclose(made[:, 128:], 2.0)
