"""Guards the pages of segments and privacy as a person uses them, in a real browser that may complain of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.browser import Page
from tests.web.shop import Shop
from tests.web.test_console_in_a_browser import TOKEN, Visit, shop, visit
from voiceagent.cases.segments import Intensity, save_segment

pytestmark = pytest.mark.browser
__all__ = ["shop", "visit"]


def fill(selector: str, text: str) -> str:
    return f"document.querySelector('{selector}').value = '{text}'"


def test_segments_and_privacy_from_the_bar_on_top(visit: Visit, shop: Shop, tmp_path: Path) -> None:
    shop.morning()
    save_segment(shop.context.journal, "paulistas", "state = SP", intensity=Intensity())

    async def script(page: Page, url: str) -> None:
        await page.goto(f"{url}#token={TOKEN}")
        await page.press('.top nav a[href="#/segments"]')
        await page.until("document.querySelector('#segments')?.innerText.includes('paulistas')")
        assert await page.text('.top nav [aria-current="page"]') == "Segmentos"
        await page.press("#segments tbody button")
        await page.until("document.querySelector('#filter-answer b')")
        held = await page.text("#filter-answer b")
        assert held.isdigit() and held in await page.text("#segments")
        await page.ask(fill("#filter", "state = SP and nonsense > 3"))
        await page.press("form.ask button")
        await page.until("document.querySelector('#filter-answer .error')?.innerText.includes('nonsense')")
        assert await page.text("#filter-answer .error") == (
            "Coluna 16: não há o campo “nonsense”; os que há estão abaixo."
        )
        # The refusal itself is the one thing a browser reports.
        assert page.errors and all("400" in error for error in page.errors)
        page.errors.clear()

        await page.press('.top nav a[href="#/privacy"]')
        await page.until("document.getElementById('contact')")
        await page.ask(fill("#contact", "+5511987650001"))
        await page.press("form.ask button")
        await page.until("document.querySelector('#person h2')")
        assert "+5511•••01" in await page.text("#person") and "Marina" not in await page.text("#person")
        await page.press("#reveal")
        await page.until("document.querySelector('#person').innerText.includes('Marina Alves Teixeira')")
        assert "dados pessoais" in (await page.text("#access")).lower()
        await page.ask(fill("#hold-reason", "processo 12"))
        await page.press("#hold button")
        await page.until("document.querySelector('#person').innerText.includes('Retida: processo 12')")
        await page.resize(390, 844)
        assert await page.ask("document.documentElement.scrollWidth <= innerWidth")
        await page.resize(1280, 900)
        await page.ask(fill("#erase-reason", "carta"))
        await page.ask(fill("#erase-confirm", "+5511987650001"))
        await page.press("#erase button")
        await page.until("document.querySelector('#erase .error').innerText.includes('encerre a retenção')")
        page.errors.clear()
        await page.ask(fill("#hold-reason", "encerrado"))
        await page.press("#hold button")
        await page.until("!document.querySelector('#person').innerText.includes('Retida')")
        await page.ask(fill("#erase-reason", "carta"))
        await page.ask(fill("#erase-confirm", "+5511987650001"))
        await page.press("#erase button")
        await page.until("document.querySelector('#person').innerText.includes('Apagada em')")
        assert "Marina" not in await page.text("#person")

    visit(script)
