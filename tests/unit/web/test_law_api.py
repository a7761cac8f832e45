"""Guards segments and people over the API: counts, errors that say where, masks, nothing shown or erased unrecorded."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from tests.web.shop import Shop
from voiceagent.cases.segments import Intensity, save_segment
from voiceagent.journal.journal import read_events

BEARER = {"Authorization": f"Bearer {'t' * 43}"}
#: Marina of the shop.
HERS = "+5511987650001"


def events(shop: Shop) -> list[tuple[str, str]]:
    with shop.db.read() as connection:
        return [(event.type, event.actor) for event in read_events(connection, limit=5000)]


def test_segments_are_counted_now_and_a_bad_filter_says_where(visit: Any, shop: Shop) -> None:
    shop.morning()
    save_segment(shop.context.journal, "paulistas", "state = SP", intensity=Intensity(per_week=2))

    async def script(client: TestClient[Any, Any]) -> None:
        (one,) = (await (await client.get("/v1/segments", headers=BEARER)).json())["segments"]
        assert one["name"] == "paulistas" and one["cases"] == one["people"] > 0
        assert one["intensity"] == {"per_week": 2} and one["balance"]["BRL"]
        tried = await client.post("/v1/segments/count", json={"filter": "state = SP"}, headers=BEARER)
        assert (await tried.json())["cases"] == one["cases"]
        nobody = await client.post("/v1/segments/count", json={"filter": "state = RJ"}, headers=BEARER)
        assert (await nobody.json())["cases"] == 0
        bad = await client.post("/v1/segments/count", json={"filter": "state = SP and nonsense > 3"}, headers=BEARER)
        problem = await bad.json()
        assert bad.status == 400 and "nonsense" in problem["detail"]
        assert problem["values"] == {"fault": "no_field", "column": "16", "found": "nonsense"}
        assert (await client.post("/v1/segments/count", json={}, headers=BEARER)).status == 400
        fields = await (await client.get("/v1/segments/fields", headers=BEARER)).json()
        assert {"days_overdue", "x.NAME"} <= {field["name"] for field in fields["fields"]}
        for path in ("/v1/segments", "/v1/segments/fields"):
            assert (await client.get(path)).status == 401

    visit(script)


def test_a_person_is_shown_masked_and_every_look_is_recorded(visit: Any, shop: Shop) -> None:
    shop.morning()

    async def script(client: TestClient[Any, Any]) -> None:
        assert (await client.post("/v1/people", json={"contact": HERS})).status == 401
        assert (await client.post("/v1/people", json={"contact": "+5511900000000"}, headers=BEARER)).status == 400
        masked = await (await client.post("/v1/people", json={"contact": HERS}, headers=BEARER)).json()
        assert masked["masked"] and masked["name"] == "M••• A••• T•••"
        phone = next(one for one in masked["data"] if one["kind"] == "phone")
        assert phone["value"] == "+5511•••01" and phone["source"] and phone["purpose"] and phone["since"]
        assert HERS not in str(masked) and "Marina" not in str(masked)
        clear = {"contact": masked["id"], "reveal": True}
        shown = await (await client.post("/v1/people", json=clear, headers=BEARER)).json()
        assert shown["name"].startswith("Marina") and HERS in str(shown["data"])
        assert [one["what"] for one in shown["access"]] == ["personal_data.shown"]
        out = f"/v1/people/{masked['id']}/export"
        assert (await client.post(out, json={"reason": " "}, headers=BEARER)).status == 400
        whole = await (await client.post(out, json={"reason": "asked by letter"}, headers=BEARER)).json()
        assert whole["person"]["name"] == shown["name"] and whole["provenance"] and len(whole["access"]) == 3
        unknown = "/v1/people/00000000-0000-7000-8000-000000000000/export"
        assert (await client.post(unknown, json={"reason": "x"}, headers=BEARER)).status == 404

    visit(script)
    told = [kind for kind, actor in events(shop) if actor == "api"]
    assert told == ["personal_data.shown", "personal_data.shown", "personal_data.exported"]


def test_an_erasure_is_confirmed_and_a_hold_forbids_it(visit: Any, shop: Shop) -> None:
    shop.morning()

    async def script(client: TestClient[Any, Any]) -> None:
        found = await (await client.post("/v1/people", json={"contact": HERS}, headers=BEARER)).json()
        path = f"/v1/people/{found['id']}"

        async def erase(**wish: Any) -> tuple[int, dict[str, Any]]:
            answer = await client.post(f"{path}/erase", json=wish, headers=BEARER)
            return answer.status, await answer.json()

        assert (await client.post(f"{path}/hold", json={"reason": "lawsuit"}, headers=BEARER)).status == 204
        assert (await client.post(f"{path}/hold", json={}, headers=BEARER)).status == 400
        status, said = await erase(reason="asked by letter", confirm=HERS)
        assert status == 400 and said["code"] == "legal_hold" and "lawsuit" in said["detail"]
        assert (await client.post(f"{path}/hold", json={"lift": True}, headers=BEARER)).status == 204
        status, said = await erase(reason="asked by letter", confirm="+5511987650002")
        assert status == 400 and said["code"] == "not_confirmed"
        assert (await erase(reason=" ", confirm=HERS))[0] == 400
        status, said = await erase(reason="asked by letter", confirm=HERS)
        assert status == 200 and said["erased"] > 3
        left = await (
            await client.post("/v1/people", json={"contact": found["id"], "reveal": True}, headers=BEARER)
        ).json()
        assert left["erased_at"] and left["name"] is None
        assert not [one for one in left["data"] if one["kind"] in ("document", "name", "phone") and one["value"]]

    visit(script)
    assert ("private.erased", "api") in events(shop)
