"""Guards what is believed: the shipped weights, the scale of confidence, and who has the last word on a turn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import Any

import numpy as np
import pytest

from tests.unit.speech.test_answer_grammars import posteriors
from voiceagent.base.languages import Language
from voiceagent.dialogue.understanding import understand
from voiceagent.speech.constrained.deciding import Judge
from voiceagent.speech.constrained.denoise import denoised
from voiceagent.speech.constrained.head import head_of
from voiceagent.speech.constrained.hearings import SECOND, THIRD, changed, slowed
from voiceagent.speech.constrained.judging import (
    SAME,
    Calibration,
    agreement,
    carried,
    repeated,
    says_more,
    shipped_calibration,
    signal_to_noise,
    word_lost,
)
from voiceagent.speech.constrained.listening import (
    _SURPLUS,
    PHRASE,
    Answer,
    Rival,
    _surplus,
    listen,
    more_heard,
    value_of,
)
from voiceagent.speech.constrained.phones import INVENTORY, labels
from voiceagent.speech.constrained.search import Found
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.training.calibrate import fit_logistic
from voiceagent.speech.training.network import backward, ctc, forward, fresh_weights

LANGUAGES = [language.value for language in Language]
TODAY = date(2026, 11, 18)
QUIET = np.zeros(8000, np.float32)
STATES = np.zeros((1, 512), np.float32)
KINDS = ("amount", "birth_date", "date", "digits", "instalments", "time", "yes_no")
ASKED = ("alone", "again", "checked")
SCALE = Calibration(
    (6.0, 4.0, 0.2, -0.5),
    (4.0, 4.0, 0.2, -0.5, 3.0),
    (4.0, 4.0, 0.2, -0.5, 3.0, 3.0, 2.0),
    {
        f"{asked}{line}": dict.fromkeys(KINDS, 0.95 if asked == "checked" else 0.98)
        for asked in ASKED
        for line in ("", "_noisy")
    }
    | {"apart": {}, "apart_noisy": {}},
)


def judge_hearing(text: str, noise: float = 0.6) -> Judge:
    """A judge whose head hears `text`, whatever the states are."""

    def head(states: np.ndarray) -> np.ndarray:
        return posteriors(text, "pt-BR", random.Random(5), noise)

    stand_in: Any = head
    return Judge(stand_in, SCALE)


def decided(
    judge: Judge,
    free: str,
    *expect: str,
    phrases: tuple[str, ...] = (),
    digits: tuple[int, int] | None = None,
    reason: str = "",
    certainty: float = 0.8,
) -> Hypothesis:
    context = HearingContext("pt-BR", expect, phrases, "2026-11-18", digits=digits)
    return judge.decide(QUIET, STATES, context, writing(free, -3.0, reason, certainty))


def writing(free: str, behind: float = -3.0, reason: str = "", certainty: float = 0.8) -> Any:
    """A decoder that writes `free`, and finds the answer's words so much less likely."""
    return lambda said: (Hypothesis(free, certainty, reason=reason), behind)


def never(*_: object) -> Any:
    raise AssertionError("it was asked")


@pytest.mark.parametrize("language", LANGUAGES)
def test_weights_are_shipped_small_and_fit_their_inventory(language):
    head = head_of(language)
    assert head is not None
    logs = head(np.random.default_rng(1).normal(size=(40, head.weights["first"].shape[0])).astype(np.float32))
    assert logs.shape == (40, len(INVENTORY[language]) + 1)
    assert np.allclose(np.exp(logs).sum(axis=1), 1.0, atol=1e-4)
    path = resources.files("voiceagent.speech.constrained").joinpath("weights", f"{language}.npz")
    assert len(path.read_bytes()) <= 2**20


def test_a_better_fit_a_larger_share_and_agreement_never_lower_the_confidence():
    scale = shipped_calibration()
    assert scale is not None
    answer = answered("", "amount", -0.5, 0.9)
    base = checked(scale, answer, 20.0, 0.5)
    assert 0.0 <= base <= 1.0
    assert checked(scale, replace(answer, fit=-0.1), 20.0, 0.5) >= base
    assert checked(scale, replace(answer, share=0.99), 20.0, 0.5) >= base
    assert checked(scale, answer, 20.0, 1.0) >= base
    assert checked(scale, answer, 5.0, 0.5) <= base
    assert checked(scale, answer, 20.0, 0.5, -0.1) >= base >= checked(scale, answer, 20.0, 0.5, -4.0)
    same, worse = (scale.confidence_again(answer, 20.0, replace(answer, fit=fit), True) for fit in (-0.2, -1.5))
    assert same >= worse >= scale.confidence_again(answer, 20.0, answer, False)
    assert worse == scale.confidence_again(replace(answer, fit=-1.5), 20.0, answer, True)
    assert same >= scale.confidence_again(answer, 20.0, replace(answer, fit=-0.2, share=0.5), True)


def answered(text: str, kind: str, fit: float, share: float) -> Answer:
    """An answer without rivals worth telling."""
    return Answer(text, kind, kind, text, fit, share, ())


