"""Guards the walls: a room imports only what docs/architecture.md's table allows, and models stay out of workers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "voiceagent"

DOCUMENT = PACKAGE.parent / "docs" / "architecture.md"


def _table() -> tuple[dict[str, set[str]], set[str]]:
    """Room -> what it may import (an entry `room.module` allows that module only), and the pure rooms."""
    allowed, pure = {}, set()
    for room, is_pure, imports in re.findall(
        r"^\| `(\w+)/`( pure)? \|[^|]*\| ([^|]*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    ):
        allowed[room] = set() if imports == "–" else set(imports.split(", "))
        if is_pure:
            pure.add(room)
    return allowed, pure


TABLE, PURE = _table()

#: third-party modules a pure room may never touch: they do input, output or scheduling.
IMPURE = {"asyncio", "socket", "sqlite3", "sqlalchemy", "aiohttp", "threading", "subprocess", "logging", "wyoming"}


def _imports(path: Path) -> list[tuple[int, str]]:
    """Every module a file imports, with its line; `from a.b import c` counts as a.b.c."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write absolute imports"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def _files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_its_row_names(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    if room == "__init__.py":
        return
    assert room in TABLE, f"{room}/ has no row in the table of rooms"
    for line, name in _imports(path):
        parts = name.split(".")
        if parts[0] != "voiceagent" or len(parts) < 2 or parts[1] == room:
            continue
        allowed = parts[1] in TABLE[room] or ".".join(parts[1:3]) in TABLE[room]
        assert allowed, f"{path}:{line}: {room}/ may not import {name}"
    if room in PURE:
        for line, name in _imports(path):
            if room == "base" and name.split(".")[0] in {"threading"}:
                continue  # the id counter's lock
            assert name.split(".")[0] not in IMPURE, f"{path}:{line}: {room}/ is pure and may not import {name}"


def test_every_room_of_the_table_is_checked() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0] for path in _files()} - {"__init__.py"}
    assert rooms <= set(TABLE)
    assert rooms >= PURE
    for room, allowed in TABLE.items():
        assert {name.split(".")[0] for name in allowed} <= set(TABLE), room


@pytest.mark.parametrize("module", ["voiceagent.worker.main"])
def test_a_worker_loads_no_model_library(module: str) -> None:
    banned = ["vosk", "ctranslate2", "onnxruntime", "pyttsx3", "faster_whisper", "torch"]
    code = f"import sys, {module}; print([m for m in {banned!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
