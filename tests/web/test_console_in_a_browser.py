"""Guards what a person sees: the board and a call in a real browser, seeking by a click, and no complaint of it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from tests.web.browser import Page, browser, find_chromium
from tests.web.shop import DAY, Shop
from voiceagent.dialer.callbacks import add_callback, all_callbacks
from voiceagent.journal.catalogue import CallAnswered, CallAttempted
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.web.app import build_app
from voiceagent.web.auth import Gatekeeper

pytestmark = pytest.mark.browser

TOKEN = "t" * 43
Visit = Callable[[Callable[[Page, str], Awaitable[None]]], None]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def visit(shop: Shop, tmp_path: Path) -> Visit:
    """Run a coroutine with a fresh browser's page and the console's address; it must leave the browser content."""
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium is not installed")

    def run(script: Callable[[Page, str], Awaitable[None]]) -> None:
        async def main() -> None:
            runner = web.AppRunner(build_app(shop.context, Gatekeeper(TOKEN, shop.clock)))
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            try:
                async with browser(program, tmp_path / "profile") as page:
                    await page.resize(1280, 900)
                    await script(page, f"http://127.0.0.1:{runner.addresses[0][1]}/")
                    assert page.errors == []
            finally:
                await runner.cleanup()

        asyncio.run(asyncio.wait_for(main(), 180))

    return run


def test_a_stranger_is_asked_for_the_token_and_sees_nothing(visit: Visit, shop: Shop) -> None:
    shop.morning()

    async def script(page: Page, url: str) -> None:
        await page.goto(url)
        assert "Entrar no console" in await page.text(".sign-in")
        assert await page.ask("document.querySelectorAll('tr').length") == 0
        await page.ask("document.getElementById('token').value = 'wrong'")
        await page.press(".sign-in button")
        assert "não é a chave" in await page.text(".sign-in .error")
        assert await page.ask("document.querySelectorAll('tr').length") == 0
        # The refusal itself is the one thing a browser reports.
        assert page.errors and all("401" in error for error in page.errors)
        page.errors.clear()

    visit(script)


def test_the_board_shows_the_morning_and_grows_by_itself(visit: Visit, shop: Shop) -> None:
    shop.morning()

    async def script(page: Page, url: str) -> None:
        await page.goto(f"{url}#token={TOKEN}")
        await page.until("document.querySelectorAll('tr[data-call]').length === 8")
        assert "token" not in await page.ask("location.href")
        assert "quarta-feira, 18 de novembro de 2026" in (await page.text("h1")).lower()
        assert (await page.text("#kpi-attempts .value")) == "8"
        assert (await page.text("#kpi-right_party .value")) == "2"
        assert "67%" in await page.text("#kpi-right_party")
        assert (await page.text("#kpi-promised .value")).replace("\xa0", " ") == "R$ 2.400,00"
        assert "em conversa" in await page.text('[data-seat="pa-1"]')
        assert "fora do ar" in await page.text('[data-seat="pa-4"]')
        listed = await page.text("table.list")
        assert "PTP promessa de pagamento" in listed and "WN número errado" in listed and "0,71 s" in listed
        assert "Marina" not in listed and "+5511•••01" in listed

        await page.press("#reveal")
        await page.until("document.querySelector('table.list').innerText.includes('Marina Alves Teixeira')")
        await page.press("#reveal")
        await page.until("!document.querySelector('table.list').innerText.includes('Marina')")

        await page.ask(
            "(() => { window.known = [...document.querySelectorAll('tr[data-call], [data-seat]')];"
            " window.focused = document.querySelector('tr[data-call]:nth-child(3) a'); window.focused.focus(); })()"
        )
        await asyncio.to_thread(shop.unanswered_call, 2)
        await page.until("document.querySelectorAll('tr[data-call]').length === 9")
        # What did not change is left alone: whoever is about to press it still can.
        assert await page.ask("window.known.length === 12 && window.known.every((node) => node.isConnected)")
        assert await page.ask("document.activeElement === window.focused")
        await page.until("document.querySelector('#kpi-attempts .value').innerText === '9'")

        await _switch(page, "es")
        await page.until("document.querySelector('table.list')?.innerText.includes('promesa de pago')")
        assert (await page.text("#kpi-promised .value")).replace("\xa0", " ") == "R$ 2.400,00"
        written = await page.ask(
            "import('/ui/i18n.js').then(({ money, sums }) => [...['BRL', 'MXN', 'CLP', 'EUR'].map((c) => "
            "money(c === 'CLP' ? '3301' : '3301.50', c)), sums({ MXN: '1.00', COP: '2.00' })])"
        )
        assert [text.replace("\xa0", " ") for text in written] == [
            "R$ 3.301,50", "$3,301.50", "$3.301", "3301,50 €", "MXN 1.00 + COP 2.00",
        ]  # fmt: skip
        await _switch(page, "en")
        await page.until("document.querySelector('table.list')?.innerText.includes('promise to pay')")
        await page.resize(390, 844)
        assert await page.ask("document.documentElement.scrollWidth <= innerWidth")
        await page.press(".top button")
        await page.until("document.querySelector('.sign-in')")

    visit(script)


def test_a_call_is_read_and_heard_and_a_click_on_a_turn_plays_it(visit: Visit, shop: Shop) -> None:
    first = shop.morning()

    async def script(page: Page, url: str) -> None:
        await page.goto(f"{url}#token={TOKEN}")
        await page.press(f'tr[data-call="{first}"] .c-name')
        await page.until("document.querySelector('.wave.agent')")
        assert await page.ask("document.querySelectorAll('.timeline .turn').length") == 11
        transcript = await page.text("#transcript")
        assert "consigo parcelar em três vezes" in transcript
        assert "resposta de identificação, não guardada" in transcript
        assert "contraproposta" in transcript and "81%" in transcript and "Marina" not in transcript
        assert "R$ 1.200,00" in (await page.text("#promise")).replace("\xa0", " ")
        assert "15 de dez. de 2026" in await page.text("#promise")
        assert "Ligação permitida" in await page.text("#decision")
        assert not await asyncio.to_thread(_listened, shop)

        await page.ask(
            "(() => { window.sought = []; const audio = document.getElementById('audio');"
            " audio.addEventListener('seeked', () => window.sought.push(audio.currentTime)); })()"
        )
        await page.press('[data-turn="debtor-3"] .bubble')
        assert await page.until("window.sought[0]") == pytest.approx(21.9, abs=0.2)
        await page.until("document.getElementById('audio').currentTime > window.sought[0] + 0.1")
        await page.press("#play")
        await page.until("document.getElementById('audio').paused")
        assert await asyncio.to_thread(_listened, shop) == 1

        await page.press("#timeline")
        await page.until("Math.abs(window.sought.at(-1) - 24.25) < 0.5")
        await page.until("document.querySelector('[data-turn=\"debtor-3\"]').classList.contains('current')")
        await page.press("#promise button")
        await page.until("document.getElementById('audio').currentTime > 41.5")
        for width in (390, 1280):
            await page.resize(width, 844, dark=True)
            assert await page.ask("document.documentElement.scrollWidth <= innerWidth")
        await page.press(".back")
        await page.until("document.querySelectorAll('tr[data-call]').length === 8")

    visit(script)


def test_more_calls_than_come_at_once_are_asked_for_and_found(
    visit: Visit, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceagent.web.lines.LIMIT", 5)
    shop.morning()

    async def script(page: Page, url: str) -> None:
        await page.goto(f"{url}#token={TOKEN}")
        await page.until("document.querySelectorAll('tr[data-call]').length === 5")
        assert "Mais 3 anteriores" in await page.text("table.list")
        await page.press("#reveal")
        await page.until("document.querySelector('table.list').innerText.includes('Abel Rocha Pinto')")
        await page.press("#calls-more")
        await page.until("document.querySelectorAll('tr[data-call]').length === 8")
        assert "Marina Alves Teixeira" in await page.text("table.list")
        assert not await page.ask("document.getElementById('calls-more') !== null")
        await page.press("#reveal")
        await page.until("!document.querySelector('table.list').innerText.includes('Marina')")
        await page.press("#reveal")
        await page.until("document.querySelector('table.list').innerText.includes('Marina Alves Teixeira')")

    visit(script)


def test_calls_that_came_in_have_a_line_of_their_own(visit: Visit, shop: Shop) -> None:
    shop.morning()
    call, kept = uuid.uuid4(), shop.taken[2]
    coming = CallAttempted(
        kept.case_id, kept.person_id, kept.phone_ids[0], "rehearsal", direction="in", local_date=DAY, local_hour=10
    )
    shop.tell(call, coming, CallAnswered())
    shop.promise(call, 2)
    shop.end(call, "PTP", 40.0, human=True, right_party=True)

    async def script(page: Page, url: str) -> None:
        await page.goto(f"{url}#token={TOKEN}")
        told = (await page.text("#kpi-inbound")).replace("\xa0", " ")
        assert "Recebidas, à parte: 1" in told and "Promessas: 1" in told and "R$ 1.200,00" in told
        assert (await page.text("#kpi-attempts .value")) == "8"
        await page.resize(390, 844)
        assert await page.ask("document.documentElement.scrollWidth <= innerWidth")

    visit(script)


async def _switch(page: Page, language: str) -> None:
    await page.ask(
        f"(() => {{ const s = document.querySelector('.top select'); s.value = '{language}'; "
        "s.dispatchEvent(new Event('change')); })()"
    )


def _listened(shop: Shop) -> int:
    from voiceagent.journal.journal import read_events

    with shop.db.read() as connection:
        return sum(event.type == "recording.listened" for event in read_events(connection))


def test_a_promised_call_is_shown_and_cancelled_by_a_click(visit: Visit, shop: Shop) -> None:
    shop.morning()
    rules = load_rules(Paths.from_environment().dialplans / "jurisdictions")
    later = shop.clock.now() + timedelta(days=40)
    add_callback(shop.journal, shop.taken[7].case_id, later, rules=rules)

    async def script(page: Page, url: str) -> None:
        await page.goto(f"{url}#token={TOKEN}")
        await page.until("document.querySelector('#callbacks:not([hidden]) [data-callback]')")
        assert "A••• R••• P•••" in await page.text("#callbacks")
        assert "pediu retorno" in await page.text("#callbacks")
        await page.press("#callbacks button")
        await page.until("document.querySelector('#callbacks[hidden]')")

    visit(script)
    with shop.db.read() as connection:
        (one,) = all_callbacks(connection, shop.journal.tenant_id)
    assert one["status"] == "cancelled"
