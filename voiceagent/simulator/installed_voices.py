"""Answers in the voices of other speech programs, where somebody installed them: they are in no training."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from voiceagent.base.errors import MissingPartError
from voiceagent.speech.training.clips import Clip, clip_of, said_by, write_whole

RHVOICE, MBROLA = "rhvoice", "mbrola"


@dataclass(frozen=True, slots=True)
class Program:
    """A speech program with voices of its own."""

    command: str
    voices: dict[str, tuple[str, ...]]
    """Language → its voices, by the names the program and the folder of its data give them."""
    folder: Path
    packages: str
    """Where Debian has them."""
    speech: Callable[[str, Clip, Path], tuple[list[str], str]]
    """Voice, clip, where to write a WAV → the command that says it, and what it reads."""


def _rhvoice(voice: str, clip: Clip, path: Path) -> tuple[list[str], str]:
    return ["RHVoice-test", "-p", voice, "-r", str(int(100 * clip.speed)), "-o", str(path)], clip.spoken + "\n"


def _mbrola(voice: str, clip: Clip, path: Path) -> tuple[list[str], str]:
    return ["espeak-ng", "-v", f"mb-{voice}", "-s", str(int(150 * clip.speed)), "-w", str(path), clip.spoken], ""


PROGRAMS = {
    RHVOICE: Program(
        "RHVoice-test",
        {"pt-BR": ("Leticia-F123",), "en": ("alan", "bdl", "clb", "slt")},
        Path("/usr/share/RHVoice/voices"),
        "rhvoice rhvoice-brazilian-portuguese rhvoice-english (non-free)",
        _rhvoice,
    ),
    MBROLA: Program(
        "mbrola",
        {"pt-BR": ("br1", "br2", "br3", "br4"), "es": ("es1", "es2", "mx1", "mx2"), "en": ("us1", "us2", "us3", "en1")},
        Path("/usr/share/mbrola"),
        "mbrola (contrib) and mbrola-br1, mbrola-mx2, mbrola-us1 ... (non-free), spoken by espeak-ng",
        _mbrola,
    ),
}


def installed(name: str, language: str) -> list[str]:
    """The program's voices of that language on this machine; MissingPartError where the program itself is missing."""
    program = PROGRAMS[name]
    if shutil.which(program.command) is None:
        raise MissingPartError(f"{name} is not installed: apt-get install {program.packages}")
    return [voice for voice in program.voices.get(language, ()) if (program.folder / voice).is_dir()]


def spoken_by(name: str, clips: Sequence[Clip], language: str) -> list[Clip]:
    """The same texts, each by the next of the program's voices, rendered; empty where it has none of that language."""
    voices = installed(name, language)
    made = []
    for index, clip in enumerate(clips if voices else ()):
        voice = voices[index % len(voices)]
        # These programs are fast as they are.
        said = clip_of(language, clip.kind, clip.text, clip.spoken, f"{name}:{voice}", min(clip.speed, 1.0))
        if not said.path.is_file():
            write_whole(said.path, _rendered(PROGRAMS[name], voice, said))
        made.append(said)
    return made


def _rendered(program: Program, voice: str, clip: Clip) -> bytes:
    missing = f"{voice} says nothing: apt-get install {program.packages}"
    return said_by(lambda path: program.speech(voice, clip, path), missing)
