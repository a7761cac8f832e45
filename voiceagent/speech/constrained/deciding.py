"""One turn's verdict: the sure answer, or Whisper's own words, and whether a value in those may be believed.

An open question ("intent") leaves Whisper's words in charge: an answer of the grammars replaces them only when both
mean or sound the same. Where nothing but values was asked for, a sure answer needs no second opinion, and a value that
the grammars do not confirm is not believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.head import Head, head_of
from voiceagent.speech.constrained.hearings import SECOND, THIRD
from voiceagent.speech.constrained.judging import (
    Calibration,
    agreement,
    carried,
    repeated,
    shipped_calibration,
    signal_to_noise,
    word_lost,
)
from voiceagent.speech.constrained.listening import (
    DIGITS,
    PHRASE,
    Answer,
    digits_in,
    fits,
    holds_value,
    listen,
    plain_words,
    reads_as,
    value_of,
)
from voiceagent.speech.protocol import HearingContext, Hypothesis

#: Always listened for: "sim" must not become "cem".
_BESIDE = "yes_no"
#: Below this fit nothing that was said resembles an answer.
_OTHER_WORDS = -2.2
_NOISY_DB = 18.0
_NO_VALUE = 0.7
_DENIED = 0.5
#: A phrase with this fit is as likely said as not.
_EVEN, _STEEP = -1.1, 4.0
#: Numbers that are read otherwise in another country.
_SEPARATED = re.compile(r"\d[.,/-]\d")
#: Under a closed question words of which the decoder is less certain are as likely a badly heard value.
_MUMBLED = 0.4
#: The decoder writes a yes, a no or a phrase plainly where it is so certain of its words and likes no others better.
_PLAIN, _AT_ONCE = 0.6, -0.5
#: Digits of a number of which nobody knows how many it has.
_ANY = 99
_LOW, _LOOP = "low_confidence", "loop"


@dataclass(frozen=True, slots=True)
class Judge:
    """What is needed to listen for sure answers in one language."""

    head: Head
    calibration: Calibration

    @classmethod
    def of(cls, language: str) -> Judge | None:
        """None where no head was trained."""
        head, calibration = head_of(language), shipped_calibration()
        return cls(head, calibration) if head is not None and calibration is not None else None

    def decide(
        self,
        samples: NDArray[np.float32],
        states: NDArray[np.float32],
        context: HearingContext,
        decode: Callable[[str], tuple[Hypothesis, float]],
        again: Callable[[int], NDArray[np.float32]] | None = None,
        compare: Callable[[Sequence[str]], Sequence[float]] | None = None,
    ) -> Hypothesis:
        """What was heard.

        Only when the head alone is not sure enough, `again` is asked for the encoder states of the turn changed as
        `hearings.changed` does for that hearing, then `decode` for Whisper's own words and how far the answer's stay
        behind them (`Whisper.beside`), at the last `again` for a third hearing. An answer near which one of more words
        is the decoder compares with that, however sure it is (`compare`, as `Whisper.compared`).
        """
        language = context.language
        today = date.fromisoformat(context.today) if context.today else date.today()
        kinds = [kind for kind in context.expect if kind in kinds_of(language)]
        logs = self.head(states)
        answer = listen(logs, language, [*kinds, _BESIDE], context.phrases, today, context.digits)
        snr_db = signal_to_noise(samples)
        wanted = answer is not None and (answer.kind in kinds or answer.kind == PHRASE)
        is_open = len(kinds) < len(context.expect)
        scale = self.calibration
        alone = scale.confidence(answer, snr_db) if answer is not None else 0.0
        # A phrase is as short as a yes or no.
        kind = answer.kind if answer is not None and answer.kind in kinds else _BESIDE
        sure = wanted and alone >= scale.enough("alone", kind, snr_db)
        repeats = answer is not None and wanted and again is not None and scale.worth_repeating(answer, snr_db)
        second: Answer | None = None
        contradicted = False

        def heard_anew(hearing: int) -> Answer | None:
            if again is None:
                return None
            logs = self.head(again(hearing))
            return listen(logs, language, [*kinds, _BESIDE], context.phrases, today, context.digits)

        if answer is not None and repeats and not sure:
            second = heard_anew(SECOND)
            contradicted = second is None or second.value != answer.value
            alone = scale.confidence_again(answer, snr_db, second, not contradicted)
            sure = not contradicted and alone >= scale.enough("again", kind, snr_db)
        if answer is not None and wanted and not contradicted and compare is not None and word_lost(answer, compare):
            sure, contradicted = False, True
        fewest, most = context.digits or (0, _ANY)
        if answer is not None and wanted and 0 < digits_in(answer.value) < fewest:
            sure, contradicted = False, True
        # Words that fill the whole turn this well were said, whatever the decoder would write; a value takes both.
        if answer is not None and sure and (not is_open or answer.kind in (PHRASE, _BESIDE)):
            return _accepted(answer, alone)
        heard, behind = decode(answer.text if answer is not None and wanted else "")
        phrases = _ranked(logs, context)
        if answer is None:
            return heard if heard.reason == "no_speech" else replace(heard, alternatives=phrases)
        written = value_of(heard.text, answer.reads, language, today)
        same = written == answer.value
        agrees = agreement(heard.text, same, answer, language)
        if is_open and sure and second is None and agrees and not same and again is not None:
            # A closed question would have believed it; here the decoder must agree, and the scale of both knows turns
            # that were heard twice.
            second = heard_anew(SECOND)
            contradicted = second is None or second.value != answer.value
        row = repeated(answer, snr_db, second, not contradicted)
        confidence = scale.confidence_checked(row, agrees, behind)
        if same:
            # Its own opinion can only help: the scale was fitted on turns of which the head alone was not sure.
            confidence = max(confidence, alone)
        if heard.reason != _LOOP and digits_in(answer.value) < digits_in(written) <= most:
            contradicted = True  # one of them is lost
        if contradicted:
            # What either denies is asked again, whatever the decoder writes.
            confidence = min(confidence, _DENIED)
        # Nothing else is near the head's answer, but the decoder's may be something else.
        other = not same and answer.reads != PHRASE and written != heard.text
        counted = fewest == most == digits_in(answer.value)
        takes = scale.enough("checked", kind, snr_db) if other else scale.enough_checked(kind, snr_db, row, counted)
        if not contradicted and kind == _BESIDE and _plainly(heard, behind, answer):
            # However strange its sound: the "não" of one voice is none of the head's.
            confidence = max(confidence, takes)
        enough = confidence >= takes
        if repeats and kind != DIGITS and not (enough or contradicted or other) and (agrees or not is_open):
            # Far cheaper than asking a person again; it is believed as what is just believed otherwise.
            enough = carried(answer, [second or heard_anew(SECOND), heard_anew(THIRD)])
            confidence = takes if enough else confidence
        if wanted and enough and (agrees or not is_open):
            believed = _accepted(answer, confidence)
            kept = is_open and same and answer.kind != PHRASE and heard.reason != _LOOP
            if kept and _tells_more(heard.text, answer.text, kinds, language, today):
                return replace(believed, text=heard.text)
            return believed
        if heard.reason == "no_speech":
            return replace(heard, alternatives=())
        if wanted:
            # Understanding turns to these when Whisper's own words mean nothing; to a value it must not.
            shown = confidence if answer.kind in (PHRASE, _BESIDE) else min(confidence, _NO_VALUE)
            phrases = ((answer.text, round(shown, 4)), *(pair for pair in phrases if pair[0] != answer.text))
        heard = replace(heard, alternatives=phrases)
        near = answer.fit > _OTHER_WORDS or snr_db < _NOISY_DB
        # A value in Whisper's words that the grammars did not confirm.
        reads = reads_as if is_open else holds_value
        held = any(reads(heard.text, kind, language, today) for kind in kinds) and not (same and enough)
        # Words that went in circles ("oito oito" as "Oi, oi, oi"), or of which it is not certain itself.
        mumbled = not is_open and answer.kind != PHRASE and heard.confidence < _MUMBLED
        astray = mumbled or (wanted and heard.reason == _LOOP)
        if heard.text and ((held and (near or not is_open)) or (astray and near)):
            return replace(heard, confidence=min(heard.confidence, round(confidence, 4)), reason=_LOW)
        return heard


def _plainly(heard: Hypothesis, behind: float, answer: Answer) -> bool:
    """Whether the decoder wrote just the answer's words, with certainty and at once."""
    certain = not heard.reason and heard.confidence >= _PLAIN and behind >= _AT_ONCE
    return certain and plain_words(heard.text) == plain_words(answer.text)


