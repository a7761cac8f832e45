"""A shop with a morning of calls behind a test server, for the tests beside this file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.web.shop import Shop
from voiceagent.kpi.exporter import BusinessCollector
from voiceagent.service.leader import Leadership
from voiceagent.service.ticks import Service
from voiceagent.web.app import build_app
from voiceagent.web.auth import Gatekeeper

TOKEN = "t" * 43
BEARER = {"Authorization": f"Bearer {TOKEN}"}

Visit = Callable[[Callable[[TestClient[Any, Any]], Awaitable[None]]], None]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.db.close()


@pytest.fixture
def visit(shop: Shop) -> Visit:
    """Run a coroutine with a client of the shop's application."""

    def run(script: Callable[[TestClient[Any, Any]], Awaitable[None]]) -> None:
        async def main() -> None:
            business = [BusinessCollector(shop.db, shop.clock)]
            service = Service(Leadership(shop.db, shop.clock), shop.clock, [])
            app = build_app(shop.context, Gatekeeper(TOKEN, shop.clock), service, business)
            async with TestClient(TestServer(app)) as client:
                await script(client)

        asyncio.run(asyncio.wait_for(main(), 60))

    return run