def checked(scale: Calibration, answer: Answer, snr_db: float, agrees: float, behind: float = -1.0) -> float:
    """The confidence after the decoder, in an answer that was heard once."""
    return scale.confidence_checked(repeated(answer, snr_db, None, False), agrees, behind)


def test_without_weights_there_is_no_judge():
    assert Judge.of("xx") is None


def test_a_sure_value_needs_no_second_opinion():
    context = HearingContext("pt-BR", ("amount",), (), "2026-11-18")
    heard = judge_hearing("duzentos e cinquenta reais").decide(QUIET, STATES, context, never, never, never)
    assert heard.text == "duzentos e cinquenta reais"
    assert heard.confidence >= 0.98


def hearing_twice(first: str, second: str) -> tuple[Judge, Any]:
    """A judge whose head hears `first` in the turn and `second` in its other hearings, and the states of those."""

    def head(states: np.ndarray) -> np.ndarray:
        return posteriors(second if states[0, 0] else first, "pt-BR", random.Random(5), 0.6)

    stand_in: Any = head
    return Judge(stand_in, SCALE), lambda hearing: np.full((1, 512), hearing, np.float32)


def noisy_turn() -> np.ndarray:
    """Two seconds with 11 dB between speech and noise."""
    time = np.arange(16000) / 8000
    speech = np.where((time > 0.4) & (time < 1.6), np.sin(2 * np.pi * 300 * time) * 0.3, 0.0)
    noise = np.random.default_rng(2).normal(0, 0.06, time.size)
    return (speech + noise).astype(np.float32)


def test_on_a_noisy_line_what_is_heard_twice_is_believed_without_the_decoder():
    judge, again = hearing_twice("duzentos e cinquenta reais", "duzentos e cinquenta reais")
    context = HearingContext("pt-BR", ("amount",), (), "2026-11-18")
    heard = judge.decide(noisy_turn(), STATES, context, never, again)
    assert (heard.text, heard.reason) == ("duzentos e cinquenta reais", "")


def test_on_a_noisy_line_what_is_heard_in_two_ways_is_not_believed():
    judge, again = hearing_twice("dia treze", "dia três")
    context = HearingContext("pt-BR", ("date",), (), "2026-11-18")
    for free in ("dia 13", "dia 23"):
        heard = judge.decide(noisy_turn(), STATES, context, writing(free, 0.0), again)
        assert heard.reason == "low_confidence"


def test_other_words_are_not_heard_twice():
    context = HearingContext("pt-BR", ("amount",), (), "2026-11-18")
    judge = judge_hearing("quero falar com um atendente")
    assert judge.decide(QUIET, STATES, context, writing("quero"), never).text == "quero"


@pytest.mark.parametrize(("second", "text", "reason"), [("dia doze", "dia doze", ""), ("dia vinte", "diadose", "")])
def test_on_a_quiet_line_a_strange_voice_is_heard_a_second_time(second, text, reason):
    shy = replace(SCALE, alone=(0.0, 4.0, 0.2, -0.5))
    judge, again = hearing_twice("dia doze", second)
    context = HearingContext("pt-BR", ("date",), (), "2026-11-18")
    asked: list[int] = []
    heard = Judge(judge.head, shy).decide(
        QUIET, STATES, context, writing("diadose"), lambda hearing: asked.append(hearing) or again(hearing)
    )
    assert (heard.text, heard.reason) == (text, reason)
    assert asked == [SECOND]


def test_words_that_the_decoder_would_as_soon_have_written_are_believed():
    context = HearingContext("pt-BR", ("date",), (), "2026-11-18")
    judge = Judge(judge_hearing("amanhã", noise=0.3).head, replace(SCALE, alone=(-4.0, 4.0, 0.2, -0.5)))
    texts: list[str] = []

    def decode(said: str, behind: float) -> tuple[Hypothesis, float]:
        texts.append(said)
        return Hypothesis("A manhame.", 0.8), behind

    heard = [
        judge.decide(QUIET, STATES, context, lambda said, behind=behind: decode(said, behind))
        for behind in (-0.2, -4.0)
    ]
    assert [hypothesis.text for hypothesis in heard] == ["amanhã", "A manhame."]
    assert texts == ["amanhã", "amanhã"]


@pytest.mark.parametrize(
    ("free", "asked", "reason"),
    [
        ("Um, um, dois.", None, "low_confidence"),
        ("Do is.", None, ""),
        ("Um dois.", (1, 2), "low_confidence"),
        # That many were not asked for, so none of them can be lost.
        ("Um dois.", (1, 1), ""),
    ],
)
def test_digits_of_which_the_decoder_reads_more_are_asked_again(free, asked, reason):
    shy = Judge(judge_hearing("dois", noise=0.3).head, replace(SCALE, alone=(-4.0, 4.0, 0.2, -0.5)))
    context = HearingContext("pt-BR", ("digits",), (), "2026-11-18", asked)
    heard = shy.decide(QUIET, STATES, context, writing(free, 0.0))
    assert (heard.text, heard.reason) == (free if reason else "dois", reason)


