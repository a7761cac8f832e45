"""Owner of a synthesiser's child process: starts it when needed, gives each text a deadline, replaces it when stuck."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path

from wyoming.event import Event, async_read_event, async_write_event

from voiceagent.base.errors import BadInputError, MissingPartError, UnavailableError, VoiceagentError
from voiceagent.speech.synthesis.spec import VoiceSpec

log = logging.getLogger(__name__)

START_S = 60.0
#: Below the recogniser, which somebody waits for already: half of what that gets. Not far below: on a machine that has
#: other work too, names would not be rendered before they are to be said.
NICENESS = 3
#: Patience with one text that a call waits for: the neural voice needs about half of real time, a busy machine several
#: times that.
RENDER_BASE_S = 8.0
RENDER_PER_CHARACTER_S = 0.15

_FAILURES: dict[str, type[VoiceagentError]] = {"bad_input": BadInputError, "missing_part": MissingPartError}


class SynthesiserChild:
    """One engine in one process; requests are taken one after the other.

    `patience`: how many times as long as a call would wait for a text.
    """

    def __init__(self, engine: str, models: Path, niceness: int = NICENESS, patience: float = 1.0) -> None:
        self.engine = engine
        self._patience = patience
        self._models = models
        self._niceness = niceness
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    async def start(self) -> None:
        """Load the engine now; raises MissingPartError when it cannot be had."""
        async with self._turn:
            await self._running()

    async def render(self, text: str, voice: VoiceSpec) -> bytes:
        """The text as an 8 kHz unit. UnavailableError when the engine failed or did not answer in time."""
        async with self._turn:
            process = await self._running()
            request = {"text": text, "name": voice.name, "language": voice.language, "speed": voice.speed}
            patience = self._patience * (RENDER_BASE_S + RENDER_PER_CHARACTER_S * len(text))
            try:
                assert process.stdin is not None
                await async_write_event(Event("unit", request), process.stdin)
                reply = await self._reply(process, patience)
            except asyncio.CancelledError:
                # The answer would be taken for the next text's.
                await self._kill()
                raise
            except (TimeoutError, OSError, EOFError) as error:
                await self._kill()
                reason = "did not answer in time" if isinstance(error, TimeoutError) else "died"
                raise UnavailableError(f"the {self.engine} synthesiser {reason}; it is started again") from error
            if reply.type == "error":
                failure = _failure(reply)
                if isinstance(failure, UnavailableError):
                    # An engine that failed in its own code is not trusted with the next text.
                    await self._kill()
                raise failure
            return reply.payload or b""

    async def close(self) -> None:
        """End the process, also in the middle of a text."""
        self._closed = True
        await self._kill()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._closed:
            raise UnavailableError(f"the {self.engine} synthesiser was closed")
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        # Its own session: a Ctrl-C in the terminal must let calls finish speaking; closing stdin ends it.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voiceagent.speech.synthesis.worker"),
            *(self.engine, str(self._models), str(self._niceness)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if log.isEnabledFor(logging.DEBUG) else asyncio.subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._process = process
        try:
            ready = await self._reply(process, START_S)
        except asyncio.CancelledError:
            await self._kill()
            raise
        except (TimeoutError, OSError, EOFError) as error:
            await self._kill()
            raise UnavailableError(f"the {self.engine} synthesiser does not start; try `voiceagent doctor`") from error
        if ready.type == "error":
            await self._kill()
            raise _failure(ready)
        return process

    async def _reply(self, process: asyncio.subprocess.Process, patience_s: float) -> Event:
        assert process.stdout is not None
        async with asyncio.timeout(patience_s):
            event = await async_read_event(process.stdout)
        if event is None:
            raise EOFError(self.engine)
        return event

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def _failure(event: Event) -> VoiceagentError:
    kind = _FAILURES.get(event.data.get("code", ""), UnavailableError)
    return kind(str(event.data.get("text", "the synthesiser failed")))
