"""One turn's verdict: the sure answer, or Whisper's own words, and whether a value in those may be believed.

An open question ("intent") leaves Whisper's words in charge: an answer of the grammars replaces them only when both
mean or sound the same. Where nothing but values was asked for, a sure answer needs no second opinion, and a value that
the grammars do not confirm is not believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
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
    PHRASE,
    Answer,
    digits_in,
    fits,
    holds_value,
    is_value,
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
_LOW, _LOOP, _SILENT = "low_confidence", "loop", "no_speech"


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn and what was asked in it."""

    head: Head
    context: HearingContext
    snr_db: float
    again: Callable[[int], NDArray[np.float32]] | None

    @property
    def language(self) -> str:
        return self.context.language

    @property
    def today(self) -> date:
        return date.fromisoformat(self.context.today) if self.context.today else date.today()

    @property
    def kinds(self) -> list[str]:
        """What was asked for and has grammars."""
        return [kind for kind in self.context.expect if kind in kinds_of(self.language)]

    @property
    def is_open(self) -> bool:
        """Whether more was asked for than grammars can hear."""
        return len(self.kinds) < len(self.context.expect)

    @property
    def counted(self) -> tuple[int, int]:
        """The fewest and most digits that were asked for."""
        return self.context.digits or (0, _ANY)

    def listen(self, logs: NDArray[np.float32]) -> Answer | None:
        context = self.context
        return listen(logs, self.language, [*self.kinds, _BESIDE], context.phrases, self.today, context.digits)

    def heard_anew(self, hearing: int) -> Answer | None:
        return None if self.again is None else self.listen(self.head(self.again(hearing)))

    def means(self, text: str, kind: str) -> Hashable:
        return value_of(text, kind, self.language, self.today)


@dataclass(slots=True)
class _Belief:
    """How far the answer of a turn is believed: first by what the head hears, then by what the decoder writes, too."""

    answer: Answer
    wanted: bool
    """Whether it answers what was asked."""
    kind: str
    """Whose thresholds it is measured by."""
    confidence: float
    sure: bool
    repeats: bool
    """Whether it may be heard again."""
    second: Answer | None = None
    contradicted: bool = False

    def heard(self, turn: _Turn, hearing: int) -> Answer | None:
        if hearing == SECOND and self.second is not None:
            return self.second
        return turn.heard_anew(hearing)

    def hear_again(self, turn: _Turn) -> None:
        self.second = turn.heard_anew(SECOND)
        self.contradicted = self.second is None or self.second.value != self.answer.value

    def deny(self) -> None:
        self.sure, self.contradicted = False, True


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
        turn = _Turn(self.head, context, signal_to_noise(samples), again)
        logs = self.head(states)
        answer = turn.listen(logs)
        if answer is None:
            heard, _ = decode("")
            return heard if heard.reason == _SILENT else replace(heard, alternatives=_ranked(logs, context))
        belief = self._alone(turn, answer, compare)
        # Words that fill the whole turn this well were said, whatever the decoder would write; a value takes both.
        if belief.sure and (not turn.is_open or answer.kind in (PHRASE, _BESIDE)):
            return _accepted(answer, belief.confidence)
        heard, behind = decode(answer.text if belief.wanted else "")
        written = turn.means(heard.text, answer.reads)
        same = written == answer.value
        agrees = agreement(heard.text, same, answer, turn.language)
        self._beside(turn, belief, heard, written, behind, agrees)
        if belief.wanted and belief.sure and (agrees or not turn.is_open):
            believed = _accepted(answer, belief.confidence)
            kept = turn.is_open and same and answer.kind != PHRASE and heard.reason != _LOOP
            if kept and _tells_more(turn, heard.text, answer.text):
                return replace(believed, text=heard.text)
            return believed
        if heard.reason == _SILENT:
            return replace(heard, alternatives=())
        return _in_other_words(turn, belief, same, replace(heard, alternatives=_ranked(logs, context)))

    def _alone(
        self, turn: _Turn, answer: Answer, compare: Callable[[Sequence[str]], Sequence[float]] | None
    ) -> _Belief:
        """What the head hears, twice where it is not sure; near more words, what the decoder makes of those counts."""
        scale, snr_db = self.calibration, turn.snr_db
        wanted = answer.kind in turn.kinds or answer.kind == PHRASE
        # A phrase is as short as a yes or no.
        kind = answer.kind if answer.kind in turn.kinds else _BESIDE
        confidence = scale.confidence(answer, snr_db)
        belief = _Belief(
            answer,
            wanted,
            kind,
            confidence,
            sure=wanted and confidence >= scale.enough("alone", kind, snr_db),
            repeats=wanted and turn.again is not None and scale.worth_repeating(answer, snr_db),
        )
        if belief.repeats and not belief.sure:
            belief.hear_again(turn)
            belief.confidence = scale.confidence_again(answer, snr_db, belief.second, not belief.contradicted)
            belief.sure = not belief.contradicted and belief.confidence >= scale.enough("again", kind, snr_db)
        if wanted and not belief.contradicted and compare is not None and word_lost(answer, compare):
            belief.deny()
        if wanted and 0 < digits_in(answer.value) < turn.counted[0]:
            belief.deny()
        return belief

    def _beside(
        self, turn: _Turn, belief: _Belief, heard: Hypothesis, written: Hashable, behind: float, agrees: float
    ) -> None:
        """The same beside the decoder's words, which mean `written`: `agrees` by `agreement`, `behind` by `decode`."""
        scale, answer, kind = self.calibration, belief.answer, belief.kind
        alone, (fewest, most) = belief.confidence, turn.counted
        same = written == answer.value
        if turn.is_open and belief.sure and belief.second is None and agrees and not same and turn.again is not None:
            # A closed question would have believed it; here the decoder must agree, and the scale of both knows turns
            # that were heard twice.
            belief.hear_again(turn)
        row = repeated(answer, turn.snr_db, belief.second, not belief.contradicted)
        confidence = scale.confidence_checked(row, agrees, behind)
        if same:
            # Its own opinion can only help: the scale was fitted on turns of which the head alone was not sure.
            confidence = max(confidence, alone)
        if heard.reason != _LOOP and digits_in(answer.value) < digits_in(written) <= most:
            belief.contradicted = True  # one of them is lost
        if belief.contradicted:
            # What either denies is asked again, whatever the decoder writes.
            confidence = min(confidence, _DENIED)
        # Nothing else is near the head's answer, but the decoder's may be something else; mumbled, only if it is one.
        other = not same and answer.reads != PHRASE and written != heard.text
        other = other and (is_value(written) or heard.confidence >= _MUMBLED)
        counted = fewest == most == digits_in(answer.value)
        takes = (
            scale.enough("checked", kind, turn.snr_db)
            if other
            else scale.enough_checked(kind, turn.snr_db, row, counted)
        )
        if not belief.contradicted and kind == _BESIDE and _plainly(heard, behind, answer):
            # However strange its sound: the "não" of one voice is none of the head's.
            confidence = max(confidence, takes)
        belief.confidence, belief.sure = confidence, confidence >= takes
        if belief.repeats and not (belief.sure or belief.contradicted or other) and (agrees or not turn.is_open):
            hearings = (belief.heard(turn, hearing) for hearing in (SECOND, THIRD))
            # Far cheaper than asking a person again; it is believed as what is just believed otherwise.
            belief.sure = carried(answer, hearings, counted)
            belief.confidence = takes if belief.sure else confidence


