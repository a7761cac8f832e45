"""How far an answer that was found may be believed: a confidence that means a probability, and what it takes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.base.errors import MissingPartError
from voiceagent.speech.constrained.denoise import NOISY_LINE_DB
from voiceagent.speech.constrained.listening import DIGITS, Answer, digits_in, plain_words
from voiceagent.speech.constrained.phones import labels
from voiceagent.speech.protocol import NOISY_DB

_BLOCK = SAMPLE_RATE // 50
QUIET_LINE_DB = 40.0
#: Share of phones that may differ before two texts no longer sound alike.
ALIKE = 0.34
#: Share of a value that may lack a word: the rival is one that the search did not find.
_MAY_LACK = 0.9
#: Log odds that a share can reach.
_SUREST = 12.0
#: Where features lie in their row, and the noise from which a second opinion is needed.
ODDS, NOISE, SAME, AGREES = 2, 3, 4, 5
#: Words that were not said fit no worse than this, as far as the scale goes.
_WORST_FIT = -4.0
#: Further behind the decoder's own words it makes no difference; so near them it is no mark against any.
_FAR_BEHIND, _BESIDE = -5.0, -0.5
#: What is less likely is made believable by no other hearing.
_HOPELESS = 0.02
#: So far behind (log probability) counts what a hearing did not find at all.
_UNHEARD = 8.0
#: How far an answer must lead in the mean of all hearings (log probability), and what the middle one must fit.
_CARRIES, _CARRIES_FIT = 4.5, -1.25
_ENOUGH_DIGITS = 3
_LOUD = (NOISY_LINE_DB - NOISY_DB) / 10
#: How many rivals with more digits the decoder is asked about, and how near they must be (log probability).
_RIVALS, _NEAR = 2, 8.0
#: What the search's log probability counts beside the decoder's: its frames are not independent.
_SEARCHED = 0.35
#: Digits must be so far ahead of more of them: the fewer words are the likelier, whatever was said.
_LEAD = 3.5
#: Log odds of the share from which no other value is anywhere near; noise brings some nearer that were not said.
_APART_ODDS, _APART_ODDS_NOISY = 8.0, 10.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic scale from scores to the probability of being right, fitted on voices that were never trained on."""

    alone: tuple[float, ...]
    """Weights of (1, fit, log odds of the share, noise) when only the head was asked."""
    again: tuple[float, ...]
    """The same and one for the same value in both, when the head heard the turn a second time."""
    checked: tuple[float, ...]
    """The same, one for agreement and one for how far the answer stays behind the decoder's own words."""
    takes: Mapping[str, Mapping[str, float]]
    """What was asked ("alone", "again", "checked"; with "_noisy" on a noisy line) → kind of answer → the confidence
    that it takes. "apart", for kinds of few values and numbers of known length: what it takes of the decoder
    where no other is anywhere near."""

    def enough(self, asked: str, kind: str, snr_db: float) -> float:
        """The confidence that an answer of that kind takes when so much was asked."""
        return takes_of(self.takes, asked, kind, snr_db < NOISY_LINE_DB)

    def enough_checked(self, kind: str, snr_db: float, row: Sequence[float], counted: bool) -> float:
        """The confidence that it takes after the decoder was asked; the others as `takes_checked` wants them."""
        return takes_checked(self.takes, kind, snr_db < NOISY_LINE_DB, row, counted)

    def worth_repeating(self, answer: Answer, snr_db: float) -> bool:
        """Whether another hearing could make the answer believable."""
        return certainty(features(answer, snr_db), self.alone) >= _HOPELESS

    def confidence(self, answer: Answer, snr_db: float) -> float:
        """Probability that the answer's value is what was said."""
        return unaided(features(answer, snr_db), self.alone)

    def confidence_again(self, answer: Answer, snr_db: float, second: Answer | None, same_value: bool) -> float:
        """The same after a second hearing, which gave the same value or not."""
        return unaided(repeated(answer, snr_db, second, same_value), self.again)

    def confidence_checked(self, row: Sequence[float], agrees: float, behind: float) -> float:
        """The same after the decoder was asked; `row` as `repeated` gives it, the others as `seconded` wants them."""
        return seconding(seconded(row, agrees, behind), self.checked)


