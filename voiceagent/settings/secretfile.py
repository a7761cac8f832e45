"""Secrets of one installation: random tokens in files that only their owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from voiceagent.base.errors import BadInputError, unreadable


def read_secret(path: Path) -> str:
    """The secret in `path`; BadInputError when it is missing, empty or open to others."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(f"the secret {path}", error) from error
    if mode & 0o077:
        raise BadInputError(f"others can read the secret {path}: run chmod 600 {path}")
    if not text:
        raise BadInputError(f"the secret {path} is empty: remove the file and start again")
    return text


def keep_secret(path: Path, value: str | None = None) -> str:
    """The secret of `path`; made (0600, random, or `value`) when there is none yet. Two programs agree on one."""
    if path.exists():
        return read_secret(path)
    text = value or secrets.token_urlsafe(32)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        try:
            # A link fails where the name is taken: whoever came first decides the secret, never half-written.
            os.link(draft, path)
        except FileExistsError:
            return read_secret(path)
        finally:
            draft.unlink()
    except OSError as error:
        raise BadInputError(f"cannot keep the secret {path}: {error}") from error
    return text
