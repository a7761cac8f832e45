"""Batches: one JSON object a line in, one a line out, same order, same id; a bad line becomes an error object."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from voiceagent.base.errors import BadInputError, VoiceagentError


def run_batch(source: str, handle: Callable[[dict[str, Any]], dict[str, Any]], out: TextIO | None = None) -> int:
    """Answer every line of `source` (a path, or - for stdin) with `handle`; returns 0 even when lines were bad."""
    sink = out or sys.stdout
    for line in _lines(source):
        if line.strip():
            print(json.dumps(answer(line, handle), ensure_ascii=False), file=sink, flush=True)
    return 0


def answer(line: str, handle: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """One line's reply."""
    identity: Any = None
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise BadInputError("a line must be a JSON object")
        identity = request.get("id")
        return {"id": identity, **handle(request)}
    except json.JSONDecodeError as error:
        return _error(identity, "bad_json", f"not JSON: {error.msg} at column {error.colno}")
    except VoiceagentError as error:
        return _error(identity, error.code, error.message)
    except (KeyError, TypeError, ValueError) as error:
        what = f"missing field {error}" if isinstance(error, KeyError) else str(error)
        return _error(identity, "bad_input", what)


def _error(identity: Any, code: str, message: str) -> dict[str, Any]:
    return {"id": identity, "error": {"code": code, "message": message}}


def _lines(source: str) -> Iterator[str]:
    if source == "-":
        yield from sys.stdin
        return
    try:
        with Path(source).open(encoding="utf-8-sig") as lines:
            yield from lines
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"cannot read {source}: {error}") from error
