"""Guards the handing over to people: after the last word, without patience running out, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tests.unit.agent.stage import EXPECT, Stage, heard_by_debtor, say
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Effect,
    FarHungUp,
    HandedOver,
    HandOver,
    Hangup,
    NoInput,
)
from voiceagent.telephony.line import HungUp, HungUpBy

WISH = HandOver("humans", "human")


class Desk:
    """People who do what they are told with a debtor."""

    def __init__(self, stage: Stage, outcome: Callable[[Stage], bool | None], after_s: float = 5.0) -> None:
        self.stage, self.outcome, self.after_s = stage, outcome, after_s
        self.heard_before = ""
        self.cancelled = False

    async def take_over(self, wish: HandOver) -> bool | None:
        assert wish is WISH
        self.heard_before = heard_by_debtor(self.stage)
        line = self.stage.phone.lines[0]
        assert await line.transfer("8001") == 200
        until = self.stage.clock.monotonic() + self.after_s
        try:
            while self.stage.clock.monotonic() < until:
                await self.stage.ticks.next()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.outcome(self.stage)


def answers(event: DialogueEvent) -> Sequence[Effect]:
    match event:
        case CallAnswered():
            return (say("wait for a person", barge_in=False), WISH)
        case HandedOver(True):
            return (Hangup(Disposition.XFER),)
        case HandedOver(False):
            return (say("nobody is free"), EXPECT)
        case NoInput() | FarHungUp():
            return (Hangup(Disposition.CB),)
        case _:
            return ()


def back(stage: Stage) -> bool:
    stage.phone.lines[0].far_back()
    return False


def left(stage: Stage) -> None:
    stage.phone.lines[0].given_up()


def test_the_debtor_hears_all_of_it_and_a_person_has_him() -> None:
    stage = Stage(answers, {})
    stage.people = Desk(stage, lambda stage: True)
    ended = stage.run()
    assert stage.people.heard_before == "wait for a person"
    assert (ended.disposition, ended.hung_up) == (Disposition.XFER, HungUp(HungUpBy.NEAR, 200, "normal"))
    assert not any(isinstance(event, NoInput) for event in stage.brain.events)


def test_nobody_takes_him_and_the_conversation_goes_on() -> None:
    """Ten minutes of waiting are neither silence that is asked about nor talk that is cut off for its length."""
    stage = Stage(answers, {})
    stage.people = Desk(stage, back, after_s=700.0)
    ended = stage.run()
    assert [type(event) for event in stage.brain.events] == [CallAnswered, HandedOver, NoInput]
    assert heard_by_debtor(stage).endswith("nobody is free")
    assert ended.disposition is Disposition.CB


def test_who_hangs_up_while_waiting_is_gone() -> None:
    stage = Stage(answers, {})
    stage.people = Desk(stage, left)
    ended = stage.run()
    assert [type(event) for event in stage.brain.events] == [CallAnswered, FarHungUp]
    assert (ended.disposition, ended.hung_up) == (Disposition.CB, HungUp(HungUpBy.FAR, 200, "normal"))


def test_a_softphone_that_closes_ends_the_wait() -> None:
    stage = Stage(answers, {})
    desk = stage.people = Desk(stage, left, after_s=60.0)

    async def closing() -> None:
        while not stage.phone.lines or not stage.phone.lines[0].away:
            await stage.ticks.next()
        await stage.phone.close()

    async def scene() -> None:
        closer = asyncio.create_task(closing())
        ended = await stage.play()
        await closer
        assert ended.hung_up == HungUp(HungUpBy.NEAR, 200, "closing")

    asyncio.run(asyncio.wait_for(scene(), 30))
    assert desk.cancelled


def test_without_people_nobody_takes_him() -> None:
    stage = Stage(answers, {})
    assert stage.run().disposition is Disposition.CB
    assert HandedOver(False) in stage.brain.events
