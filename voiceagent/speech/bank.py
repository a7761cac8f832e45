"""Rendering phrases ahead of all calls: the phrase bank of a voice, by two low-priority synthesisers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voiceagent.base.errors import BadInputError, UnavailableError, unreadable
from voiceagent.base.languages import Language
from voiceagent.speech.fetch import Progress
from voiceagent.speech.installed import phrases_directory
from voiceagent.speech.synthesis.cache import PhraseCache
from voiceagent.speech.synthesis.child import SynthesiserChild
from voiceagent.speech.synthesis.speaker import Speaker
from voiceagent.speech.synthesis.spec import VoiceSpec

PROCESSES = 2
#: Calls may go on meanwhile.
NICENESS = 15
#: Nobody waits for a unit of the bank, and whoever does other work on the machine goes first.
PATIENCE = 20.0
_REPORT_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class BankReport:
    """What a run did."""

    wanted: int
    rendered: int
    seconds: float
    units: int
    """Units in the bank now."""
    bytes: int
    """Their size."""


async def render_bank(
    models: Path, jobs: Iterable[tuple[VoiceSpec, str]], progress: Progress, processes: int = PROCESSES
) -> BankReport:
    """Render every (voice, text) that the bank lacks; can be stopped and run again at any point.

    UnavailableError when a synthesiser fails or the bank cannot be written.
    """
    cache = PhraseCache(phrases_directory(models))
    wanted = list(dict.fromkeys((voice, " ".join(text.split())) for voice, text in jobs if text.strip()))
    missing = [(voice, text) for voice, text in wanted if not cache.has(voice, text)]
    started = time.monotonic()
    if missing:
        await _render(models, cache, missing, progress, processes)
    units, size = cache.bank_size()
    return BankReport(len(wanted), len(missing), round(time.monotonic() - started, 1), units, size)


async def _render(
    models: Path, cache: PhraseCache, missing: list[tuple[VoiceSpec, str]], progress: Progress, processes: int
) -> None:
    started = reported = time.monotonic()
    total, done = len(missing), 0
    # One engine after the other: each process holds one engine.
    for engine in dict.fromkeys(voice.engine for voice, _ in missing):
        jobs = iter([job for job in missing if job[0].engine == engine])
        children = [SynthesiserChild(engine, models, NICENESS, PATIENCE) for _ in range(min(processes, total))]

        async def work(child: SynthesiserChild, jobs: Iterable[tuple[VoiceSpec, str]]) -> None:
            nonlocal done, reported
            for voice, text in jobs:
                pcm = await child.render(text, voice)
                try:
                    cache.put(voice, text, pcm, bank=True)
                except OSError as error:
                    raise UnavailableError(f"cannot write the phrase bank: {error.strerror or error}") from error
                done += 1
                if time.monotonic() - reported > _REPORT_EVERY_S:
                    reported = time.monotonic()
                    left = (reported - started) / done * (total - done)
                    progress(f"phrase bank: {done} of {total}, about {left:.0f} s to go")

        try:
            async with asyncio.TaskGroup() as group:
                for child in children:
                    group.create_task(work(child, jobs))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            for child in children:
                await child.close()


def bank_jobs(models: Path, language: str, texts: Iterable[str]) -> list[tuple[VoiceSpec, str]]:
    """The texts in the agent's voice of that language."""
    voice = Speaker(models).voice(language)
    return [(voice, text) for text in texts]


def phrase_file(models: Path, path: Path, language: str = Language.PT_BR.value) -> list[tuple[VoiceSpec, str]]:
    """Jobs from a text file: one `VOICE<tab>TEXT` a line (voice as for `say`), blank lines and # comments skipped."""
    speaker = Speaker(models)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    jobs = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, tab, text = line.partition("\t")
        if not tab or not text.strip():
            raise BadInputError(f"{path} line {number}: write VOICE<tab>TEXT")
        jobs.append((speaker.voice(language, name.strip()), text.strip()))
    return jobs
