"""Guards docs/faults.md: every row of what happens when something breaks names a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voiceagent.settings.paths import ROOT

PAGE = ROOT / "docs" / "faults.md"
TESTS = ROOT / "tests"


def rows() -> list[list[str]]:
    """The cells of each row of each table with a column `proved by`."""
    found: list[list[str]] = []
    inside = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[-1] == "proved by":
            inside = True
        elif inside and not set(line) <= set("|- "):
            found.append(cells)
    return found


def test_the_page_has_both_tables() -> None:
    assert len(rows()) >= 25


@pytest.mark.parametrize("cells", rows(), ids=lambda cells: str(cells[0])[:40])
def test_each_row_is_whole_and_names_a_test_that_there_is(cells: list[str]) -> None:
    assert len(cells) == 5 and all(cells)
    named = re.fullmatch(r"`([\w/]+\.py)::(test_\w+)`", cells[-1])
    assert named is not None, cells[-1]
    file = Path(TESTS / named[1])
    assert file.is_file(), named[1]
    assert re.search(rf"^def {named[2]}\(", file.read_text(encoding="utf-8"), re.MULTILINE), named[2]
