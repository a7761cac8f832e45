"""A shop with calls to hear again, and a listener that says what a test wants it to have heard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.migrated import migrated
from tests.web.shop import Shop


@dataclass
class Parrot:
    """Gives readings in turn, the same one again when it has no more; counts how often it was asked."""

    readings_: list[tuple[str, ...]] = field(default_factory=list)
    asked: int = 0

    def readings(self, pcm: bytes, language: str) -> tuple[str, ...]:
        """The next ones."""
        assert language == "pt-BR" and len(pcm) % 2 == 0 and pcm
        self.asked += 1
        return self.readings_[min(self.asked, len(self.readings_)) - 1]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that each test copies."""
    return migrated(tmp_path_factory.mktemp("quality") / "template.db")


@pytest.fixture
def shop(tmp_path: Path, template: Path) -> Iterator[Shop]:
    """A shop without calls."""
    shutil.copy(template, tmp_path / "shop.db")
    shop = Shop(tmp_path)
    yield shop
    shop.db.close()
