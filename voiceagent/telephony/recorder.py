"""Recorder: one stereo WAV per call, agent left, debtor right, written by one thread for all calls of the process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

from voiceagent.audio import wav
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SILENCE
from voiceagent.base.errors import UnavailableError

log = logging.getLogger(__name__)


#: The kind of a span in which nothing was kept.
PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a recording that needs care, in seconds from its beginning."""

    kind: str
    """For example "sensitive": answers to identity questions."""
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """A closed recording."""

    path: Path
    seconds: float
    bytes: int
    """Size of the file."""
    sha256: str
    """Of the file; empty when it could not be written or read to its end."""
    spans: tuple[Span, ...]
    error: str | None
    """Why it is incomplete; None when it is whole."""


class Recording:
    """One call's file. `push` takes frames (line.FrameTap); marks say what must be protected."""

    def __init__(self, recorder: Recorder, path: Path) -> None:
        self.path = path
        self.error: str | None = None
        self._recorder = recorder
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._pushed = 0
        self._written = 0
        self._file = _create(path)
        self._spans: list[Span] = []
        self._open: dict[str, float] = {}
        self._marks_changed = False
        self._closing = self._paused = False
        self._result: RecordingResult | None = None
        self._closed = threading.Event()
        self._put(0, wav.header(0, channels=2))

    @property
    def seconds(self) -> float:
        """How much has been pushed."""
        return self._pushed * FRAME_S

    def push(self, near: bytes, far: bytes) -> None:
        """Keep 20 ms of both sides; from the media thread, so it only appends."""
        if not self._closing:
            self._frames.append((SILENCE, SILENCE) if self._paused else (near, far))
            self._pushed += 1

    def pause(self) -> None:
        """What is said from now on is not kept; silence takes its time, so that everything else stays where it was."""
        self.mark_begin(PAUSED)
        self._paused = True

    def resume(self) -> None:
        """Keep what is said again."""
        self._paused = False
        self.mark_end(PAUSED)

    def mark_begin(self, kind: str = "sensitive") -> None:
        """What follows is of that kind; a second begin of the same kind changes nothing."""
        self._open.setdefault(kind, self.seconds)
        self._marks_changed = True

    def mark_end(self, kind: str = "sensitive") -> None:
        """The span ends here; harmless when none is open."""
        start = self._open.pop(kind, None)
        if start is not None:
            self._spans.append(Span(kind, start, self.seconds))
            self._marks_changed = True

    @contextlib.contextmanager
    def marked(self, kind: str = "sensitive") -> Iterator[None]:
        """Mark what is said inside."""
        self.mark_begin(kind)
        try:
            yield
        finally:
            self.mark_end(kind)

    def spans(self) -> tuple[Span, ...]:
        """Every span so far; one still open ends where the recording is now."""
        return (*self._spans, *(Span(kind, start, self.seconds) for kind, start in list(self._open.items())))

    async def close(self) -> RecordingResult:
        """Write what is left and close the file; a second call gives the same result."""
        self._closing = True
        self._recorder.wake()
        await asyncio.to_thread(self._closed.wait)
        assert self._result is not None
        return self._result

    # -- for the writer thread -----------------------------------------------------------------------------------

    def write(self) -> bool:
        """Bring the file up to date; True once it is closed."""
        closing = self._closing  # read first: every frame pushed before it was set is then in the queue
        count = len(self._frames)
        pairs = [self._frames.popleft() for _ in range(count)]
        if self.error is None:
            try:
                self._append(pairs)
                if self._marks_changed or (self._open and pairs):
                    self._marks_changed = False
                    self._save_marks()
            except OSError as error:
                self._fail(error)
        if closing:
            self._finish()
        return closing

    def _append(self, pairs: list[tuple[bytes, bytes]]) -> None:
        if not pairs:
            return
        stereo = wav.interleave(b"".join(near for near, _ in pairs), b"".join(far for _, far in pairs))
        self._put(wav.HEADER_BYTES + self._written, stereo)
        # Audio first, then the header that counts it: a reader, or a crash in between, always finds a valid file.
        self._put(0, wav.header(self._written + len(stereo), channels=2))
        self._written += len(stereo)

    def _put(self, at: int, data: bytes) -> None:
        self._file.seek(at)
        done = 0
        while done < len(data):  # a full disk first writes a part, and fails only when asked for the rest
            done += self._file.write(data[done:]) or 0

    def _save_marks(self) -> None:
        text = json.dumps([asdict(span) for span in self.spans()])
        target = marks_path(self.path)
        fresh = target.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(target)

    def _fail(self, error: OSError) -> None:
        self.error = f"recording stopped after {self._written / (4 * 8000):.1f} s: {error.strerror or error}"
        log.error("%s: %s", self.path.name, self.error)
        with contextlib.suppress(OSError):
            self._file.truncate(wav.HEADER_BYTES + self._written)
        self._recorder.failed(self)

    def _finish(self) -> None:
        digest, size = "", 0
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.seek(0)
            digest = hashlib.file_digest(self._file, "sha256").hexdigest()
            size = self._file.seek(0, os.SEEK_END)
        except OSError as error:
            self.error = self.error or f"recording could not be closed: {error.strerror or error}"
        finally:
            with contextlib.suppress(OSError):
                self._file.close()
        seconds = self._written / (2 * FRAME_BYTES) * FRAME_S
        self._result = RecordingResult(self.path, seconds, size, digest, self.spans(), self.error)
        self._closed.set()