def asked_on(asked: str, noisy: bool) -> str:
    """Under which name it is kept what an answer takes on such a line."""
    return f"{asked}_noisy" if noisy else asked


def takes_of(takes: Mapping[str, Mapping[str, float]], asked: str, kind: str, noisy: bool) -> float:
    """The confidence that an answer of that kind takes on such a line when so much was asked."""
    return takes[asked_on(asked, noisy)][kind]


def takes_checked(
    takes: Mapping[str, Mapping[str, float]], kind: str, noisy: bool, row: Sequence[float], counted: bool
) -> float:
    """The confidence that it takes after the decoder was asked; `row` as `repeated` gives it.

    Noise or a strange voice spoil the fit of all values alike. Where there are few of them and only one comes
    anywhere near, it was that one; among millions of amounts another one often is. Of a number a digit may be lost:
    it must be `counted`, as long as the one that was asked for.
    """
    limit = takes_of(takes, "checked", kind, noisy)
    if not apart(row) or (kind == DIGITS and not counted):
        return limit
    return min(limit, takes[asked_on("apart", noisy)].get(kind, limit))


def certainty(row: Sequence[float], weights: Sequence[float]) -> float:
    """The scale at one row of features.

    On a noisy line the head mistakes "três" for "treze" with a clear conscience: there nothing is certain that neither
    the decoder nor a second hearing supports.
    """
    chance = 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, row, strict=True))))
    supported = max(row[SAME : AGREES + 1], default=0.0) > 0
    return chance if supported or row[NOISE] <= _LOUD else min(chance, 0.5)


def apart(row: Sequence[float]) -> bool:
    """Whether no other value was anywhere near, by a row of features."""
    return row[ODDS] >= (_APART_ODDS_NOISY if row[NOISE] > 0 else _APART_ODDS)


def unaided(row: Sequence[float], weights: Sequence[float]) -> float:
    """The scale where only the head was asked: never surer than the value's share, however often it is heard.

    Where two values sound the same, only the decoder can tell them apart.
    """
    return min(certainty(row, weights), 1 / (1 + math.exp(-row[ODDS])))


def seconding(row: Sequence[float], weights: Sequence[float]) -> float:
    """The scale where the decoder was asked: it lifts the limit of the share where it means the same value."""
    return certainty(row, weights) if row[AGREES] >= 1.0 else unaided(row, weights)


def features(answer: Answer, snr_db: float) -> list[float]:
    """What the scale weighs."""
    share = min(answer.share, _MAY_LACK) if answer.unexplained else answer.share
    odds = math.log(share / max(1 - share, 1e-9))
    noise = max(0.0, NOISY_LINE_DB - snr_db) / 10
    return [1.0, max(answer.fit, _WORST_FIT), min(odds, _SUREST), noise]


def seconded(row: Sequence[float], agrees: float, behind: float) -> list[float]:
    """What the scale weighs after the decoder was asked: `agrees` as `agreement` gives it, `behind` as the ear does.

    The decoder writes "Maniama" where it would as soon have written "mañana". Where it means the same it does not
    matter how it writes that: "dia 25" is no doubt of "dia vinte e cinco".
    """
    return [*row, agrees, 0.0 if agrees >= 1.0 else min(0.0, max(behind, _FAR_BEHIND) - _BESIDE)]


def word_lost(answer: Answer, compare: Callable[[Sequence[str]], Sequence[float]]) -> bool:
    """Whether the decoder thinks almost as well of more words, where those are near: some may have melted away.

    The head is sure of "nove oito nove" where "nove um oito nove" was said, and of "dia trinta" where "dia trinta e
    um" was. `compare` gives the decoder's log probability of each text in the turn. All are spelt out: as it writes
    digits itself, one more costs nothing.
    """
    digits = digits_in(answer.value)
    more = [
        rival
        for rival in answer.rivals
        if rival.behind <= _NEAR and (digits_in(rival.value) > digits if digits else says_more(rival.text, answer.text))
    ]
    if not more:
        return False
    own, *others = compare([answer.text, *(rival.text for rival in more[:_RIVALS])])
    return any(own - score + _SEARCHED * rival.behind < _LEAD for rival, score in zip(more, others, strict=False))


def says_more(longer: str, text: str) -> bool:
    """Whether the one has all the words of the other in their order, and more."""
    rest = iter(longer.split())
    return len(longer.split()) > len(text.split()) and all(word in rest for word in text.split())


