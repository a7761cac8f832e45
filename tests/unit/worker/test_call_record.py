"""Guards what a call leaves behind: no voices or words while its recording is off, and whose wish a call back is."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voiceagent.agent.ports import DebtorTurn
from voiceagent.audio import wav
from voiceagent.audio.format import FRAME_BYTES
from voiceagent.base.clock import ManualClock
from voiceagent.journal import catalogue
from voiceagent.journal.envelope import NewEvent
from voiceagent.telephony.recorder import Recorder
from voiceagent.worker.record import CallKeys, CallRecord

CARD = "quatro mil e um, dois, três"
LOUD = b"\x10\x10" * (FRAME_BYTES // 2)


class Writer:
    """A JournalWriter that keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def note(self, events: Sequence[NewEvent]) -> None:
        self.said += [event.payload for event in events]


def turn(text: str) -> DebtorTurn:
    return DebtorTurn(1, "pay", text, 0.9, None, {"digits": "4001"}, "test", "ok", 1.0, 2.0)


def test_while_the_recording_is_off_nothing_that_is_said_is_kept(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        recorder = Recorder(tmp_path, min_free_bytes=0)
        recorder.start()
        record.tape = recorder.begin("call")
        record.keep(False)
        record.tape.push(LOUD, LOUD)
        record.debtor_turn(turn(CARD))
        record.keep(True)
        record.tape.push(LOUD, LOUD)
        record.debtor_turn(turn("sim"))
        closed = await record.tape.close()
        await recorder.close()
        return closed.path.read_bytes()

    writer: Any = Writer()
    record = CallRecord(
        writer, ManualClock(datetime(2026, 11, 18, 13, tzinfo=UTC)), CallKeys(uuid.uuid4(), None, None, None)
    )
    samples = wav.decode(asyncio.run(scenario())).samples
    assert (samples[:160] == 0).all() and (samples[160:] != 0).all()
    off, hidden, on, shown = writer.said
    assert (off, on) == (catalogue.RecordingSwitched(False), catalogue.RecordingSwitched(True))
    assert hidden.sensitive and hidden.heard is None and hidden.slots == {}
    assert not shown.sensitive and shown.heard.body == '"sim"'


def test_only_who_was_asked_for_it_calls_back_by_the_debtors_wish() -> None:
    class Durable(Writer):
        async def commit(self, events: Sequence[NewEvent]) -> None:
            self.note(events)

    writer: Any = Durable()
    at = datetime(2026, 11, 19, 13, tzinfo=UTC)
    record = CallRecord(writer, ManualClock(at), CallKeys(*(uuid.uuid4() for _ in range(4))))
    for reason in ("asked", "human", "not_understood", "technical", "no_money", "third_party"):
        asyncio.run(record.call_back(at, reason))
    assert [said.origin for said in writer.said] == ["debtor_asked"] * 2 + ["offered"] * 4
