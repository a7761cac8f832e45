"""A promise's confirming turns heard again: what another listening makes of the yes and of every value agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from voiceagent.base.errors import BadInputError
from voiceagent.cases.kinds import LookVerdict
from voiceagent.cases.reviews import Look, Waiting
from voiceagent.dialogue.events import Understanding
from voiceagent.dialogue.understanding import AFFIRMING, understand
from voiceagent.quality.calls import KeptCall, KeptTurn, cut, debtor_side

#: What an agreement is made of besides the yes, as the slots that say it; of each the last one said counts.
VALUES = ("date", "amount", "instalments", "down_payment", "instalment_amount")
#: A turn that follows another this soon is the rest of it: a yes may have been said in two breaths.
ONE_BREATH_S = 2.0
#: Results of turns that a script acted on.
_ACTED = ("ok", "bargein")


class Listener(Protocol):
    """Hears otherwise than calls do."""

    def readings(self, pcm: bytes, language: str) -> tuple[str, ...]:
        """What 8 kHz s16le audio may say, likeliest first; () when nothing is said."""
        ...


def look_again(call: KeptCall, one: Waiting, recordings: Path, listener: Listener, *, engine: str) -> Look:
    """Hear the turns of `one` again. A recording that is gone is a doubt of its own: there is no proof of the yes."""
    try:
        if one.path is None:
            raise BadInputError("never recorded", code="no_recording")
        pcm = debtor_side(recordings / one.path)
    except BadInputError as error:
        return unheard(error.message, engine)
    terms: dict[str, LookVerdict] = {}
    words: list[dict[str, Any]] = []
    heard: dict[int, tuple[str, ...]] = {}
    for term, turn in confirming(call.turns, one.confirmed_by_turn):
        if not turn.spoken:
            # Keys are what they are.
            terms[term] = LookVerdict.AGREED if turn.result == "dtmf" else LookVerdict.UNHEARD
            continue
        if turn.n not in heard:
            try:
                stretch = cut(pcm, *_stretch(call.turns, turn))
            except BadInputError as error:
                return unheard(error.message, engine)
            heard[turn.n] = listener.readings(stretch, call.language.value)
        terms[term] = judge(call, turn, term, heard[turn.n])
        words.append({"turn": turn.n, "term": term, "first": turn.text, "second": list(heard[turn.n][:3])})
    if "yes" not in terms:
        terms["yes"] = LookVerdict.UNHEARD
    return Look(terms, words, engine)


def unheard(why: str, engine: str) -> Look:
    """No proof of anything: a person has to decide."""
    return Look({"recording": LookVerdict.UNHEARD}, [{"term": "recording", "first": why}], engine)


def confirming(turns: Sequence[KeptTurn], confirmed_by: int | None) -> list[tuple[str, KeptTurn]]:
    """(term, turn) of all that an agreement rests on, the yes first."""
    yes = next((turn for turn in turns if turn.n == confirmed_by), None)
    if yes is None:
        return []
    before = [turn for turn in turns if turn.n <= yes.n and turn.result in _ACTED and not turn.sensitive]
    found = [("yes", yes)]
    for name in VALUES:
        last = next((turn for turn in reversed(before) if name in turn.slots), None)
        if last is not None:
            found.append((name, last))
    return found


def judge(call: KeptCall, turn: KeptTurn, term: str, readings: Sequence[str]) -> LookVerdict:
    """The likeliest reading that says anything about `term` decides."""
    expect = call.expect(turn.state)
    for text in readings:
        meant = understand(
            text,
            language=call.language,
            region=call.region,
            expect=expect.kinds,
            among=expect.among,
            today=call.today,
            now=call.started,
        )
        said = _yes(meant) if term == "yes" else meant.slots.get(term)
        if said is not None:
            wanted = True if term == "yes" else turn.slots[term]
            return LookVerdict.AGREED if said == wanted else LookVerdict.DIFFERS
    return LookVerdict.UNHEARD


def _yes(meant: Understanding) -> bool | None:
    """Whether words say yes, or something else that means anything; None when they mean nothing."""
    said = meant.slots.get("yes_no")
    if said is False:
        return False
    if said is True or meant.intent in AFFIRMING:
        return True
    return None if meant.intent is None else False


def _stretch(turns: Sequence[KeptTurn], turn: KeptTurn) -> tuple[float, float]:
    """From where to where a turn lasts, with the half of it that was said just before."""
    start, end = turn.started_s or 0.0, turn.ended_s or 0.0
    for other in turns:
        if other.n == turn.n - 1 and other.spoken and other.state == turn.state and other.ended_s is not None:
            start = other.started_s or 0.0 if 0 <= start - other.ended_s < ONE_BREATH_S else start
    return start, end