class Recorder:
    """Makes recordings below `folder` (0700, files 0600). `start` it once per process, `close` it last."""

    def __init__(
        self,
        folder: Path,
        *,
        flush_s: float = 0.2,
        min_free_bytes: int = 200_000_000,
        on_error: Callable[[Recording], None] | None = None,
    ) -> None:
        self.folder = folder
        self.flush_s = flush_s
        """How much of a call a crash can cost."""
        self.min_free_bytes = min_free_bytes
        """No new recording begins with less free disk than this (an hour of stereo is 115 MB)."""
        self._on_error = on_error
        self._loop: asyncio.AbstractEventLoop | None = None
        self._recordings: list[Recording] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Make the folder and start the writer; call it on the asyncio loop, where `on_error` is then called."""
        self._loop = asyncio.get_running_loop()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise self._unwritable(error) from error
        self._stopping = False
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def begin(self, name: str) -> Recording:
        """A new recording in `folder`/`name`.wav (the name may have folders).

        UnavailableError `disk_full` when too little disk is left, `recordings_unwritable` when it cannot be made:
        then no call may begin.
        """
        if self._thread is None:
            raise UnavailableError("the recorder is not started", code="recordings_unwritable")
        self.check()
        path = self.folder / f"{name}.wav"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            recording = Recording(self, path)
        except OSError as error:
            raise self._unwritable(error) from error
        with self._lock:
            self._recordings.append(recording)
        return recording

    def check(self) -> None:
        """UnavailableError `disk_full` when a new call must not begin; cheap enough to ask before every dial."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise self._unwritable(error) from error
        if free < self.min_free_bytes:
            raise UnavailableError(
                f"only {free // 1_000_000} MB are free for recordings in {self.folder}, "
                f"{self.min_free_bytes // 1_000_000} MB are needed; free some space",
                code="disk_full",
            )

    async def close(self) -> None:
        """Close every recording and stop the writer."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._lock:
            left = list(self._recordings)
        await asyncio.gather(*(recording.close() for recording in left))
        self._stopping = True
        self.wake()
        await asyncio.to_thread(thread.join)

    def wake(self) -> None:
        """Have the writer look now."""
        self._wake.set()

    def failed(self, recording: Recording) -> None:
        """From the writer: tell whoever asked to know."""
        if self._on_error is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_error, recording)

    def _write(self) -> None:
        while not self._stopping:
            begun = time.monotonic()
            with self._lock:
                current = list(self._recordings)
            closed = [recording for recording in current if recording.write()]
            if closed:
                with self._lock:
                    self._recordings = [recording for recording in self._recordings if recording not in closed]
            self._wake.wait(max(0.0, self.flush_s - (time.monotonic() - begun)))
            self._wake.clear()

    def _unwritable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"recordings cannot be written to {self.folder} ({error.strerror or error}); mend its permissions or disk",
            code="recordings_unwritable",
        )


def marks_path(recording: Path) -> Path:
    """Where the spans of a recording are kept: a JSON list beside it."""
    return recording.with_suffix(".marks.json")


def _create(path: Path) -> FileIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    # Unbuffered: what `write` has returned from survives the process.
    return FileIO(descriptor, "r+b")
