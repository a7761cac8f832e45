"""The life of the speech process: models, ready line, orderly end.

It gives way to nobody: a caller waits for each turn, and with any niceness that takes the time which everything else on
the machine leaves. A worker needs so little at a time that it gets its 20 ms beat all the same.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voiceagent.base.errors import UnavailableError, VoiceagentError
from voiceagent.base.languages import Language

if TYPE_CHECKING:
    from voiceagent.speech.server import SpeechServer


#: Calls that are let in where nobody says how many: measured, a core bears seven before answers are late.
CALLS_A_CORE, LEAST_CALLS = 8, 16


def most_calls(cores: int) -> int:
    """How many calls a machine of so many cores serves at a time."""
    return max(LEAST_CALLS, CALLS_A_CORE * cores)


def most_turns(cores: int) -> int:
    """How many turns it recognises at a time; measured with two."""
    return max(2, cores)


def serve(
    socket: Path,
    models: Path,
    *,
    max_calls: int | None = None,
    voice_engine: str | None = None,
    agent_voice: str | None = None,
    answers: Path | None = None,
    metrics_port: int | None = None,
    admit_all: bool = False,
) -> int:
    """Run the speech process in this process until SIGTERM or SIGINT; 0. `admit_all`: however late turns are.

    `agent_voice`: the agent's in the language it names ("pyttsx3:ko@pt-BR"), whose engine is then the one in use.
    `max_calls`: served at a time; None: as many as the machine's cores may bear, the strain of turns says the rest.

    MissingPartError when nothing can recognise speech, UnavailableError when the socket or port is taken.
    """
    # Read by the native libraries when they are loaded, so before anything imports them.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", KMP_BLOCKTIME="0")
    cores = len(os.sched_getaffinity(0))
    most = max_calls or most_calls(cores)
    asyncio.run(
        _serve(socket, models, most, most_turns(cores), voice_engine, agent_voice, answers, metrics_port, admit_all)
    )
    return 0


async def _serve(
    socket: Path,
    models: Path,
    max_calls: int,
    workers: int,
    voice_engine: str | None,
    agent_voice: str | None,
    answers: Path | None,
    metrics_port: int | None,
    admit_all: bool,
) -> None:
    from voiceagent.speech.ears import Ears, load_recognisers
    from voiceagent.speech.engines.scripted import Scripted
    from voiceagent.speech.metrics import SpeechMetrics
    from voiceagent.speech.server import SpeechServer
    from voiceagent.speech.synthesis.speaker import Speaker
    from voiceagent.speech.synthesis.spec import VoiceSpec

    own = VoiceSpec.parse(agent_voice, Language.PT_BR) if agent_voice else None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = SpeechMetrics()
    if answers is not None:
        scripted = Scripted.from_file(answers)
        ears = Ears(dict.fromkeys(sorted(scripted.languages), scripted), metrics, max_calls, workers=workers)
    else:
        ears = Ears(load_recognisers(models, workers), metrics, max_calls, workers=workers)
    ears.strain.close_s = math.inf if admit_all else ears.strain.close_s
    ears.strain.late_s = 0.0 if admit_all else ears.strain.late_s
    server = SpeechServer(socket, ears, Speaker(models, engine=voice_engine, own=own), metrics)
    if metrics_port is not None:
        try:
            metrics.serve(metrics_port)
        except OSError as error:
            raise UnavailableError(f"port {metrics_port} for --metrics-port is in use: choose another") from error
    await server.start()
    try:
        loaded = asyncio.create_task(_load_voice(server))
        print(f"speech: ready on {socket} ({_served(server)})", file=sys.stderr, flush=True)
        await stop.wait()
        loaded.cancel()
        await asyncio.gather(loaded, return_exceptions=True)
    finally:
        await server.stop()


async def _load_voice(server: SpeechServer) -> None:
    try:
        await server.speaker.start()
    except VoiceagentError as error:
        # Ears work without a mouth; each prompt says again what is missing.
        print(f"speech: no voice: {error.message}", file=sys.stderr, flush=True)


def _served(server: SpeechServer) -> str:
    ears = ", ".join(f"{language} {engine.name}" for language, engine in sorted(server.ears.recognisers.items()))
    return f"{ears}; voice {server.speaker.engine}"