def test_a_repetition_counts_only_for_the_same_value_and_by_the_better_fit():
    first, second = answered("dia doze", "date", -0.8, 1.0), answered("dia doze", "date", -0.2, 1.0)
    alone = repeated(first, 10.0, None, False)
    both = repeated(first, 10.0, second, True)
    assert (alone[SAME], both[SAME]) == (0.0, 1.0)
    assert both[1] == repeated(second, 10.0, first, True)[1] == -0.2 > alone[1]
    assert repeated(first, 10.0, second, False) == repeated(first, 10.0, None, True) == alone
    assert repeated(first, 10.0, replace(second, reads="amount"), True) == alone


def rivalled(said: str, fit: float = -1.0, **behind: float) -> Answer:
    """An answer with others so far behind it."""
    rivals = tuple(Rival(text, text, far) for text, far in behind.items())
    return replace(answered(said, "date", fit, 0.9), value=said, rivals=rivals)


@pytest.mark.parametrize(
    ("second", "third", "believed"),
    [
        # 3 + 5 + 6 behind, 1 + 8 + 8 behind: no other is near in all of them.
        (rivalled("três", seis=5.0), rivalled("três", seis=6.0), True),
        (rivalled("três", seis=2.0), rivalled("três", seis=6.0), False),
        (rivalled("treze", três=0.1), rivalled("três"), False),
        (rivalled("três"), rivalled("treze", três=0.1), False),
        (rivalled("três"), None, False),
        # The middle one of their fits counts.
        (rivalled("três", fit=-2.0), rivalled("três"), True),
        (rivalled("três", fit=-2.0), rivalled("três", fit=-2.0), False),
    ],
)
def test_an_answer_is_carried_where_all_hearings_give_it_and_no_other_is_near_in_all(second, third, believed):
    assert carried(rivalled("três", treze=1.0, seis=3.0), [second, third], False) is believed


@pytest.mark.parametrize(
    ("kind", "said", "counted", "believed"),
    [
        ("date", "três", False, True),
        # One may be lost in each hearing, and of few of them all may be others ("nove um" for "oito um").
        ("digits", "633", False, False),
        ("digits", "63", True, False),
        ("digits", "633", True, True),
    ],
)
def test_digits_are_carried_only_as_many_as_were_asked_for(kind, said, counted, believed):
    answer = replace(rivalled(said), kind=kind, value=((("digits", said),), ()))
    assert carried(answer, [answer, answer], counted) is believed


@pytest.mark.parametrize(
    ("hearings", "free", "certainty", "text"),
    [
        (("dia doze", "dia doze"), "diadose", 0.9, "dia doze"),
        (("dia doze", "dia vinte"), "diadose", 0.9, "diadose"),
        # Another day in the decoder's words; two days are none where it mumbles.
        (("dia doze", "dia doze"), "dia vinte", 0.9, "dia vinte"),
        (("dia doze", "dia doze"), "dia vinte", 0.3, "dia vinte"),
        (("dia doze", "dia doze"), "dia vinte ou dia treze", 0.9, "dia vinte ou dia treze"),
        (("dia doze", "dia doze"), "dia vinte ou dia treze", 0.3, "dia doze"),
    ],
)
def test_what_nothing_else_makes_believable_is_heard_a_third_time(hearings, free, certainty, text):
    said = dict(zip((SECOND, THIRD), hearings, strict=True))

    def head(states: np.ndarray) -> np.ndarray:
        return posteriors(said.get(int(states[0, 0]), "dia doze"), "pt-BR", random.Random(5), 0.6)

    stand_in: Any = head
    doubtful = replace(SCALE, alone=(0.0, 0.0, 0.0, 0.0), again=(0.0,) * 5, checked=(0.0,) * 7)
    context = HearingContext("pt-BR", ("date",), (), "2026-11-18")
    asked: list[int] = []

    def again(hearing: int) -> np.ndarray:
        asked.append(hearing)
        return np.full((1, 512), hearing, np.float32)

    heard = Judge(stand_in, doubtful).decide(QUIET, STATES, context, writing(free, certainty=certainty), again)
    assert (heard.text, heard.reason) == (text, "" if text == "dia doze" or free == "diadose" else "low_confidence")
    assert asked == ([SECOND] if text.startswith("dia vinte") else [SECOND, THIRD])
    if text == "dia doze":
        assert heard.confidence == doubtful.enough("checked", "date", 40.0)


def test_a_rival_that_either_hearing_hears_keeps_the_value_from_being_sure():
    scale = shipped_calibration()
    assert scale is not None
    first = answered("vinte e sete", "date", -0.1, 0.999)
    assert scale.confidence_again(first, 16.0, replace(first, share=0.7), True) <= 0.7
    assert scale.confidence_again(replace(first, share=0.7), 16.0, first, True) <= 0.7


