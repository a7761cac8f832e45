"""Guards that scripts are read before calls need them, once, and that one that is gone stops no worker's start."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.dialer.campaigns import running_campaigns
from voiceagent.dialogue.script import Script
from voiceagent.journal.journal import Journal
from voiceagent.settings.dialplans import load_script
from voiceagent.settings.paths import ROOT
from voiceagent.storage.database import Database
from voiceagent.worker import content
from voiceagent.worker.content import Content, ContentShelf


def test_what_running_campaigns_are_held_by_is_at_hand_before_the_first_call(
    journal: Journal, campaign: Callable[..., object], db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign()
    shelf = ContentShelf(ROOT / "dialplans", db, journal.clock)
    shelf.stock(journal.tenant_id)
    monkeypatch.setattr(content, "load_script", None)
    with db.read() as connection:
        [running] = running_campaigns(connection, journal.tenant_id)
    assert shelf.take(running.script, str(running.language), running.policy).script.language == running.language


def test_seats_that_ask_together_wait_for_one_reading(
    journal: Journal, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = ContentShelf(ROOT / "dialplans", db, journal.clock)
    readings: list[Path] = []
    together = Barrier(4)

    def read(path: Path) -> Script:
        readings.append(path)
        return load_script(path)

    def ask() -> Content:
        together.wait(timeout=30)
        return shelf.take("negotiation", "pt-BR", "demo-br")

    monkeypatch.setattr(content, "load_script", read)
    with ThreadPoolExecutor(4) as seats:
        given = [each.result(timeout=30) for each in [seats.submit(ask) for _ in range(4)]]
    assert len(readings) == 1
    assert all(each is given[0] for each in given)


def test_a_script_that_is_gone_keeps_no_worker_from_starting(
    journal: Journal, campaign: Callable[..., object], db: Database, tmp_path: Path
) -> None:
    campaign()
    shelf = ContentShelf(tmp_path, db, journal.clock)
    shelf.stock(journal.tenant_id)
    with pytest.raises(BadInputError):
        shelf.take("negotiation", "pt-BR", "demo-br")
