"""Guards promised calls over the API: made on the debtor's clock at a lawful instant, shown masked, cancelled once."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from tests.web.shop import Shop
from voiceagent.journal.journal import read_events

BEARER = {"Authorization": f"Bearer {'t' * 43}"}
#: Marina of the shop; it is Wednesday, 10:00 in São Paulo.
HERS = "+5511987650001"


def test_a_call_is_promised_shown_and_cancelled(visit: Any, shop: Shop) -> None:
    shop.promised_call()

    async def script(client: TestClient[Any, Any]) -> None:
        wish = {"contact": HERS, "at": "2026-12-21T22:00", "reason": "asked on the web page"}
        answer = await client.post("/v1/callbacks", json=wish, headers=BEARER)
        assert answer.status == 201, await answer.text()
        made = await answer.json()
        assert made["zone"] == "America/Sao_Paulo" and made["wanted_at"] == "2026-12-21T22:00:00-03:00"
        assert made["due_at"] > made["wanted_at"], "nobody is called at ten in the evening"
        shown = await (await client.get("/v1/callbacks?status=open", headers=BEARER)).json()
        (one,) = shown["callbacks"]
        assert (one["id"], one["origin"], one["status"]) == (made["id"], "debtor_asked", "open")
        assert one["name"] == "M••• A••• T•••" and one["number"] == "+5511•••01"
        gone = await client.delete(f"/v1/callbacks/{made['id']}", headers=BEARER)
        assert gone.status == 204
        assert (await client.delete(f"/v1/callbacks/{made['id']}", headers=BEARER)).status == 404
        assert (await client.delete("/v1/callbacks/mine", headers=BEARER)).status == 404
        left = await (await client.get("/v1/callbacks?status=open", headers=BEARER)).json()
        all_ = await (await client.get("/v1/callbacks", headers=BEARER)).json()
        assert left["callbacks"] == [] and all_["callbacks"][0]["status"] == "cancelled"

    visit(script)
    with shop.db.read() as connection:
        told = {event.type: event.actor for event in read_events(connection)}
    assert told["callback.requested"] == told["callback.closed"] == "api"


def test_what_cannot_be_promised_is_said_in_one_line(visit: Any, shop: Shop) -> None:
    shop.promised_call()

    async def script(client: TestClient[Any, Any]) -> None:
        for wish, status, says in (
            ({"contact": HERS}, 400, "the body must be JSON"),
            ({"contact": HERS, "at": "soon"}, 400, "when is 'soon'"),
            ({"contact": "+5511987659999", "at": "18:00"}, 400, "nobody is known"),
            ({"contact": HERS, "at": "18:00", "number": "+5511987659999"}, 400, "no such number"),
        ):
            answer = await client.post("/v1/callbacks", json=wish, headers=BEARER)
            assert answer.status == status and says in (await answer.json())["detail"]
        answer = await client.get("/v1/callbacks?status=late", headers=BEARER)
        assert answer.status == 400 and "open" in (await answer.json())["detail"]
        assert (await client.post("/v1/callbacks", json={"contact": HERS, "at": "18:00"})).status == 401

    visit(script)