def _accepted(answer: Answer, confidence: float) -> Hypothesis:
    others = tuple((text, round(share * (1 - confidence), 4)) for text, share in answer.others)
    confidence = round(confidence, 4)
    chosen = ((answer.text, confidence),) if answer.kind == PHRASE else ()
    return Hypothesis(answer.text, confidence, (*chosen, *others))


def _tells_more(free: str, answer: str, kinds: Sequence[str], language: str, today: date) -> bool:
    """Whether Whisper's words hold what the answer's do under any question, and others: "já paguei dia 10".

    In any country: "1.500" is not the same everywhere.
    """
    words = {word for word in plain_words(free).split() if not any(letter.isdigit() for letter in word)}
    if words <= set(plain_words(answer).split()) or _SEPARATED.search(free):
        return False
    meant = [(value_of(free, kind, language, today), value_of(answer, kind, language, today)) for kind in kinds]
    return all(his == ours or (his == free and ours == answer) for his, ours in meant)


def _ranked(logs: NDArray[np.float32], context: HearingContext) -> tuple[tuple[str, float], ...]:
    """The state's phrases, best first, with 0-1: above .5 when the audio says this rather than something else."""
    scores = fits(logs, context.phrases, context.language)
    if not scores:
        return ()
    lengths = {text: len(text) for text in scores}
    best = max(scores[text] * lengths[text] for text in scores)
    weights = {text: float(np.exp(scores[text] * lengths[text] - best)) for text in scores}
    total = sum(weights.values())
    ranked = [
        (text, round(weights[text] / total / (1 + float(np.exp(_STEEP * min(_EVEN - scores[text], 20.0)))), 4))
        for text in scores
    ]
    return tuple(sorted(ranked, key=lambda pair: -pair[1]))
