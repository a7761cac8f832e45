"""Carries out what the script wants done, in its order: what must be durable is durable before the next word."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from voiceagent.agent.mouth import Mouth
from voiceagent.agent.ports import Record
from voiceagent.base.errors import UnavailableError
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import (
    CallBack,
    Effect,
    Expect,
    HandOver,
    Hangup,
    IdentityFailed,
    Keep,
    LeaveOffer,
    MarkNumber,
    OpenRequest,
    OptOut,
    Promise,
    RightPartyVerified,
    Rung,
    Say,
)

log = logging.getLogger(__name__)


class Effects:
    """Applies effects one by one; `turn` and `offset` say which of the debtor's turns caused them, and when."""

    def __init__(
        self,
        mouth: Mouth,
        record: Record,
        *,
        on_expect: Callable[[Expect], None],
        hand_over: Callable[[HandOver], Awaitable[bool | None]],
    ) -> None:
        self._mouth = mouth
        self._record = record
        self._on_expect = on_expect
        self._hand_over = hand_over
        self.disposition: Disposition | None = None
        self.taken_over: bool | None = None
        """Whether people have the debtor since the last HandOver; None: there was none, or he has left."""
        self.promised = False
        self.stranded = False
        """A prompt could not be said, or a promise not kept: the conversation must not go on as if it had been."""

    async def apply(self, effects: Sequence[Effect], *, state: str, turn: int, offset_s: float) -> None:
        """Carry out `effects`; a Hangup only sets `disposition`, the conversation ends the call after the last word.

        Once stranded, nothing more is said or asked: an answer to what nobody heard would count for it.
        """
        self.stranded, self.taken_over = False, None
        for effect in effects:
            match effect:
                case Say() | Expect() if self.stranded:
                    continue
                case Say():
                    self.stranded = not await self._mouth.say(effect, state)
                case Expect():
                    self._on_expect(effect)
                case Promise():
                    try:
                        await self._record.promise(effect.agreement, confirmed_by_turn=turn, offset_s=offset_s)
                    except UnavailableError as error:
                        log.error("a promise could not be kept: %s", error)
                        self.stranded = True
                        return
                    self.promised = True
                case RightPartyVerified():
                    self._record.verified(effect.datum)
                case IdentityFailed():
                    self._record.identity_failed(effect.datum)
                case OptOut():
                    await self._record.opt_out(effect.scope)
                case CallBack():
                    await self._record.call_back(effect.due_at, effect.reason)
                case OpenRequest():
                    await self._record.open_request(
                        effect.kind, effect.detail, channel=effect.channel, destination=effect.destination
                    )
                case LeaveOffer():
                    self._record.leave_offer(effect.offer)
                case Rung():
                    self._record.rung(state, effect.step, silent=effect.silent)
                case MarkNumber():
                    await self._record.mark_number(effect.status)
                case Keep():
                    self._record.keep(effect.on)
                case HandOver():
                    self.taken_over = await self._hand_over(effect)
                case Hangup():
                    self.disposition = effect.disposition