@pytest.mark.parametrize(
    ("heard", "more"),
    [
        ("cinco ocho", False),
        ("cinco cho ocho", True),
        ("cinco a ocho", False),
        ("cin ocho", False),
        ("cinco ocho aja", False),  # a breath behind it is no digit said twice
    ],
)
def test_a_consonant_of_theirs_more_than_was_said_is_noticed(heard, more):
    logs = posteriors(heard, "es", random.Random(5), 0.3)
    assert more_heard(logs, labels("cinco ocho", "es") or [], "es") is more


def test_digits_that_leave_a_consonant_unexplained_take_a_decoder_that_means_the_same():
    scale = shipped_calibration()
    assert scale is not None
    whole = answered("cinco ocho cinco", "digits", 0.0, 1.0)
    lacking = replace(whole, unexplained=True)
    assert scale.confidence(whole, 40.0) >= scale.enough("alone", "digits", 40.0) > scale.confidence(lacking, 40.0)
    assert agreement("cinco ocho ocho cinco", False, whole, "es") > 0.0
    assert agreement("cinco ocho ocho cinco", False, lacking, "es") == 0.0
    assert (
        scale.confidence_again(lacking, 16.0, lacking, True) <= 0.9 < scale.confidence_again(lacking, 16.0, whole, True)
    )
    decoder = repeated(lacking, 40.0, lacking, True)
    confirmed, denied = (scale.confidence_checked(decoder, agrees, -0.2) for agrees in (1.0, 0.0))
    assert confirmed >= scale.enough("checked", "digits", 40.0) and denied <= 0.9


def test_a_strange_voice_is_believed_where_the_decoder_means_the_same_but_other_words_are_not():
    scale = shipped_calibration()
    assert scale is not None
    strange, other = (answered("não", "yes_no", fit, 1.0) for fit in (-2.2, -5.0))
    both = repeated(strange, 40.0, strange, True)
    takes = scale.enough("checked", "yes_no", 40.0)
    assert scale.confidence_checked(both, 1.0, -0.1) >= takes > scale.confidence_checked(both, 0.5, -2.0)
    assert checked(scale, other, 40.0, 1.0, -3.0) < takes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("snr_db", [15.0, 40.0])
def test_where_no_other_value_is_near_kinds_of_few_values_take_less(kind, snr_db):
    scale = shipped_calibration()
    assert scale is not None
    rows = [repeated(answered("x", kind, -1.0, share), snr_db, None, False) for share in (0.999, 1.0)]
    beside_another, alone_near = (scale.enough_checked(kind, snr_db, row, counted=False) for row in rows)
    assert beside_another == scale.enough("checked", kind, snr_db)
    assert (alone_near < beside_another) == (kind in ("date", "instalments", "time", "yes_no"))
    counted = scale.enough_checked(kind, snr_db, rows[1], counted=True)
    assert counted < beside_another if kind == "digits" else counted == alone_near


@pytest.mark.parametrize(("asked", "believed"), [((3, 3), True), ((2, 8), False), (None, False)])
def test_a_number_of_the_length_that_was_asked_for_is_believed_where_no_other_is_near(asked, believed):
    apart = {name: {"digits": 0.3} for name in ("apart", "apart_noisy")}
    scale = replace(SCALE, alone=(-3.0, 0.0, 0.0, 0.0), checked=(0.0,) * 7, takes={**SCALE.takes, **apart})
    judge = replace(judge_hearing("oito oito oito"), calibration=scale)
    assert (decided(judge, "Oi.", "digits", digits=asked).text == "oito oito oito") is believed


