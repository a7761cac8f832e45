"""Rendered phrases on disk, named by what they are: the bank of the installation and what calls added lately.

Holds carriers and phrase-bank units only, never a name, a number or an amount joined to a person: those parts are not
cacheable and live in the call. Safe for several writers: a file appears whole, by rename, or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from voiceagent.speech.synthesis.spec import VoiceSpec

#: Raised when units made by older code would sound different from new ones.
SHAPE_VERSION = 1
DEFAULT_LIMIT = 512 * 2**20


class PhraseCache:
    """`bank/` is never evicted; `recent/` keeps at most `limit` bytes, the least recently used going first."""

    def __init__(self, directory: Path, limit: int = DEFAULT_LIMIT) -> None:
        self._bank = directory / "bank"
        self._recent = directory / "recent"
        self._limit = limit
        self._used: int | None = None

    def get(self, voice: VoiceSpec, text: str) -> bytes | None:
        """The unit's PCM, None when it has not been rendered."""
        name = _name(voice, text)
        for root in (self._bank, self._recent):
            path = root / name
            try:
                pcm = path.read_bytes()
            except OSError:
                continue
            if not pcm:
                continue  # what a power cut left: said, the prompt would lack an amount and nobody would know
            if root is self._recent:
                with contextlib.suppress(OSError):
                    os.utime(path)
            return pcm
        return None

    def has(self, voice: VoiceSpec, text: str) -> bool:
        """Whether the unit is in the bank."""
        try:
            return (self._bank / _name(voice, text)).stat().st_size > 0
        except OSError:
            return False

    def put(self, voice: VoiceSpec, text: str, pcm: bytes, *, bank: bool = False) -> None:
        """Keep a unit; a full disk only costs the next call a rendering. The bank reports such failures (OSError)."""
        path = (self._bank if bank else self._recent) / _name(voice, text)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
                try:
                    file.write(pcm)
                    file.flush()
                    if bank:
                        os.fsync(file.fileno())
                    Path(file.name).replace(path)
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError:
            if bank:
                raise
            return
        if not bank:
            self._make_room(len(pcm))

    def bank_size(self) -> tuple[int, int]:
        """Units and bytes of the bank."""
        sizes = [path.stat().st_size for path in self._bank.glob("*/*.pcm")]
        return len(sizes), sum(sizes)

    def _make_room(self, added: int) -> None:
        if self._used is not None and self._used + added <= self._limit:
            self._used += added
            return
        kept = []
        for path in self._recent.glob("*/*.pcm"):
            with contextlib.suppress(OSError):
                status = path.stat()
                kept.append((status.st_mtime_ns, status.st_size, path))
        self._used = sum(size for _, size, _ in kept)
        if self._used <= self._limit:
            return
        # Down to three quarters, so that the directory is not listed again at the next unit.
        for _, size, path in sorted(kept):
            with contextlib.suppress(OSError):
                path.unlink()
            self._used -= size
            if self._used <= self._limit * 3 // 4:
                break


def _name(voice: VoiceSpec, text: str) -> str:
    key = "\n".join((str(SHAPE_VERSION), str(voice), " ".join(text.split())))
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{digest[:2]}/{digest}.pcm"
