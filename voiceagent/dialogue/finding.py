"""What a proof about a script found wrong, and where."""

from __future__ import annotations

from dataclasses import dataclass

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: where in the file, and one line that says what and what to do."""

    path: Where
    message: str
    is_error: bool = True