@pytest.mark.parametrize(
    ("expect", "certainty", "phrases", "doubted"),
    [
        (("digits",), 0.3, (), True),
        (("digits",), 0.6, (), False),
        (("intent", "digits"), 0.3, (), False),
        (("digits",), 0.3, ("oito oito oito",), False),
    ],
)
def test_words_that_the_decoder_mumbles_are_doubted_where_nothing_but_a_value_was_asked_for(
    expect, certainty, phrases, doubted
):
    scale = replace(SCALE, alone=(-3.0, 0.0, 0.0, 0.0), checked=(-3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    judge = replace(judge_hearing("oito oito oito"), calibration=scale)
    heard = decided(judge, "E não entrei.", *expect, phrases=phrases, certainty=certainty)
    assert (heard.reason == "low_confidence") is doubted


@pytest.mark.parametrize(("expect", "intent"), [("amount", None), ("intent", "legal_insolvency")])
def test_what_doubtful_words_only_resemble_was_not_said_where_a_value_was_asked_for(expect, intent):
    meant = understand("E não entrei.", language="pt-BR", region="BR", expect=(expect,), today=TODAY, doubtful=True)
    assert meant.intent == intent
    dead = understand("ele faleceu", language="pt-BR", region="BR", expect=(expect,), today=TODAY, doubtful=True)
    assert dead.intent == "deceased"


@pytest.mark.parametrize("reason", ["", "loop"])
def test_words_that_went_in_circles_are_doubted_where_a_value_was_heard(reason):
    scale = replace(SCALE, alone=(-3.0, 0.0, 0.0, 0.0), checked=(-3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    judge = replace(judge_hearing("oito oito oito"), calibration=scale)
    heard = decided(judge, "Oi,", "digits", reason=reason)
    assert (heard.text, heard.reason) == ("Oi,", "low_confidence" if reason else "")


@pytest.mark.parametrize(("free", "believed"), [("Maniama", True), ("ontem", False), ("25", False)])
def test_what_stands_alone_is_not_believed_sooner_where_the_decoder_writes_another_value(free, believed):
    apart = {name: {"date": 0.3} for name in ("apart", "apart_noisy")}
    scale = replace(SCALE, alone=(-3.0, 0.0, 0.0, 0.0), checked=(0.0,) * 7, takes={**SCALE.takes, **apart})
    judge = replace(judge_hearing("amanhã"), calibration=scale)
    assert (decided(judge, free, "date").text == "amanhã") is believed


@pytest.mark.parametrize(
    ("free", "certainty", "behind", "reason", "believed"),
    [
        ("Não.", 0.8, -0.1, "", True),
        ("Não.", 0.5, -0.1, "", False),
        ("Não.", 0.8, -2.0, "", False),
        ("Não.", 0.8, -0.1, "loop", False),
        ("Nem.", 0.8, -0.1, "", False),
    ],
)
def test_a_no_that_sounds_strange_is_believed_where_the_decoder_writes_it_plainly(
    free, certainty, behind, reason, believed
):
    judge, context = judge_hearing("não", noise=3.0), HearingContext("pt-BR", ("yes_no",), (), "2026-11-18")
    answer = listen(judge.head(STATES), "pt-BR", ["yes_no"], (), TODAY)
    assert answer is not None and answer.text == "não" and answer.fit < -1.5
    strict = replace(judge, calibration=replace(SCALE, checked=(-9.0, 4.0, 0.2, -0.5, 3.0, 3.0, 2.0)))
    heard = strict.decide(QUIET, STATES, context, lambda said: (Hypothesis(free, certainty, reason=reason), behind))
    assert (heard.text == "não") is believed


def test_words_that_sound_the_same_are_never_sure_without_the_decoder():
    logs = posteriors("by", "en", random.Random(5), 0.3)
    answer = listen(logs, "en", [], ("by", "buy"), date(2026, 11, 18))
    assert answer is not None and answer.text in ("by", "buy")
    assert answer.share < 0.6
    scale = shipped_calibration()
    assert scale is not None
    assert scale.confidence(answer, 40.0) <= answer.share
    assert scale.confidence_again(answer, 10.0, answer, True) <= answer.share
    both = repeated(answer, 40.0, answer, True)
    assert scale.confidence_checked(both, 1.0, 0.0) > 0.9 > answer.share >= scale.confidence_checked(both, 0.8, 0.0)


def test_rivals_are_other_values_nearest_first():
    answer = listen(posteriors("nove oito nove", "pt-BR", random.Random(5), 0.6), "pt-BR", ["digits"], (), TODAY)
    assert answer is not None and answer.text == "nove oito nove"
    assert len({rival.value for rival in answer.rivals} | {answer.value}) == len(answer.rivals) + 1 > 3
    assert all(rival.value == value_of(rival.text, "digits", "pt-BR", TODAY) for rival in answer.rivals)
    assert [rival.behind for rival in answer.rivals] == sorted(rival.behind for rival in answer.rivals)
    assert answer.rivals[0].behind > 0


def test_more_words_are_the_same_ones_in_order_and_others():
    assert says_more("dia trinta e um", "dia trinta")
    assert says_more("cento e um reais", "cento reais")
    assert not says_more("dia trinta", "dia trinta")
    assert not says_more("trinta dia e um", "dia trinta")
    assert not says_more("dia vinte e um", "dia trinta")


def test_the_um_of_a_date_is_lost_where_the_decoder_likes_it():
    text, longer, unlike = "dia trinta", "dia trinta e um", "dia vinte e um"
    near, other = (
        Rival(rival, value_of(rival, "date", "pt-BR", TODAY), behind)
        for rival, behind in ((longer, 6.5), (unlike, 0.5))
    )
    value = value_of(text, "date", "pt-BR", TODAY)
    answer = replace(answered(text, "date", -0.1, 1.0), value=value, rivals=(other, near))
    for ahead, lost in ((0.5, True), (4.0, False)):
        scores = {text: -10.0, longer: -10.0 - ahead}
        assert word_lost(answer, lambda texts, scores=scores: [scores[said] for said in texts]) is lost
    assert not word_lost(replace(answer, rivals=(other,)), never)


@pytest.mark.parametrize(
    ("rival", "behind", "ahead", "lost"),
    [
        ("nove um oito nove", 6.5, 1.0, True),
        ("nove um oito nove", 6.5, 3.0, False),
        ("nove um oito nove", 0.1, 3.0, True),
        ("nove um oito nove", 9.0, -9.0, False),  # too far away to be asked about
        ("nove oito", 2.0, -9.0, False),
        ("nove oito dois", 2.0, -9.0, False),
    ],
)
def test_a_digit_is_lost_where_the_decoder_likes_one_more(rival, behind, ahead, lost):
    text = "nove oito nove"
    near = Rival(rival, value_of(rival, "digits", "pt-BR", TODAY), behind)
    value = value_of(text, "digits", "pt-BR", TODAY)
    answer = replace(answered(text, "digits", -0.1, 1.0), value=value, rivals=(near,))
    scores = {text: -10.0, rival: -10.0 - ahead}
    assert word_lost(answer, lambda texts: [scores[said] for said in texts]) is lost
    assert not word_lost(replace(answer, rivals=()), never)


@pytest.mark.parametrize(("liked", "reason"), [("nove oito nove", ""), ("nove um oito nove", "low_confidence")])
def test_a_digit_that_melted_away_is_missed_by_the_decoder(liked, reason):
    judge, again = hearing_twice("nove oito nove", "nove oito nove")
    context = HearingContext("pt-BR", ("digits",), (), "2026-11-18")

    def compare(texts: Sequence[str]) -> list[float]:
        return [-8.0 if text == liked else -16.0 for text in texts]

    heard = judge.decide(noisy_turn(), STATES, context, writing("989", 0.0), again, compare)
    assert (heard.text, heard.reason) == ("989" if reason else "nove oito nove", reason)


def melting(said: str, phone: str, by: float) -> np.ndarray:
    """Log probabilities of `said` in which the phone is so much less likely than silence."""
    logs = posteriors(said, "pt-BR", random.Random(5), 0.3)
    place = INVENTORY["pt-BR"].index(phone) + 1
    there = np.flatnonzero(logs.argmax(axis=1) == place)
    assert there.size
    logs[there, 0] = logs[there, place] + by / there.size
    return logs


@pytest.mark.parametrize(
    ("asked", "by", "heard"),
    [
        (None, 4.0, "dois nove"),
        ((2, 2), 4.0, "dois nove"),
        ((3, 3), 4.0, "dois um nove"),
        ((3, 11), 4.0, "dois um nove"),
        # So clearly only two were said.
        ((3, 3), 10.0, "dois nove"),
    ],
)
def test_a_number_that_is_asked_for_has_as_many_digits_unless_it_is_clear(asked, by, heard):
    answer = listen(melting("dois um nove", "U", by), "pt-BR", ["digits"], (), TODAY, asked)
    assert answer is not None and answer.text == heard


@pytest.mark.parametrize(("asked", "text", "reason"), [(None, "dois nove", ""), ((3, 3), "29", "low_confidence")])
def test_a_number_with_fewer_digits_than_were_asked_for_is_asked_again(asked, text, reason):
    context = HearingContext("pt-BR", ("digits",), (), "2026-11-18", asked)
    heard = judge_hearing("dois nove").decide(QUIET, STATES, context, writing("29", 0.0))
    assert (heard.text, heard.reason) == (text, reason)


def test_more_digits_than_were_asked_for_are_heard_where_they_are_clear():
    logs = posteriors("dois sete nove", "pt-BR", random.Random(5))
    answer = listen(logs, "pt-BR", ["digits"], (), TODAY, (2, 2))
    assert answer is not None and answer.text == "dois sete nove"


@pytest.mark.parametrize("said", ["two zero", "two zero oh", "oh oh seven", "six six seven"])
def test_a_vowel_that_is_begun_anew_is_a_word_more(said):
    answer = listen(posteriors(said, "en", random.Random(5), 0.3), "en", ["digits"], (), date(2026, 11, 18))
    assert answer is not None and answer.text == said
    assert answer.share > 0.98


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("date", "dia dez", 0),
        ("date", "ah dia dez", 1),
        ("date", "não dia dez tá", 2),
        ("digits", "é três tá", 2),
        ("yes_no", "não quero", 0),
        ("yes_no", "tá bom", 0),
        ("yes_no", "ah tá bom", 1),
        ("instalments", "à vista obrigado", 1),
    ],
)
def test_what_stands_around_an_answer_makes_it_less_likely_and_fits_as_well(kind, said, words):
    found = Found(tuple(said.split()), -1.0, 5)
    assert _surplus(found, kind, "pt-BR") == words * _SURPLUS
    answer = listen(posteriors(said, "pt-BR", random.Random(5), 0.1), "pt-BR", [kind], (), TODAY)
    assert answer is not None and (answer.text, round(answer.fit, 1)) == (said, 0.0)


def test_noise_is_held_down_and_speech_is_kept():
    turn = noisy_turn()
    made = denoised(turn)
    assert made.shape == turn.shape
    between, words = slice(0, 2400), slice(4000, 12000)
    assert np.std(made[between]) < np.std(turn[between]) * 10 ** (-10 / 20)
    assert np.std(made[words]) == pytest.approx(np.std(turn[words]), rel=0.25)
    assert signal_to_noise(made) > signal_to_noise(turn) + 8


def test_the_second_hearing_is_without_noise_and_both_are_slower():
    turn = noisy_turn()
    second, third = changed(turn, SECOND), changed(turn, THIRD)
    assert (second.size, third.size) == (int(turn.size / 0.92), int(turn.size / 0.85))
    assert signal_to_noise(second) > signal_to_noise(turn) + 8 > signal_to_noise(third)
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 8000).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(slowed(tone, 0.92)))
    assert np.argmax(spectrum) * 8000 / second.size == pytest.approx(920, abs=1)


