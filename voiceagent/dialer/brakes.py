"""What stops dialing by itself: a trunk that fails, too many short calls, a campaign whose calls go wrong. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.pacing import Held

D = Disposition

#: A call with less talk than this is short (Anatel's edge); one that never came up is, too.
SHORT_S = 6.0
#: The network or we failed.
FAILED = frozenset({D.CONG, D.ERR})


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One ended outgoing call, as the brakes look at it."""

    id: uuid.UUID
    at: datetime
    disposition: Disposition
    human: bool = False
    answered: bool = False
    talk_s: float = 0.0
    spoken: int = 0
    """Turns of the debtor with speech."""
    not_understood: int = 0
    """Of these, how many were not understood."""
    read_backs: int = 0
    """Promises read back."""
    overturned: int = 0
    """Of these, how many were answered with no."""

    @property
    def short(self) -> bool:
        """Short in Anatel's sense: not completed, or over within six seconds."""
        return not self.answered or self.talk_s <= SHORT_S

    @property
    def failed(self) -> bool:
        """The network or we failed, and nobody's telephone decided anything: an answered call did get through."""
        return self.disposition in FAILED and not self.answered


@dataclass(frozen=True, slots=True)
class Breaker:
    """A trunk's circuit breaker: open while most of its latest calls fail, for a while after the last failure.

    After the while one call goes through: it closes the breaker when it succeeds, and opens it anew when it fails.
    """

    calls: int = 10
    share: float = 0.5
    memory: timedelta = timedelta(minutes=15)
    pause: timedelta = timedelta(minutes=5)

    def __call__(self, calls: Sequence[CallSeen], now: datetime) -> Held | None:
        """`calls`: those of the trunk, in any order."""
        latest, failed = self._open(calls, now)
        if not failed or now >= (until := failed[-1].at + self.pause):
            return None
        named = ", ".join(str(call.id) for call in failed[-5:])
        return Held("breaker", until, f"{len(failed)} of {len(latest)} calls failed, the last ones: {named}")

    def trying(self, calls: Sequence[CallSeen], now: datetime) -> bool:
        """The trunk has rested: one call at a time tries it, until one gets through."""
        _, failed = self._open(calls, now)
        return bool(failed) and now >= failed[-1].at + self.pause

    def _open(self, calls: Sequence[CallSeen], now: datetime) -> tuple[list[CallSeen], list[CallSeen]]:
        """The latest calls and those that failed; none while the breaker is closed."""
        latest = sorted((call for call in calls if now - call.at <= self.memory), key=lambda call: call.at)
        latest = latest[-self.calls :]
        failed = [call for call in latest if call.failed]
        is_open = len(latest) >= self.calls and len(failed) >= self.share * len(latest) and latest[-1].failed
        return latest, failed if is_open else []


@dataclass(frozen=True, slots=True)
class ShortCalls:
    """Anatel's guard: the share of short calls among all of a rolling day, and the number of them in a month."""

    alarm: float = 0.60
    stop: float = 0.80
    at_least: int = 1000
    """Calls of the day below which the share says nothing."""
    month_alarm: int = 500_000

    def share(self, short: int, calls: int) -> float:
        """0 to 1."""
        return short / calls if calls else 0.0

    def __call__(self, short: int, calls: int) -> Held | None:
        """Stand still while the share is too high; old calls leave the day and lower it."""
        if calls < self.at_least or self.share(short, calls) < self.stop:
            return None
        told = f"{short} of {calls} calls of the last 24 hours were short; it goes on when old calls have left the day"
        return Held("short_calls", detail=told)

    def alarm_told(self, short: int, calls: int, month: int) -> str:
        """Why people should look: `short` of a day's `calls`, `month` short ones in 30 days; "" when they need not."""
        if calls >= self.at_least and self.share(short, calls) >= self.alarm:
            return f"{short} of {calls} calls of the last 24 hours were short: look at lists and caller ids"
        if month >= self.month_alarm:
            return f"{month} calls of the last 30 days were short: look at lists and caller ids"
        return ""


class Sign(StrEnum):
    """What a canary watches."""

    WRONG_PARTY = "wrong_party"
    OPT_OUT = "opt_out"
    NO_MATCH = "no_match"
    OVERTURNED = "overturned"
    SHORT = "short_calls"


@dataclass(frozen=True, slots=True)
class Tripped:
    """A brake that pauses its campaign."""

    sign: Sign
    value: float
    limit: float
    calls: tuple[uuid.UUID, ...]
    """The calls that show it, the latest last."""

    def told(self) -> str:
        """One line for people."""
        return f"{self.sign.value} {self.value:.0%} (limit {self.limit:.0%}) in {len(self.calls)} calls"


@dataclass(frozen=True, slots=True)
class Canary:
    """Brakes of one campaign: shares above which it pauses itself, over its latest calls since it was started."""

    calls: int = 50
    at_least: int = 10
    """Calls (turns, read-backs) a share needs before it counts."""
    wrong_party: float = 0.30
    opt_out: float = 0.15
    no_match: float = 0.40
    overturned: float = 0.40
    short_calls: float = 0.50
    """Of calls that a person answered: those over within six seconds."""

    def __call__(self, calls: Sequence[CallSeen]) -> Tripped | None:
        """The first brake that trips; `calls` of one campaign in any order."""
        latest = sorted(calls, key=lambda call: call.at)[-self.calls :]
        people = [call for call in latest if call.human]
        looks: tuple[tuple[Sign, float, Callable[[CallSeen], int], Callable[[CallSeen], int]], ...] = (
            (Sign.WRONG_PARTY, self.wrong_party, lambda c: c.disposition in (D.WN, D.THIRD_PARTY), lambda c: c.human),
            (Sign.OPT_OUT, self.opt_out, lambda c: c.disposition in (D.CEASE, D.ABU), lambda c: c.human),
            (Sign.SHORT, self.short_calls, lambda c: c.short, lambda c: c.human),
            (Sign.NO_MATCH, self.no_match, lambda c: c.not_understood, lambda c: c.spoken),
            (Sign.OVERTURNED, self.overturned, lambda c: c.overturned, lambda c: c.read_backs),
        )
        for sign, limit, bad, of in looks:
            seen, wrong = sum(map(of, people)), sum(map(bad, people))
            if seen >= self.at_least and wrong > limit * seen:
                return Tripped(sign, wrong / seen, limit, tuple(call.id for call in people if bad(call)))
        return None
