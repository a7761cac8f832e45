"""Batches: one JSON object a line in, one a line out, same order, same id; a bad line becomes an error object."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from voiceagent.base.errors import BadInputError, VoiceagentError, unreadable


def run_batch(source: str, handle: Callable[[dict[str, Any]], dict[str, Any]], out: TextIO | None = None) -> int:
    """Answer every line of `source` (a path, or - for stdin) with `handle`; returns 0 even when lines were bad."""
    sink = out or sys.stdout
    for line in _lines(source):
        if line.strip():
            print(_text(answer(line, handle)), file=sink, flush=True)
    return 0


def answer(line: str | bytes, handle: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """One line's reply."""
    identity: Any = None
    try:
        text = line if isinstance(line, str) else line.decode("utf-8-sig")
        # NaN and Infinity are words that JSON does not have; as texts they are refused where a number is wanted.
        request = json.loads(text, parse_constant=str)
        if not isinstance(request, dict):
            raise BadInputError("a line must be a JSON object")
        identity = request.get("id")
        return {"id": identity, **handle(request)}
    except UnicodeDecodeError as error:
        return _error(identity, "bad_json", f"not UTF-8 at byte {error.start + 1}")
    except RecursionError:
        return _error(identity, "bad_json", "nested too deeply")
    except json.JSONDecodeError as error:
        return _error(identity, "bad_json", f"not JSON: {error.msg} at column {error.colno}")
    except VoiceagentError as error:
        return _error(identity, error.code, error.message)
    except OSError as error:
        # A file that the line names, in a folder that may not be entered or with a name that no disk takes.
        found = unreadable(error.filename or "what it needs", error)
        return _error(identity, found.code, found.message)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        what = f"missing field {error}" if isinstance(error, KeyError) else str(error)
        return _error(identity, "bad_input", what)


def _error(identity: Any, code: str, message: str) -> dict[str, Any]:
    return {"id": identity, "error": {"code": code, "message": message}}


def _text(reply: dict[str, Any]) -> str:
    """One line that any terminal and file takes, whatever the id was made of."""
    text = json.dumps(reply, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(reply)
    return text


def _lines(source: str) -> Iterator[str | bytes]:
    """As bytes where there are some: a line that is no UTF-8 spoils itself only."""
    if source == "-":
        yield from getattr(sys.stdin, "buffer", sys.stdin)
        return
    try:
        with Path(source).open("rb") as lines:
            yield from lines
    except OSError as error:
        raise unreadable(source, error) from error