def test_silence_and_a_click_survive_noise_reduction():
    assert not slowed(QUIET, 0.85).any()
    assert np.array_equal(denoised(QUIET), QUIET)
    click = np.full(80, 0.5, np.float32)
    assert np.array_equal(denoised(click), click)


def test_an_open_question_leaves_the_decoder_in_charge_of_values():
    heard = decided(judge_hearing("duzentos e cinquenta reais"), "eu queria saber quem fala", "intent", "amount")
    assert heard.text == "eu queria saber quem fala"
    agreed = decided(judge_hearing("duzentos e cinquenta reais"), "R$ 250,00", "intent", "amount")
    assert agreed.text == "duzentos e cinquenta reais"


@pytest.mark.parametrize(
    ("said", "free", "text"),
    [
        ("pago dia dez", "Já paguei dia 10.", "Já paguei dia 10."),
        ("pago dia dez", "Já paguei dia 10/12.", "pago dia dez"),  # another day in another country
        ("pago dia dez", "Pago dia 10.", "pago dia dez"),
    ],
)
def test_an_open_question_keeps_words_that_hold_the_same_values_and_more(said, free, text):
    heard = decided(judge_hearing(said, noise=0.1), free, "intent", "date", "amount")
    assert (heard.text, heard.reason) == (text, "")


