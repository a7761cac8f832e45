"""Guards seat mode: another dialer's lead opens its case, and the dialer hears the outcome, once and always."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import web

from tests.migrated import migrated
from voiceagent import cases, dialer
from voiceagent.audio.format import SILENCE
from voiceagent.base.clock import ManualClock
from voiceagent.cases import tables
from voiceagent.cases.attempts import close_orphans
from voiceagent.cases.intake import import_cases
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.leads import LONGEST, Lead, Leads
from voiceagent.dialer.tables import lead_call
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal
from voiceagent.journal.writer import JournalWriter
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.settings.sipfile import OtherDialer
from voiceagent.simulator.scenario import load_scenario
from voiceagent.simulator.tones import ToneService
from voiceagent.storage.database import Database
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.ticks import VirtualTicks
from voiceagent.worker.call import House
from voiceagent.worker.content import ContentShelf
from voiceagent.worker.lead_teller import SIGNATURE, tell_for_ever
from voiceagent.worker.reception import Reception
from voiceagent.worker.seat_mode import LeadReader, NoDesk

MARINA = load_scenario(ROOT / "tests" / "scenarios" / "pt-BR-by-keys.yaml").case
LEAD = MARINA.debts[0].contract
SECRET = "segredo"


class Shop:
    """A database with Marina in it, whom another dialer calls by her contract's number."""

    def __init__(self, file: Path) -> None:
        self.clock = ManualClock(datetime(2026, 11, 18, 13, 0, tzinfo=UTC))
        self.db = Database(f"sqlite:///{file}")
        self.journal = Journal(self.db, self.clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        import_cases(self.journal, [replace(MARINA, phones=("+5511955550100",))], source="test")
        rules = load_rules(ROOT / "dialplans" / "jurisdictions")
        self.arrivals = Arrivals(self.journal, rules, worker="w1", mode="rehearsal")
        self.leads = Leads(self.journal)

    def begin(self) -> uuid.UUID:
        return self.arrivals.begin("+551140028922", "seat1", lead=Lead(LEAD)).attempt_id

    def called(self) -> uuid.UUID:
        arrival = self.arrivals.begin("+551140028922", "seat1", lead=Lead(LEAD))
        self.arrivals.complete(arrival, CallEnded("REF", human=True, right_party=True, talk_s=12.5))
        return arrival.attempt_id

    def rows(self, table: sa.Table) -> list[sa.Row[Any]]:
        with self.db.read() as connection:
            return list(connection.execute(sa.select(table)).all())


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated(tmp_path_factory.mktemp("seat_mode") / "template.db")


@pytest.fixture
def shop(tmp_path: Path, template: Path) -> Iterator[Shop]:
    made = Shop(Path(shutil.copy(template, tmp_path / "test.db")))
    yield made
    made.db.close()


class Peer:
    """The other dialer's web server: answers what it is told to, in turn; the last for ever."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        status, text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, text=text)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Peer]:
        app = web.Application()
        app.router.add_post("/told", self.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/told"
        try:
            yield self
        finally:
            await runner.cleanup()


def play(shop: Shop, peer: Peer, until: Callable[[], bool], **settings: Any) -> None:
    """Tell the peer until that holds; time passes as fast as nothing happens."""

    async def scene() -> None:
        async with peer.open():
            other = OtherDialer(url=peer.url, secret=SECRET, **settings)
            telling = asyncio.create_task(tell_for_ever(shop.leads, other, look_s=0.001))
            while not await asyncio.to_thread(until):
                await asyncio.wait({telling}, timeout=0.005)
                shop.clock.advance(1.0)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    asyncio.run(asyncio.wait_for(scene(), 30))


def told(shop: Shop) -> Callable[[], bool]:
    return lambda: all(row.told_at or row.given_up_at for row in shop.rows(lead_call))


def test_the_webhook_is_signed_and_says_how_the_call_ended(shop: Shop) -> None:
    call_id, peer = shop.called(), Peer((204, ""))
    play(shop, peer, told(shop), statuses={"REF": "NI"})
    [(headers, body)] = peer.heard
    assert headers[SIGNATURE] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["Idempotency-Key"] == str(call_id)
    said = json.loads(body)
    assert (said["lead_id"], said["call_id"], said["disposition"], said["status"]) == (LEAD, str(call_id), "REF", "NI")
    assert said["right_party"] and said["talk_s"] == 12.5 and said["seat"] == "seat1"


def test_a_dialer_that_is_down_is_told_when_it_is_back_and_once(shop: Shop) -> None:
    shop.called()
    began = shop.clock.now()
    peer = Peer((503, ""), (500, ""), (429, ""), (200, "ok"))
    play(shop, peer, told(shop))
    (row,) = shop.rows(lead_call)
    assert (row.tries, len(peer.heard), row.error) == (4, 4, None)
    assert shop.clock.now() - began >= timedelta(seconds=2 + 4 + 8)
    assert shop.leads.claim() == []


def test_what_the_dialer_refuses_for_good_is_not_repeated(shop: Shop) -> None:
    shop.called()
    peer = Peer((404, "no such lead"))
    play(shop, peer, told(shop))
    (row,) = shop.rows(lead_call)
    assert len(peer.heard) == 1 and row.told_at is None and row.given_up_at is not None and row.error == "HTTP 404"


def test_vicidial_is_told_by_its_api_and_its_errors_are_in_the_text(shop: Shop) -> None:
    shop.called()
    peer = Peer(
        (200, "ERROR: update_lead USER DOES NOT HAVE PERMISSION"),
        (200, "SUCCESS: update_lead LEAD HAS BEEN UPDATED - voiceagent|1000|\n"),
    )
    play(shop, peer, told(shop), tell="vicidial", user="api", statuses={"REF": "NI"})
    assert len(peer.heard) == 2
    body = peer.heard[-1][1].decode()
    for part in ("function=update_lead", f"lead_id={LEAD}", "status=NI", "user=api", f"pass={SECRET}"):
        assert part in body
    (row,) = shop.rows(lead_call)
    assert row.told_at is not None and row.tries == 2


def test_vicidial_without_the_lead_is_given_up(shop: Shop) -> None:
    shop.called()
    peer = Peer((200, "ERROR: update_lead NO MATCHES FOUND IN THE SYSTEM"))
    play(shop, peer, told(shop), tell="vicidial")
    (row,) = shop.rows(lead_call)
    assert row.given_up_at is not None and "NO MATCHES" in row.error


def test_nothing_is_lost_when_the_worker_dies_in_the_call(shop: Shop) -> None:
    """The word is owed from before the answer on, and given once whoever clears up has closed the call."""
    call_id = shop.begin()
    assert shop.leads.claim() == []
    assert close_orphans(shop.journal, worker="w1") == [call_id]
    peer = Peer((200, ""))
    play(shop, peer, told(shop))
    assert json.loads(peer.heard[0][1])["disposition"] == "ERR"


def test_a_claim_that_came_to_nothing_is_taken_up_again(shop: Shop) -> None:
    """A teller that dies between claiming and telling holds nobody up for more than a minute."""
    shop.called()
    assert len(shop.leads.claim()) == 1 and shop.leads.claim() == []
    shop.clock.advance(61)
    assert len(shop.leads.claim()) == 1


def test_patience_grows_to_ten_minutes_and_no_further(shop: Shop) -> None:
    shop.called()
    for _ in range(30):
        [report] = shop.leads.claim()
        shop.leads.failed(report, "down")
        (row,) = shop.rows(lead_call)
        assert row.next_at - shop.clock.now() <= LONGEST
        shop.clock.advance(LONGEST.total_seconds())


def line(headers: dict[str, str] | None = None, name: str = "") -> FakeLine:
    made = FakePhone(VirtualTicks(ManualClock(datetime(2026, 11, 18, tzinfo=UTC))), lambda number, call_id: Silent())
    ringing = made.far_calls("+5511955550100", call_id=str(uuid.uuid4()))
    ringing.headers, ringing.remote_name = headers or {}, name
    return ringing


class Silent:
    """Says nothing."""

    def ring(self, line: FakeLine) -> None:
        """Wait."""

    def tick(self, heard: bytes) -> bytes:
        return SILENCE


@pytest.mark.parametrize(
    ("headers", "name", "lead"),
    [
        ({"x-lead-id": "C-77"}, "", "C-77"),
        ({"x-lead-id": "C-77; drop"}, "", None),
        ({}, "V1181300010000012345", "12345"),
        ({}, "Marina", None),
        ({"x-did": "+551140028922"}, "", "C-1"),
        ({"x-did": "+551140028999"}, "", None),
        ({}, "", None),
    ],
)
def test_the_invite_says_whom_the_dialer_has_called(headers: dict[str, str], name: str, lead: str | None) -> None:
    reader = LeadReader(in_caller_name=True, dids={"+551140028922": "C-1"})
    found = reader.lead_of(line(headers, name))
    assert (found.id if found else None) == lead


@pytest.mark.parametrize(("lead", "led"), [(LEAD, True), ("unknown", False)])
def test_a_lead_opens_its_case_and_the_debtor_is_asked_for_by_name(
    shop: Shop, tmp_path: Path, lead: str, led: bool
) -> None:
    async def scene() -> str:
        ticks, recorder = VirtualTicks(shop.clock), Recorder(tmp_path / "recordings", min_free_bytes=0)
        recorder.start()
        service, heard = ToneService(), bytearray()

        class Debtor(Silent):
            def tick(self, frame: bytes) -> bytes:
                heard.extend(frame)
                if len(heard) > 16000 * 30:
                    ringing.far_hangup()
                return SILENCE

        phone, writer = FakePhone(ticks, lambda number, call_id: Debtor()), JournalWriter(shop.journal)
        house = House(service, recorder, ticks, shop.clock, "Atende Mais", "Clara", "1140028922")
        shelf = ContentShelf(ROOT / "dialplans", shop.db, shop.clock)
        reception = Reception(shop.arrivals, shelf, writer, house, shop.clock, LeadReader())
        ringing = phone.far_calls("+551140028922", call_id=str(uuid.uuid4()))
        ringing.headers = {"x-lead-id": lead}
        await reception.receive("seat1", phone, await phone.incoming(), lambda *_: None)
        await asyncio.to_thread(writer.close)
        await recorder.close()
        return service.book.hear(bytes(heard))

    said = asyncio.run(asyncio.wait_for(scene(), 60))
    (row,) = shop.rows(tables.attempt)
    (owed,) = shop.rows(lead_call)
    assert owed.lead_id == lead and owed.attempt_id == row.id and row.status == "ended"
    assert ("Marina" in said) is led and ("CPF" in said) is not led
    assert (row.case_id is not None) is led


def test_our_own_dialer_is_not_even_asked() -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} was asked for")

    queue: Any = Untouchable()
    desk = NoDesk(queue, queue)
    assert asyncio.run(desk.next("seat1")) is None
    assert desk.rest_s(0.5) >= 60
