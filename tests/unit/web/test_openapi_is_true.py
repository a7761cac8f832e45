"""Guards the API's description: it names every route and no other, and its references and schemas hold."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from tests.web.shop import Shop
from voiceagent.web import views
from voiceagent.web.app import build_app
from voiceagent.web.auth import Gatekeeper
from voiceagent.web.openapi import OPERATIONS, document

BEARER = {"Authorization": f"Bearer {'t' * 43}"}


def test_the_document_and_the_routes_are_the_same(shop: Shop) -> None:
    app = build_app(shop.context, Gatekeeper("t" * 43, shop.clock))
    routed = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/v1/") and route.method != "HEAD"
    }
    assert routed == {(operation.method, operation.path) for operation in OPERATIONS}


def test_every_reference_points_at_a_schema() -> None:
    said = document()
    assert said["openapi"].startswith("3.1.")

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    found = references(said)
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in said["components"]["schemas"]


def test_answers_are_of_the_model_and_status_the_document_names(visit: Any, shop: Shop) -> None:
    call = shop.promised_call()

    async def script(client: TestClient[Any, Any]) -> None:
        assert await (await client.get("/v1/openapi.json")).json() == document()
        for operation in OPERATIONS:
            if operation.method != "get" or operation.path == "/v1/live":
                continue
            answer = await client.get(operation.path.format(id=call), headers=BEARER)
            words, media, model = operation.answers[answer.status]
            assert words and answer.content_type == media, operation.path
            if model is not None:
                model.model_validate(await answer.json())
            stranger = await client.get(operation.path.format(id=call))
            expected = 401 if operation.needs_token else 200
            assert stranger.status == expected, operation.path
            if stranger.status >= 400:
                assert stranger.status in operation.problems
                views.Problem.model_validate(await stranger.json())

    visit(script)
