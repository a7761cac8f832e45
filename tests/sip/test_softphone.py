"""Guards docs/connect-a-softphone.md: Debian's baresip, set up by that page alone, negotiates by keys."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from tests.sip.baresip import Baresip
from tests.sip.exchange_house import ExchangeHouse
from voiceagent import cases, dialer
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.clock import Clock, OffsetClock
from voiceagent.cases import tables
from voiceagent.cli.main import main
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.journal.journal import Journal
from voiceagent.journal.writer import JournalWriter
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.simulator import tones
from voiceagent.storage.database import Database
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.softphone import Softphone
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.call import House
from voiceagent.worker.content import ContentShelf, warm_understanding
from voiceagent.worker.reception import Reception
from voiceagent.worker.seat_loop import SeatLoop

PAGE = (ROOT / "docs" / "connect-a-softphone.md").read_text(encoding="utf-8")
PATIENCE_S = 90.0
#: Beats of 20 ms from the end of a prompt to the first key, and from one key to the next.
HEARD_BEATS, KEY_BEATS = 30, 15
#: Keys sooner than that behind a whole document would be taken for more of it.
DOCUMENT_BEATS = 90
#: What the caller presses once the agent has said that prompt: all of the way to an agreement, in this order.
KEYS = {
    "find_caller": "39053344705",
    "ask_birth": "1503",
    "probe_plain": "2",
    "offer_instalments": "1",
    "ask_date_choices": "2",
    "read_back_even": "1",
}


def block(after: str) -> str:
    """The first fenced block behind these words of the page."""
    found = re.search(r"```\w*\n(.*?)```", PAGE[PAGE.index(after) :], re.DOTALL)
    assert found
    return found[1]


class NoWork:
    """A queue without anybody to call."""

    lease_s = 900.0

    def lease_many(self, seats: Any) -> list[Any]:
        return []


@pytest.fixture
def lab(asterisk_program: AsteriskProgram, tmp_path: Path) -> Iterator[ExchangeHouse]:
    run = ExchangeHouse(tmp_path, asterisk_program, yaml.safe_load(block("Write `lab.yaml`")))
    run.start()
    yield run
    run.stop()


@pytest.fixture
def phone(lab: ExchangeHouse, tmp_path: Path) -> Iterator[Baresip]:
    folder = tmp_path / "baresip"
    folder.mkdir()
    password = yaml.safe_load((tmp_path / "exchange-secrets.yaml").read_text())["stations"]["ana"]
    accounts = block("and `accounts`").replace("PASSWORD", password).replace(":5060", f":{lab.ports.sip}")
    run = Baresip(folder, block("then write `config`"), accounts)
    yield run
    run.stop()


def test_a_softphone_set_up_by_the_page_negotiates_an_agreement(
    loop: asyncio.Runner,
    softphone: Softphone,
    lab: ExchangeHouse,
    phone: Baresip,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lab.sip["trunk"] is False, "a laboratory can reach nobody"
    monkeypatch.setattr(tones, "PER_CHARACTER_S", 0.005)  # prompts as short as they can be
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VOICEAGENT_DATABASE_URL", raising=False)
    people = tmp_path / "lab.csv"
    people.write_text(block("Write `lab.csv`"), encoding="utf-8")
    (tmp_path / "home").mkdir()
    assert main(["db", "upgrade"]) == 0
    assert main(["lists", "import", str(people), "--creditor", "Lojas Aurora"]) == 0
    warm_understanding(ROOT / "dialplans")
    lab.until("pjsip show contacts", "ana/sip:ana")

    async def scenario() -> list[str]:
        clock: Clock = OffsetClock(datetime(2026, 11, 18, 13, 0, tzinfo=UTC))
        db = Database(f"sqlite:///{tmp_path / 'home' / 'voiceagent.db'}")
        journal = Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        writer, recorder = JournalWriter(journal), Recorder(tmp_path / "recordings", min_free_bytes=0)
        recorder.start()
        house = House(tones.ToneService(), recorder, RealTicks(), clock, "Atende Mais", "Clara", "1140028922")
        shelf = ContentShelf(ROOT / "dialplans", db, clock)
        rules = load_rules(ROOT / "dialplans" / "jurisdictions")
        arrivals = Arrivals(journal, rules, worker="w1", mode="rehearsal")
        pa01 = await softphone.add_account("pa01", lab.sip["seats"]["pa01"], lab.sip["registrar"])
        queue: Any = NoWork()
        work = SeatLoop(
            "pa01", "w1", pa01, queue, shelf, writer, house, clock,
            idle_poll_s=0.2, reception=Reception(arrivals, shelf, writer, house, clock),
        )  # fmt: skip
        working = asyncio.create_task(work.run())

        def rows(table: sa.Table) -> list[Any]:
            with db.read() as connection:
                return list(connection.execute(sa.select(table)).all())

        loop.get_loop().call_later(PATIENCE_S + 5, working.cancel)  # a caller who got lost must not hold the test up
        called = re.search(r"`/dial (\S+)`", PAGE)
        assert called
        phone.tell("dial", called[1].replace(":5060", f":{lab.ports.sip}"))
        ticks, deadline, told = RealTicks(), time.monotonic() + PATIENCE_S, list[str]()
        while not await asyncio.to_thread(lambda: rows(tables.promise)):
            await ticks.next()
            for row in await asyncio.to_thread(lambda: rows(tables.turn)):
                if row.prompt in KEYS and row.prompt not in told:
                    told.append(row.prompt)
                    # Noted once it is played out to the line, and heard a moment later.
                    for _ in range(DOCUMENT_BEATS if row.prompt == "ask_birth" else HEARD_BEATS):
                        await ticks.next()
                    for key in KEYS[row.prompt]:  # as fast as a person: baresip mixes up keys that come at once
                        phone.press(key)
                        for _ in range(KEY_BEATS):
                            await ticks.next()
            assert time.monotonic() < deadline, "\n".join(str(row) for row in rows(tables.turn))
        phone.tell("hangup")
        while not all(row.status == "ended" for row in await asyncio.to_thread(lambda: rows(tables.attempt))):
            await ticks.next()
            assert time.monotonic() < deadline, rows(tables.attempt)
        work.drain()
        await working
        await asyncio.to_thread(writer.close)
        await recorder.close()
        (attempt,) = rows(tables.attempt)
        assert (attempt.direction, attempt.right_party, attempt.disposition) == ("in", True, "PTP")
        db.close()
        return told

    assert set(loop.run(scenario())) == set(KEYS)
    heard = phone.heard()
    assert len(heard) > 16000 and rms_dbov(heard) > -40, "the agent was heard"