def agreement(free: str, same_value: bool, answer: Answer, language: str) -> float:
    """1 when the free decode means the same, less the less it sounds like the answer, down to 0."""
    if same_value:
        return 1.0
    if answer.unexplained:
        return 0.0  # with a digit less it would sound like it too
    heard, said = labels(plain_words(free), language), labels(plain_words(answer.text), language)
    if not heard or not said:
        return 0.0
    return max(0.0, 1.0 - Levenshtein.distance(heard, said) / (ALIKE * len(said))) * 0.8


def repeated(first: Answer, snr_db: float, second: Answer | None, same_value: bool) -> list[float]:
    """What the scale weighs after a second hearing; None = there was none.

    The value's fit is the better of both: a voice may be strange to the head in one of them. Its share is the lesser: a
    rival that one of them hears is not away because the other does not.
    """
    if second is None or second.reads != first.reads or not same_value:
        return [*features(first, snr_db), 0.0]
    both = replace(
        first,
        fit=max(first.fit, second.fit),
        share=min(first.share, second.share),
        unexplained=first.unexplained and second.unexplained,
    )
    return [*features(both, snr_db), 1.0]


def carried(answer: Answer, others: Iterable[Answer | None], counted: bool) -> bool:
    """Whether a turn's other hearings carry an answer that nothing else made believable.

    Noise or a strange voice bring another value near in one hearing, seldom the same one in all: what each of them
    gives, and what leads clearly in all of them together, was said; if it fits, as other words would not. Not so
    digits unless they are `counted`, as many as were asked for: one may be lost in each hearing; nor so few that all of
    them may be others. No more of `others` is asked for than it takes.
    """
    if answer.kind == DIGITS and not (counted and digits_in(answer.value) >= _ENOUGH_DIGITS):
        return False
    hearings = [answer]
    for other in others:
        if other is None or other.value != answer.value:
            return False
        hearings.append(other)
    behind = [{rival.value: rival.behind for rival in heard.rivals} for heard in hearings]
    rivals = {value for each in behind for value in each}
    lead = min(
        (sum(min(_UNHEARD, each.get(value, _UNHEARD)) for each in behind) for value in rivals),
        default=_UNHEARD * len(hearings),
    )
    fit = sorted(heard.fit for heard in hearings)[len(hearings) // 2]
    return lead >= _CARRIES * len(hearings) and fit >= _CARRIES_FIT


def signal_to_noise(samples: NDArray[np.float32]) -> float:
    """Speech over the noise between words, in dB, at most `QUIET_LINE_DB`; samples of one turn, 8 kHz."""
    blocks = samples[: samples.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if len(blocks) < 5:
        return QUIET_LINE_DB
    powers = np.sort(np.mean(blocks.astype(np.float64) ** 2, axis=1))
    if powers[-1] <= 0.0:
        return QUIET_LINE_DB
    floor = float(powers[: max(2, len(powers) // 10)].mean()) + 1e-12
    loud = float(powers[powers > powers[-1] / 30].mean()) + 1e-12
    return min(QUIET_LINE_DB, max(0.0, 10 * math.log10(max(loud - floor, 1e-12) / floor)))


@lru_cache(maxsize=1)
def shipped_calibration() -> Calibration | None:
    """The calibration of the shipped heads, one for all: a language alone has too few errors to learn from.

    None where there is none; MissingPartError where it is of another version or broken.
    """
    path = resources.files("voiceagent.speech.constrained").joinpath("weights", "calibration.json")
    if not path.is_file():
        return None
    return calibration_at(path)


def calibration_at(path: Traversable) -> Calibration:
    """A stored calibration; MissingPartError where it is of another version or broken."""
    try:
        return calibration_of(path.read_text(encoding="utf-8"))
    except (ValueError, LookupError, TypeError) as error:
        raise MissingPartError(
            f"{path} is not of this version: git restore it in the checkout, or scripts/train-ctc es --keep"
        ) from error


def calibration_of(text: str) -> Calibration:
    """A calibration as it is stored (JSON); ValueError, LookupError or TypeError where the text is something else."""
    stored = json.loads(text)
    scales = {name: tuple(stored[name]) for name in ("alone", "again", "checked")}
    return Calibration(**scales, takes=stored["takes"])
