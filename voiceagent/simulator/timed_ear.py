"""Recognition with the processor time that it took, kept on disk: the same sound is heard once, whatever is tried.

For measurements in virtual time. A rule that is changed can be measured anew in minutes; what was recognised, and how
long that took, is what it was the first time, until the recogniser itself is another.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from voiceagent import speech
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.recogniser import Ear

#: What a hearing comes from, besides the engine's model: weights, calibration, grammars, and the rules of belief.
_RECOGNITION = tuple(Path(speech.__file__).parent / name for name in ("constrained", "engines"))


@lru_cache
def digest_of(*folders: Path) -> str:
    """A digest of everything in the folders, compiled code left out."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                told = hashlib.sha256(path.read_bytes()).hexdigest()
                total.update(f"{path.relative_to(folder)} {told}\n".encode())
    return total.hexdigest()


class TimedEar:
    """An ear that knows how long its last recognition took, and asks the `folder` before the engine if there is one."""

    def __init__(self, ear: Ear, engine: str, folder: Path | None = None) -> None:
        self.streams = ear.streams
        self.seconds = 0.0
        """Processor time of the last recognition."""
        self._ear, self._engine, self._folder = ear, engine, folder
        self._context = HearingContext("")
        self._audio = bytearray()

    def begin(self, context: HearingContext) -> None:
        """Start a turn."""
        self._context = context
        self._audio.clear()
        self._ear.begin(context)

    def feed(self, pcm: bytes) -> None:
        """Add audio."""
        self._audio += pcm
        self._ear.feed(pcm)

    def glance(self) -> Hypothesis:
        """What the turn says so far."""
        return self._timed("glance", self._ear.glance)

    def finish(self) -> Hypothesis:
        """End the turn."""
        return self._timed("finish", self._ear.finish)

    def close(self) -> None:
        """Release the state."""
        self._ear.close()

    def _timed(self, what: str, recognise: Callable[[], Hypothesis]) -> Hypothesis:
        path = self._path(what) if self._folder is not None else None
        if path is not None and path.is_file():
            kept = json.loads(path.read_text(encoding="utf-8"))
            self.seconds = kept.pop("seconds")
            kept["alternatives"] = tuple((text, sure) for text, sure in kept["alternatives"])
            return Hypothesis(**kept)
        started = time.process_time()
        heard = recognise()
        self.seconds = time.process_time() - started
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(asdict(heard) | {"seconds": self.seconds}), encoding="utf-8")
            partial.rename(path)
        return heard

    def _path(self, what: str) -> Path:
        assert self._folder is not None
        context = self._context
        # The day matters to dates alone.
        asked = (self._engine, digest_of(*_RECOGNITION), what, context.language, context.expect, context.phrases)
        key = "".join(f"{part}|" for part in (*asked, context.digits)).encode()
        return self._folder / f"{hashlib.sha256(key + bytes(self._audio)).hexdigest()[:24]}.json"