def _in_other_words(turn: _Turn, belief: _Belief, same: bool, heard: Hypothesis) -> Hypothesis:
    """The decoder's words where the answer is not believed, with a mark where they may be a badly heard value.

    `heard` has the state's phrases as alternatives; `same`: whether it means the answer's value.
    """
    answer, confidence = belief.answer, belief.confidence
    if belief.wanted:
        # Understanding turns to these when Whisper's own words mean nothing; to a value it must not.
        shown = confidence if answer.kind in (PHRASE, _BESIDE) else min(confidence, _NO_VALUE)
        others = (pair for pair in heard.alternatives if pair[0] != answer.text)
        heard = replace(heard, alternatives=((answer.text, round(shown, 4)), *others))
    near = answer.fit > _OTHER_WORDS or turn.snr_db < _NOISY_DB
    # A value in Whisper's words that the grammars did not confirm.
    reads = reads_as if turn.is_open else holds_value
    confirmed = same and belief.sure
    held = not confirmed and any(reads(heard.text, kind, turn.language, turn.today) for kind in turn.kinds)
    # Words that went in circles ("oito oito" as "Oi, oi, oi"), or of which it is not certain itself.
    mumbled = not turn.is_open and answer.kind != PHRASE and heard.confidence < _MUMBLED
    astray = mumbled or (belief.wanted and heard.reason == _LOOP)
    if heard.text and ((held and (near or not turn.is_open)) or (astray and near)):
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


def _tells_more(turn: _Turn, free: str, answer: str) -> bool:
    """Whether Whisper's words hold what the answer's do under any question, and others: "já paguei dia 10".

    In any country: "1.500" is not the same everywhere.
    """
    words = {word for word in plain_words(free).split() if not any(letter.isdigit() for letter in word)}
    if words <= set(plain_words(answer).split()) or _SEPARATED.search(free):
        return False
    meant = [(turn.means(free, kind), turn.means(answer, kind)) for kind in turn.kinds]
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