@pytest.mark.parametrize(("second", "text"), [("amanhã", "amanhã"), ("hoje", "Amanham.")])
def test_an_open_question_is_heard_again_where_the_decoder_writes_other_words(second, text):
    judge, again = hearing_twice("amanhã", second)
    context = HearingContext("pt-BR", ("intent", "date"), (), "2026-11-18")
    shy = replace(SCALE, checked=(1.0, 4.0, 0.2, -0.5, 3.0, 1.0, 0.0))
    heard = Judge(judge.head, shy).decide(QUIET, STATES, context, writing("Amanham.", -0.2), again)
    assert heard.text == text


def test_a_value_that_is_not_confirmed_is_doubtful_and_gives_nothing():
    heard = decided(judge_hearing("trezentos reais"), "pago 200 reais", "intent", "amount")
    assert heard.reason == "low_confidence"
    meant = understand(
        heard.text, alternatives=heard.alternatives, language="pt-BR", region="BR", expect=("intent", "amount"),
        today=date(2026, 11, 18), doubtful=True,
    )  # fmt: skip
    assert (meant.intent, meant.slots, meant.alternatives) == (None, {}, ())


def test_other_words_are_never_forced_into_a_value():
    heard = decided(judge_hearing("quero falar com um atendente"), "Quero falar com um atendente.", "amount")
    assert heard.text == "Quero falar com um atendente."
    assert heard.reason == ""
    assert all(score <= 0.7 for _, score in heard.alternatives)


def test_a_yes_under_a_question_for_an_amount_is_no_amount():
    heard = decided(judge_hearing("sim"), "cem", "amount")
    assert heard.reason == "low_confidence"


@pytest.mark.parametrize("asked", ["date", "amount", "digits", "instalments", "yes_no"])
def test_who_does_not_know_has_given_no_answer(asked):
    heard = decided(judge_hearing("não sei", noise=0.3), "Não seis.", asked)
    assert heard.text == "Não seis."
    assert not any(text.split()[-1] == "seis" and score > 0.5 for text, score in heard.alternatives)
    meant = understand(
        heard.text, alternatives=heard.alternatives, language="pt-BR", region="BR", expect=(asked,),
        today=date(2026, 11, 18), doubtful=heard.reason == "low_confidence",
    )  # fmt: skip
    assert not meant.slots


def test_a_plain_yes_and_a_phrase_are_heard_through_a_bad_decode():
    assert decided(judge_hearing("sim"), "Saying it.", "intent", "yes_no").text == "sim"
    phrases = ("Quero parcelar.", "Já paguei.")
    heard = decided(judge_hearing("já paguei"), "Japa gay.", "intent", phrases=phrases)
    assert (heard.text, heard.alternatives[0][0]) == ("Já paguei.", "Já paguei.")


