"""Guards the API: what a stranger gets, what a page is told, that looking is recorded, sound in ranges."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient

from tests.web.shop import DAY, PEOPLE, Shop
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases.handovers import HandOverBegan
from voiceagent.cases.intake import import_cases
from voiceagent.cases.kinds import LookVerdict
from voiceagent.cases.portrait import portrait
from voiceagent.cases.reviews import Look, keep_look, waiting
from voiceagent.debt.case import Case, Debt
from voiceagent.journal.catalogue import CallAnswered, CallAttempted
from voiceagent.journal.journal import all_events
from voiceagent.journal.private import private_ref
from voiceagent.web import views
from voiceagent.web.audit import Audit
from voiceagent.web.auth import COOKIE, SESSION, Gatekeeper
from voiceagent.web.headers import ALWAYS

TOKEN = "t" * 43
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Client = TestClient[Any, Any]

CLOSED = ["/v1/days", "/v1/calls", f"/v1/calls/{uuid.uuid4()}", f"/v1/calls/{uuid.uuid4()}/recording", "/v1/kpis",
          "/v1/seats", "/v1/live", f"/v1/calls/{uuid.uuid4()}/waveform", "/v1/nothing"]  # fmt: skip


def _events(shop: Shop, kind: str) -> list[Any]:
    with shop.db.read() as connection:
        return [event for events in all_events(connection) for event in events if event.type == kind]


def test_strangers_get_a_problem_and_no_data(visit: Any, shop: Shop) -> None:
    shop.morning()

    async def script(client: Client) -> None:
        for path in CLOSED:
            for headers in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Authorization": "Basic dDp0"},
                {"Cookie": f"{COOKIE}=9.x.y"},
            ):
                answer = await client.get(path, headers=headers)
                assert answer.status == 401, path
                assert answer.content_type == "application/problem+json"
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                problem = views.Problem.model_validate(await answer.json())
                assert problem.code == "token_required"

    visit(script)


def test_every_answer_carries_the_security_headers(visit: Any) -> None:
    async def script(client: Client) -> None:
        for path in (
            "/",
            "/live",
            "/ready",
            "/metrics",
            "/ui/app.js",
            "/v1/calls",
            "/no/such/page",
            "/v1/openapi.json",
        ):
            answer = await client.get(path)
            for name, value in ALWAYS.items():
                assert answer.headers[name] == value, (path, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "http:" not in policy and "https:" not in policy

    visit(script)


def test_a_browser_signs_in_with_a_strict_cookie_that_ends(visit: Any, shop: Shop) -> None:
    async def script(client: Client) -> None:
        assert await (await client.get("/v1/session")).json() == {"signed_in": False}
        assert (await client.post("/v1/session", json={"token": "no"})).status == 401
        assert (await client.post("/v1/session", data=b"{")).status == 400
        assert (await client.post("/v1/session", json=["token"])).status == 401
        foreign = await client.post("/v1/session", json={"token": TOKEN}, headers={"Origin": "https://example.org"})
        assert foreign.status == 403
        answer = await client.post("/v1/session", json={"token": TOKEN})
        assert answer.status == 204
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
        assert (await client.get("/v1/days")).status == 200
        shop.clock.advance(SESSION.total_seconds() + 1)
        assert (await client.get("/v1/days")).status == 401

    visit(script)


def test_a_forged_or_changed_session_is_refused(shop: Shop) -> None:
    keeper = Gatekeeper(TOKEN, shop.clock)
    session = keeper.new_session()
    ends, name, signature = session.split(".")
    assert keeper.session_of(session) == name
    for forged in (
        "",
        ".",
        "..",
        f"{int(ends) + 9999}.{name}.{signature}",
        f"{ends}.{'0' * 16}.{signature}",
        "\udcff.a.b",
    ):
        assert keeper.session_of(forged) is None
    assert Gatekeeper("u" * 43, shop.clock).session_of(session) is None


def test_the_token_is_kept_to_oneself_and_stays(shop: Shop) -> None:
    first = Gatekeeper.of_home(shop.directory, shop.clock)
    kept = shop.directory / "secrets" / "console-token"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert Gatekeeper.of_home(shop.directory, shop.clock).token == first.token
    assert len(first.token) >= 32


def test_the_list_of_a_day_is_masked_until_someone_asks_on_record(visit: Any, shop: Shop) -> None:
    first = shop.morning()

    async def script(client: Client) -> None:
        text = await (await client.get("/v1/calls", headers=BEARER)).text()
        for name, number in PEOPLE:
            assert name not in text and name.split()[0] not in text and number not in text
        masked = views.CallList.model_validate_json(text)
        assert masked.total == len(masked.calls) == 8
        assert masked.day.isoformat() == "2026-11-18" and masked.time_zone == "America/Sao_Paulo"
        assert [call.started_at for call in masked.calls] == sorted((c.started_at for c in masked.calls), reverse=True)
        promised = next(call for call in masked.calls if call.id == first)
        assert promised.disposition == "PTP" and promised.has_recording and promised.latency_s == 0.71
        assert promised.promise is not None
        assert (promised.promise.total, promised.promise.instalments) == ("1200.00", 3)
        assert not _events(shop, "personal_data.shown")

        shown = views.CallList.model_validate(await (await client.get("/v1/calls?reveal=true", headers=BEARER)).json())
        assert {(call.name, call.number) for call in shown.calls} == set(PEOPLE)
        looked = _events(shop, "personal_data.shown")
        assert {event.stream_id for event in looked} == {call.id for call in masked.calls} and len(looked) == 8
        for event in looked:
            assert event.actor == "api" and event.payload == {"day": "2026-11-18", "calls": 8}
        with shop.db.read() as connection:
            (look,) = portrait(connection, shop.taken[1].person_id)["access"]
        assert (look["who"], look["what"]) == ("api", "personal_data.shown")

        empty = await (await client.get("/v1/calls?day=2026-11-17", headers=BEARER)).json()
        assert empty["total"] == 0 and empty["calls"] == []

    visit(script)


def test_calls_beyond_those_given_at_once_are_asked_for(
    visit: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceagent.web.lines.LIMIT", 3)
    shop.morning()

    async def script(client: Client) -> None:
        found: list[str] = []
        for offset in (0, 3, 6, 9):
            part = await (await client.get(f"/v1/calls?offset={offset}", headers=BEARER)).json()
            assert part["total"] == 8
            found += [call["started_at"] for call in part["calls"]]
        assert len(found) == 8 and found == sorted(found, reverse=True)
        assert (await client.get("/v1/calls?reveal=1&offset=6", headers=BEARER)).status == 200
        assert len(_events(shop, "personal_data.shown")) == 2, "only whom the part shows"

    visit(script)


@pytest.mark.parametrize(
    "query",
    [
        "day=18/11/2026",
        "day=2026-02-30",
        "day=9999-12-31",
        "day=0001-01-01",
        "day=",
        "reveal=yes",
        "offset=-1",
        "offset=",
        "offset=９",
        "day=２０２６-11-18",
    ],
)
def test_a_bad_query_is_one_clear_problem(visit: Any, query: str) -> None:
    async def script(client: Client) -> None:
        answer = await client.get(f"/v1/calls?{query}", headers=BEARER)
        assert answer.status == 400
        assert views.Problem.model_validate(await answer.json()).code in ("bad_day", "bad_flag", "bad_offset")

    visit(script)


def test_a_call_is_told_in_the_order_it_was_spoken(visit: Any, shop: Shop) -> None:
    first = shop.morning()

    async def script(client: Client) -> None:
        text = await (await client.get(f"/v1/calls/{first}", headers=BEARER)).text()
        assert "Marina" not in text and "Teixeira" not in text
        told = views.CallDetail.model_validate_json(text)
        assert [turn.speaker for turn in told.turns] == ["agent", "debtor"] * 5 + ["agent"]
        starts = [turn.started_s or 0 for turn in told.turns]
        assert starts == sorted(starts)
        identity = told.turns[3]
        assert identity.sensitive and identity.text is None
        assert told.turns[5].slots == {"instalments": 3} and told.turns[5].intent == "counter_offer"
        assert told.agreement is not None and told.agreement.total == "1200.00" and told.agreement.discount == "150.00"
        assert [part.amount for part in told.agreement.instalments] == ["400.00"] * 3
        assert told.decision is not None and told.decision.allow and told.decision.rules == ["BR-08"]
        assert told.recording is not None and told.recording.marks == [(11.6, 13.4)]
        assert [one.kind for one in told.happenings] == ["identity.verified", "promise.made"]
        assert (told.creditor, told.currency) == ("Loja Aurora", "BRL")

        shown = await (await client.get(f"/v1/calls/{first}?reveal=1", headers=BEARER)).json()
        assert shown["call"]["name"] == "Marina Alves Teixeira" and "Marina" in shown["turns"][0]["text"]
        (event,) = _events(shop, "personal_data.shown")
        assert event.stream_id == first

        for unknown in (uuid.uuid4(), "not-an-id"):
            answer = await client.get(f"/v1/calls/{unknown}", headers=BEARER)
            assert answer.status == 404 and (await answer.json())["code"] == "unknown_call"

    visit(script)


def test_a_call_without_an_agreement_tells_the_currency_of_its_debts(visit: Any, shop: Shop) -> None:
    debt = Debt("M-1", "Tienda", "crédito", Money(90_000, "MXN"), Money(0, "MXN"), DAY)
    case = Case("Ana", "7" * 11, Language.ES, "MX", (debt,), None, ("+525512340001",))
    (taken,) = import_cases(shop.journal, [case], source="test")
    call, nobody = uuid.uuid4(), uuid.uuid4()
    for one, case_id, person_id in ((call, taken.case_id, taken.person_id), (nobody, None, None)):
        shop.tell(one, CallAttempted(case_id, person_id, None, "rehearsal", local_date=DAY, local_hour=10))

    async def script(client: Client) -> None:
        assert (await (await client.get(f"/v1/calls/{call}", headers=BEARER)).json())["currency"] == "MXN"
        assert (await (await client.get(f"/v1/calls/{nobody}", headers=BEARER)).json())["currency"] is None

    visit(script)


def test_a_dictated_number_or_address_is_shown_to_who_asks_on_record_alone(visit: Any, shop: Shop) -> None:
    call = shop.dial(0)
    shop.answer(call)
    said = (
        ("debtor", "ask_mobile", "11912345678", 1.0, 2.0, {"result": "dtmf"}),
        ("agent", "check_mobile", "Anotei um um, nove um, dois três, quatro cinco, seis sete, oito.", 3.0, 6.0, {}),
        ("debtor", "ask_email", "joana ponto dias", 7.0, 8.0, {"result": "no_match"}),
        ("agent", "check_email", "Anotei joana ponto di", 9.0, 11.0, {}),
        ("debtor", "offer", "me liga no nove um dois três quatro", 12.0, 14.0, {}),
        ("debtor", "offer", "pago mil e duzentos reais dia quinze", 15.0, 18.0, {}),
    )
    shop.talk(call, 0, said)
    summary = private_ref("summary", "Palavras: “liga no 11 91234-5678”.", shop.clock.now())
    shop.tell(call, HandOverBegan(uuid.uuid4(), "humans", "human", False, summary))

    async def script(client: Client) -> None:
        masked = await (await client.get(f"/v1/calls/{call}", headers=BEARER)).json()
        assert [turn["text"] for turn in masked["turns"]] == [
            *["•••"] * 4,
            "me liga no •••",
            "pago mil e duzentos reais dia quinze",
        ]
        assert masked["hand_overs"][0]["summary"] == "Palavras: “liga no •••”."
        shown = await (await client.get(f"/v1/calls/{call}?reveal=1", headers=BEARER)).json()
        assert [turn["text"] for turn in shown["turns"]] == [line[2] for line in said]
        assert shown["hand_overs"][0]["summary"] == "Palavras: “liga no 11 91234-5678”."
        assert len(_events(shop, "personal_data.shown")) == 1

    visit(script)


def test_parts_asked_for_at_the_same_moment_are_one_listening(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = shop.context.audit
    both = threading.Barrier(2)
    written = []

    def slowly(_audit: Audit, *event: object) -> None:
        written.append(event)
        # As long as the other could come in beside this one: with one after the other nobody does.
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)

    monkeypatch.setattr(Audit, "_record", slowly)
    call, recording = uuid.uuid4(), uuid.uuid4()
    parts = [
        threading.Thread(target=audit.listened, args=("ana", call, recording), kwargs={"download": False})
        for _ in range(2)
    ]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
    assert len(written) == 1


def test_sound_comes_in_ranges_and_each_listening_is_recorded_once(visit: Any, shop: Shop) -> None:
    first = shop.morning()
    whole = (shop.directory / f"{first}.wav").read_bytes()

    async def script(client: Client) -> None:
        path = f"/v1/calls/{first}/recording"
        head = await client.head(path, headers=BEARER)
        assert head.status == 200 and int(head.headers["Content-Length"]) == len(whole)
        assert not _events(shop, "recording.listened")
        answer = await client.get(path, headers=BEARER | {"Range": "bytes=1000-1999"})
        assert answer.status == 206 and await answer.read() == whole[1000:2000]
        assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
        assert answer.headers["Content-Type"] == "audio/wav" and "no-store" in answer.headers["Cache-Control"]
        rest = await client.get(path, headers=BEARER | {"Range": "bytes=2000-"})
        assert await rest.read() == whole[2000:]
        beyond = await client.get(path, headers=BEARER | {"Range": f"bytes={len(whole)}-"})
        assert beyond.status == 416
        assert len(_events(shop, "recording.listened")) == 1
        kept = await client.get(f"{path}?download=1", headers=BEARER)
        assert await kept.read() == whole and "attachment" in kept.headers["Content-Disposition"]
        assert [event.payload["download"] for event in _events(shop, "recording.listened")] == [False, True]
        shop.clock.advance(timedelta(minutes=11).total_seconds())
        await client.get(path, headers=BEARER)
        assert len(_events(shop, "recording.listened")) == 3

    visit(script)


def test_a_recording_that_is_not_there_says_so(visit: Any, shop: Shop) -> None:
    first = shop.morning()
    (shop.directory / f"{first}.wav").unlink()
    silent = shop.unanswered_call(2)

    async def script(client: Client) -> None:
        gone = await client.get(f"/v1/calls/{first}/recording", headers=BEARER)
        assert gone.status == 404 and (await gone.json())["code"] == "recording_missing"
        never = await client.get(f"/v1/calls/{silent}/recording", headers=BEARER)
        assert never.status == 404 and (await never.json())["code"] == "no_recording"
        assert not _events(shop, "recording.listened")

    visit(script)


def test_nothing_outside_the_recordings_directory_is_served(visit: Any, shop: Shop) -> None:
    from voiceagent.journal.catalogue import RecordingClosed, RecordingOpened

    outside = shop.directory.parent / "outside.wav"
    outside.write_bytes(b"secret")
    call = shop.unanswered_call(0)
    for path in ("../outside.wav", str(outside)):
        recording = uuid.uuid4()
        shop.clock.advance(1)
        shop.tell(call, RecordingOpened(recording, path), RecordingClosed(recording, 1.0, 6, "00" * 32))

        async def script(client: Client) -> None:
            answer = await client.get(f"/v1/calls/{call}/recording", headers=BEARER)
            assert answer.status == 404 and b"secret" not in await answer.read()

        visit(script)


def test_peaks_show_who_spoke_when(visit: Any, shop: Shop) -> None:
    first = shop.morning()

    async def script(client: Client) -> None:
        answer = await client.get(f"/v1/calls/{first}/waveform", headers=BEARER)
        wave = views.Waveform.model_validate(await answer.json())
        assert len(wave.agent) == len(wave.debtor) == 900
        at = lambda seconds: int(seconds / wave.seconds * 900)  # noqa: E731
        assert wave.agent[at(3)] > 0.05 > wave.debtor[at(3)]
        assert wave.debtor[at(23)] > 0.05 > wave.agent[at(23)]
        assert not _events(shop, "recording.listened")

    visit(script)


def test_kpis_and_seats_are_those_of_the_tables(visit: Any, shop: Shop) -> None:
    live = shop.morning() and shop

    async def script(client: Client) -> None:
        kpis = views.Measures.model_validate(await (await client.get("/v1/kpis", headers=BEARER)).json())
        values = {name: kpis.kpis[name].value for name in ("attempts", "answered", "human", "right_party", "promises")}
        assert values == {"attempts": 8, "answered": 6, "human": 3, "right_party": 2, "promises": 2}
        assert kpis.money["BRL"]["promised"].value == "2400.00"
        assert kpis.kpis["tma_s"].denominator == 3
        assert kpis.inbound.kpis["attempts"].value == 0 and not kpis.inbound.money
        yesterday = await client.get("/v1/kpis?from=2026-11-16&to=2026-11-17", headers=BEARER)
        assert (await yesterday.json())["kpis"]["attempts"]["value"] == 0
        assert (await client.get("/v1/kpis?from=2026-11-17&to=2026-11-16", headers=BEARER)).status == 400
        board = views.Board.model_validate(await (await client.get("/v1/seats", headers=BEARER)).json())
        assert {seat.name: seat.state for seat in board.seats} == {
            "pa-1": "talking", "pa-2": "idle", "pa-3": "wrapup", "pa-4": "offline",
        }  # fmt: skip
        days = views.DayList.model_validate(await (await client.get("/v1/days", headers=BEARER)).json())
        assert [(day.day.isoformat(), day.calls) for day in days.days] == [("2026-11-18", 8)]

    assert live
    visit(script)


def test_calls_that_came_in_are_measured_apart_and_never_left_out(visit: Any, shop: Shop) -> None:
    shop.morning()
    call, kept, now = uuid.uuid4(), shop.taken[2], shop.clock.now()
    shop.tell(
        call,
        CallAttempted(
            kept.case_id, kept.person_id, kept.phone_ids[0], "rehearsal", direction="in", purpose="inbound",
            local_date=now.date(), local_hour=10,
        ),
        CallAnswered(),
    )  # fmt: skip
    shop.promise(call, 2)
    shop.end(call, "PTP", 40.0, human=True, right_party=True)

    async def script(client: Client) -> None:
        told = views.Measures.model_validate(await (await client.get("/v1/kpis", headers=BEARER)).json())
        assert told.kpis["attempts"].value == 8 and told.money["BRL"]["promised"].value == "2400.00"
        theirs = told.inbound
        assert (theirs.kpis["attempts"].value, theirs.kpis["promises"].value) == (1, 1)
        assert theirs.kpis["service_level"].denominator == 1
        assert theirs.money["BRL"]["promised"].value == "1200.00"

    visit(script)


def test_looking_is_refused_when_it_cannot_be_recorded(visit: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from voiceagent.base.errors import UnavailableError

    first = shop.morning()

    def fails(*_: object, **__: object) -> None:
        raise UnavailableError("the database is locked")

    monkeypatch.setattr("voiceagent.journal.journal.Journal.record", fails)

    async def script(client: Client) -> None:
        for path in (f"/v1/calls/{first}/recording", f"/v1/calls/{first}?reveal=1", "/v1/calls?reveal=1"):
            answer = await client.get(path, headers=BEARER)
            assert answer.status == 503
            assert "Marina" not in await answer.text()

    visit(script)


def test_a_cookie_is_enough_to_listen_and_names_the_listener(visit: Any, shop: Shop) -> None:
    first = shop.morning()

    async def script(client: Client) -> None:
        assert isinstance(client.session.cookie_jar, CookieJar)
        await client.post("/v1/session", json={"token": TOKEN})
        assert (await client.get(f"/v1/calls/{first}/recording")).status == 200
        (event,) = _events(shop, "recording.listened")
        assert event.actor.startswith("console:")
        assert (await client.delete("/v1/session")).status == 204
        assert (await client.get("/v1/days")).status == 401

    visit(script)


def test_live_tells_everything_first_and_then_only_what_changed(
    visit: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    monkeypatch.setattr("voiceagent.web.live.POLL_S", 0.02)
    shop.morning()

    async def script(client: Client) -> None:
        async with client.get("/v1/live", headers=BEARER) as stream:
            assert stream.content_type == "text/event-stream"

            async def next_event() -> tuple[str, Any]:
                name = ""
                async for line in stream.content:
                    if line.startswith(b"event: "):
                        name = line[7:].strip().decode()
                    elif line.startswith(b"data: "):
                        return name, json.loads(line[6:])
                raise AssertionError("the stream ended")

            first = dict([await next_event() for _ in range(3)])
            assert first.keys() == {"seats", "calls", "kpis"}
            assert first["calls"]["whole"] and len(first["calls"]["calls"]) == 8
            assert all(row["masked"] for row in first["calls"]["calls"])
            call = await asyncio.to_thread(shop.unanswered_call, 2)
            name, said = await next_event()
            # The call may be seen while it is dialled, or when it has ended.
            assert name == "calls" and not said["whole"] and said["total"] == 9
            assert [row["id"] for row in said["calls"]] == [str(call)]

    visit(script)


def test_the_live_view_goes_on_after_an_error_that_nobody_foresaw(
    visit: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from voiceagent.web import live

    monkeypatch.setattr("voiceagent.web.live.POLL_S", 0.001)
    shop.morning()
    looked, looks = live.take_picture, iter(range(1_000_000))

    def fails_at_first(*wanted: Any) -> live.Picture:
        if next(looks) == 0:
            raise RuntimeError("no such thing")
        return looked(*wanted)

    monkeypatch.setattr("voiceagent.web.live.take_picture", fails_at_first)

    async def script(client: Client) -> None:
        async with client.get("/v1/live", headers=BEARER) as stream:
            async for line in stream.content:
                if line.startswith(b"event: "):
                    break
            else:
                raise AssertionError("the stream ended")

    visit(script)
    assert "no such thing" in caplog.text


def test_a_promise_in_doubt_is_listed_shown_and_decided_once(visit: Any, shop: Shop) -> None:
    call = shop.promised_call()
    with shop.db.read() as connection:
        (one,) = waiting(connection, shop.journal.tenant_id)
    heard = {"turn": 5, "term": "yes", "first": "pode confirmar", "second": ["não pode, Marina Alves"]}
    keep_look(shop.journal, one, Look({"yes": LookVerdict.DIFFERS}, [heard], "whisper"))

    async def script(client: TestClient[Any, Any]) -> None:
        (doubt,) = (await (await client.get("/v1/reviews", headers=BEARER)).json())["doubts"]
        assert doubt["call"] == str(call) and doubt["name"] == "M••• A••• T•••"
        assert "Marina" not in doubt["review"]["heard"][0]["second"][0]
        where = f"/v1/reviews/{doubt['agreement']}"
        for body in (b"", b"[]", b'{"outcome": "perhaps", "note": ""}', b'{"outcome": "confirmed"}'):
            assert (await client.post(where, headers=BEARER, data=body)).status == 400
        assert (await client.post(where, json={"outcome": "confirmed", "note": ""})).status == 401
        decided = await client.post(where, headers=BEARER, json={"outcome": "cancelled", "note": "ele disse não"})
        assert decided.status == 204
        again = await client.post(where, headers=BEARER, json={"outcome": "confirmed", "note": ""})
        assert again.status == 400 and (await again.json())["code"] == "already_decided"
        assert (await (await client.get("/v1/reviews", headers=BEARER)).json()) == {"doubts": []}
        unknown = await client.post(f"/v1/reviews/{call}", headers=BEARER, json={"outcome": "confirmed", "note": ""})
        assert unknown.status == 404
        agreement = (await (await client.get(f"/v1/calls/{call}", headers=BEARER)).json())["agreement"]
        assert agreement["review"]["outcome"] == "cancelled" and agreement["review"]["decided_by"] == "api"
        assert {part["status"] for part in agreement["instalments"]} == {"cancelled"}

    visit(script)
