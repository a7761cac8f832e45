"""Answers in a person's voice: words that Debian's announcements hold one by one, joined as the answer grammars say.

The recordings are fetched into the cache by apt, checked by its signatures, and never part of this repository.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.grammar import say
from voiceagent.speech.fetch import cache_directory
from voiceagent.speech.offline import read_wav
from voiceagent.speech.synthesis.shape import from_pcm, to_pcm
from voiceagent.speech.training.calibrate import readable
from voiceagent.speech.training.clips import Clip

#: Prompts that answer nothing.
OTHER = "other"
_WORDS = Path(__file__).parent / "recorded"
_SOUNDS = Path("usr/share/asterisk/sounds")
_SHARES = {
    "amount": 0.3,
    "date": 0.25,
    "digits": 0.25,
    "birth_date": 0.08,
    "time": 0.06,
    "instalments": 0.04,
    "yes_no": 0.02,
}
_TRIES = 3000
_CLIENT_S = 300.0
_BLOCK = SAMPLE_RATE // 100
_QUIET = 1e-4  # of the loudest block's power: −40 dB
#: Silence between words that were spoken apart, in seconds: a number is said in one breath, digits are dictated.
_GAP_S = (0.0, 0.06)
_DICTATED_S = (0.03, 0.3)

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Speaker:
    """One person's recorded words."""

    language: str
    package: str
    folder: str
    words: Mapping[tuple[str, ...], str]
    """Words as one recording says them → its file, without ".wav"."""
    prompts: tuple[str, ...]
    """Files whose sentences hold no amount, day, number, yes or no."""

    def pieces(self, text: str) -> list[str] | None:
        """The recordings that say the text, longest first; None when a word was never recorded."""
        words, found, at = text.split(), [], 0
        longest = max(map(len, self.words))
        while at < len(words):
            size = next((n for n in range(longest, 0, -1) if tuple(words[at : at + n]) in self.words), 0)
            if not size:
                return None
            found.append(self.words[tuple(words[at : at + size])])
            at += size
        return found


def speaker_of(language: str) -> Speaker | None:
    """Who speaks the language; None when no recordings of it are known."""
    path = _WORDS / f"{language}.yaml"
    if not path.is_file():
        return None
    stored: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = {tuple(str(said).split()): str(file) for file, said in stored["words"].items()}
    return Speaker(language, stored["package"], stored["folder"], words, tuple(stored["prompts"]))


def texts(speaker: Speaker, count: int, seed: int = 1) -> list[tuple[str, str]]:
    """About `count` different (kind, text) of the answer grammars that the speaker's words can say."""
    chance = random.Random(f"{speaker.language}:recorded:{seed}")
    kinds = kinds_of(speaker.language)
    drawn: list[tuple[str, str]] = []
    for kind, share in _SHARES.items():
        found: dict[str, None] = {}
        for _ in range(_TRIES):
            if len(found) >= max(1, round(share * count)):
                break
            text = " ".join(say(kinds[kind], chance))
            if speaker.pieces(text) is not None:
                found[text] = None
        drawn += [(kind, text) for text in found]
    return drawn


def recorded_clips(language: str, count: int, report: Callable[[str], None], cache: Path | None = None) -> list[Clip]:
    """About `count` answers and every prompt that answers nothing, 8 kHz s16le in the cache.

    No clip where no recordings of the language are known; MissingPartError or UnavailableError when they cannot be had.
    """
    speaker = speaker_of(language)
    if speaker is None:
        return []
    home = (cache or cache_directory()) / "recordings"
    sounds = fetched(speaker, home, report)
    clips = []
    for index, (kind, text) in enumerate(texts(speaker, count)):
        clip = _clip(speaker, kind, text, home / language / f"{index:08x}-{kind}.pcm")
        if not readable(clip, language):
            continue
        pieces = [_trimmed(_sound(sounds / f"{name}.wav")) for name in speaker.pieces(text) or ()]
        _write(clip.path, joined(pieces, kind, random.Random(text)))
        clips.append(clip)
    for index, name in enumerate(speaker.prompts):
        clip = _clip(speaker, OTHER, name, home / language / f"{index:08x}-{OTHER}.pcm")
        _write(clip.path, _sound(sounds / f"{name}.wav"))
        clips.append(clip)
    return clips


def fetched(speaker: Speaker, home: Path, report: Callable[[str], None]) -> Path:
    """The directory with the speaker's recordings, fetched when it is not there."""
    installed = Path("/") / _SOUNDS / speaker.folder
    kept = home / speaker.package / speaker.folder
    if kept.is_dir() or installed.is_dir():
        return kept if kept.is_dir() else installed
    tools = ("apt-get", "dpkg-deb")
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        raise MissingPartError(
            f"recordings of people come from Debian's {speaker.package}, and {missing[0]} is not here: unpack that "
            f"package's {speaker.folder} into {kept.parent}"
        )
    report(f"fetching {speaker.package} (Debian)")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".fetch-") as folder:
        _run(["apt-get", "-q", "download", speaker.package], Path(folder), speaker)
        archive = next(Path(folder).glob("*.deb"), None)
        if archive is None:
            raise UnavailableError(f"Debian gave no {speaker.package}: run `apt-get update` and try again")
        _run(["dpkg-deb", "-x", archive.name, "unpacked"], Path(folder), speaker)
        kept.parent.mkdir(parents=True, exist_ok=True)
        (Path(folder) / "unpacked" / _SOUNDS / speaker.folder).rename(kept)
    return kept


def _run(command: Sequence[str], folder: Path, speaker: Speaker) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_CLIENT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{command[0]} could not fetch {speaker.package} ({error}): try again later") from error
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if line.startswith("E:")), done.stderr.strip()[-120:])
        raise UnavailableError(
            f"Debian does not give {speaker.package} ({reason.strip()[:160]}): run `apt-get update` and try again"
        )


def joined(pieces: Sequence[Sound], kind: str, chance: random.Random) -> Sound:
    """Recordings one after the other, each as loud as it was recorded."""
    parts: list[Sound] = []
    for piece in pieces:
        gap = chance.uniform(*(_DICTATED_S if kind == "digits" else _GAP_S)) if parts else 0.0
        parts += [np.zeros(int(gap * SAMPLE_RATE), np.float32), piece]
    return np.concatenate(parts)


def _clip(speaker: Speaker, kind: str, text: str, path: Path) -> Clip:
    return Clip(kind, text, text, f"recorded:{speaker.package}", 1.0, path)


def _sound(path: Path) -> Sound:
    return from_pcm(read_wav(path, "left"))


def _trimmed(sound: Sound) -> Sound:
    """Without the silence around it, but for 10 ms on each side."""
    blocks = sound[: sound.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    powers = np.mean(blocks.astype(np.float64) ** 2, axis=1)
    loud = np.flatnonzero(powers > powers.max() * _QUIET) if powers.size else powers
    if not loud.size:
        return sound
    return sound[max(0, int(loud[0]) - 1) * _BLOCK : (int(loud[-1]) + 2) * _BLOCK]


def _write(path: Path, sound: Sound) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_pcm(sound))