def test_stops_are_understood_even_when_the_words_are_doubtful():
    meant = understand(
        "ele faleceu", language="pt-BR", region="BR", expect=("intent",), today=date(2026, 11, 18), doubtful=True
    )
    assert meant.intent == "deceased"
    consent = understand(
        "sim aceito", language="pt-BR", region="BR", expect=("yes_no",), today=date(2026, 11, 18), doubtful=True
    )
    assert (consent.intent, consent.slots) == (None, {})


def test_the_same_words_as_a_phrase_and_as_answers_are_no_rivals():
    logs = posteriors("à vista", "pt-BR", random.Random(5), 0.1)
    answer = listen(logs, "pt-BR", ["instalments", "amount", "yes_no"], ["à vista", "parcelado"], date(2026, 11, 18))
    assert answer is not None
    assert (answer.text, answer.kind, answer.reads) == ("à vista", PHRASE, "instalments")
    assert answer.share > 0.9 and "ah à vista" not in dict(answer.others)


def test_a_decoder_that_writes_the_same_otherwise_is_no_doubt_of_what_was_sure():
    scale = shipped_calibration()
    assert scale is not None
    judge = Judge(judge_hearing("dia vinte e cinco", noise=0.1).head, scale)
    alone = judge.decide(QUIET, STATES, HearingContext("pt-BR", ("date",), (), "2026-11-18"), writing("", -9.0))
    assert alone.text == "dia vinte e cinco"
    heard = judge.decide(
        QUIET, STATES, HearingContext("pt-BR", ("intent", "date"), (), "2026-11-18"), writing("dia 25", -3.0)
    )
    assert (heard.text, heard.reason) == ("dia vinte e cinco", "")
    assert heard.confidence >= alone.confidence


def test_agreement_is_meaning_or_sound():
    answer = answered("dia doze", "date", -0.1, 1.0)
    assert agreement("12", True, answer, "pt-BR") == 1.0
    assert agreement("dia doce", False, answer, "pt-BR") > agreement("dia doido", False, answer, "pt-BR")
    assert agreement("quero falar", False, answer, "pt-BR") == 0.0


@pytest.mark.parametrize("snr_db", [10.0, 15.0, 25.0])
def test_the_noise_of_a_line_is_estimated(snr_db):
    chance = np.random.default_rng(2)
    time = np.arange(16000) / 8000
    speech = np.where((time > 0.6) & (time < 1.4), np.sin(2 * np.pi * 300 * time) * 0.3, 0.0)
    noise = chance.normal(0, 0.3 / np.sqrt(2) * 10 ** (-snr_db / 20), time.size)
    assert signal_to_noise((speech + noise).astype(np.float32)) == pytest.approx(snr_db, abs=3.0)


def test_a_scale_learns_what_separates_right_from_wrong():
    chance = np.random.default_rng(4)
    rows = np.column_stack([np.ones(400), chance.normal(size=400)])
    right = (rows[:, 1] + 0.5 * chance.normal(size=400) > -1).astype(float)
    weights = fit_logistic(rows, right)
    expected = 1 / (1 + np.exp(-rows @ weights))
    assert weights[1] > 1
    assert expected.mean() == pytest.approx(right.mean(), abs=0.02)


def test_the_slopes_of_training_are_those_of_its_loss():
    chance = np.random.default_rng(0)
    weights = {name: value.astype(np.float64) for name, value in fresh_weights(6, 5, chance).items()}
    spans, texts = [(4, 16), (20, 34)], [[1, 2, 2], [3, 4]]
    inside = np.zeros(40, bool)
    for begin, end in spans:
        inside[begin:end] = True
    inputs = chance.normal(size=(40, 6)) * inside[:, None]

    def loss() -> float:
        return ctc(forward(weights, inputs, inside, 0.0, chance).logs, spans, texts)[0]

    run = forward(weights, inputs, inside, 0.0, chance)
    grads = backward(weights, run, ctc(run.logs, spans, texts)[1], inside)
    for name, grad in grads.items():
        at = tuple(int(chance.integers(0, size)) for size in weights[name].shape)
        kept = weights[name][at]
        weights[name][at] = kept + 1e-5
        above = loss()
        weights[name][at] = kept - 1e-5
        below = loss()
        weights[name][at] = kept
        assert (above - below) / 2e-5 == pytest.approx(grad[at], rel=1e-3, abs=1e-6), name


def test_the_calibration_names_what_every_kind_takes():
    scale = shipped_calibration()
    assert scale is not None
    asked = {f"{asked}{line}" for asked in ASKED for line in ("", "_noisy")}
    few = {"apart", "apart_noisy"}
    assert set(scale.takes) == asked | few
    assert all(set(scale.takes[name]) == set(KINDS) for name in asked)
    assert all(set(scale.takes[name]) == {"date", "digits", "instalments", "time", "yes_no"} for name in few)
    assert all(0.8 <= taken < 1 for name in asked for taken in scale.takes[name].values())
    assert scale.takes["apart"]["yes_no"] >= 0.8
    assert all(0.5 <= scale.takes["apart"][kind] <= scale.takes["apart_noisy"][kind] for kind in scale.takes["apart"])
