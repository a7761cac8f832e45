"""Rendered speech: who says what, kept on disk so that nothing is rendered twice."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.wav import decode
from voiceagent.base.errors import MissingPartError
from voiceagent.speech.synthesis.kokoro import STYLE_WIDTH
from voiceagent.speech.synthesis.shape import from_pcm, unit
from voiceagent.speech.synthesis.spec import KOKORO, VoiceSpec, agent_voice
from voiceagent.speech.training.accents import accented
from voiceagent.speech.training.texts import SHARES, TRAINED, draw_texts, punctuated

ESPEAK = "espeak-ng"
ESPEAK_NAMES = {"pt-BR": "pt-br", "es": "es-419", "en": "en-us"}
#: Never in the training: some to calibrate on, the others to measure with.
CALIBRATION = {"pt-BR": ("am_adam", "em_santa"), "es": ("am_adam", "pm_santa"), "en": ("am_adam", "bf_isabella")}
TEST = {
    "pt-BR": ("pm_santa", "am_michael", "bf_emma", "if_sara"),
    "es": ("em_santa", "am_michael", "bf_emma", "if_sara"),
    "en": ("bm_george", "am_michael", "bf_emma", "am_fenrir"),
}
#: Between the names and the first one's share in the name of a voice that is a mean of two styles.
_BLEND = "~"
_BLENDS = 72
#: Before the number of the way in which a voice says its phonemes (`accents`).
_ACCENT = "@"
#: So many numbers of a style make its sound; the rest its melody and rhythm.
_THROAT = 128
_VARIANTS = ("m1", "m3", "m5", "m7", "f1", "f2", "f3", "f5")
_SYSTEM_SHARE = 0.12
#: No text takes a speech program so long.
_PROGRAM_S = 60.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One rendered text; `voice` is `ENGINE:NAME`."""

    kind: str
    text: str
    spoken: str
    voice: str
    speed: float
    path: Path


def cache_directory() -> Path:
    """Where clips and features are kept."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "voiceagent" / "training"


def write_whole(path: Path, content: bytes) -> None:
    """All of it or nothing: a run may be stopped, and others read what it keeps."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.rename(path)


def npy(states: NDArray[np.float16]) -> bytes:
    """Encoder states as they are kept."""
    written = io.BytesIO()
    np.save(written, states)
    return written.getvalue()


def plan(language: str, part: str, count: int, seed: int) -> list[Clip]:
    """The first `count` clips of a part ("train", "calibration", "test"), each with its file."""
    return planned(language, f"{part}-{seed}", count, lambda: _drawn(language, part, count, seed))


def planned(language: str, name: str, count: int, draw: Callable[[], Sequence[Clip]]) -> list[Clip]:
    """The first `count` clips of a plan, of which `draw` gives as many.

    What was planned once is kept in a list beside the clips: a grammar or an example that changed since adds clips, it
    does not make the rendered ones worthless.
    """
    kept = cache_directory() / "clips" / language / f"{name}.jsonl"
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []
    clips = [clip_of(language, *json.loads(line)) for line in lines]
    if len(clips) < count:
        clips += draw()[len(clips) :]
        rows = [json.dumps([c.kind, c.text, c.spoken, c.voice, c.speed], ensure_ascii=False) for c in clips]
        write_whole(kept, ("\n".join(rows) + "\n").encode())
    return clips[:count]


def _drawn(language: str, part: str, count: int, seed: int) -> list[Clip]:
    chance = random.Random(f"{language}:{part}:{seed}")
    voices = voices_of(language, part)
    clips = []
    # The parts differ in texts as well as in voices.
    shift = {"train": 0, "calibration": 7919, "test": 104729}[part]
    texts = draw_texts(language, count, seed + shift, TRAINED if part == "train" else SHARES)
    for index, (kind, text) in enumerate(texts):
        if part == "train" and chance.random() < _SYSTEM_SHARE:
            voice, speed = f"{ESPEAK}:{chance.choice(_VARIANTS)}", chance.uniform(0.8, 1.1)
        else:
            voice, speed = f"{KOKORO}:{voices[index % len(voices)]}", chance.uniform(0.85, 1.2)
        clips.append(clip_of(language, kind, text, punctuated(text, kind, chance), voice, round(speed, 2)))
    return clips


def clip_of(language: str, kind: str, text: str, spoken: str, voice: str, speed: float) -> Clip:
    """A clip with the path that its content gives it."""
    digest = hashlib.sha256(f"{language}|{voice}|{speed}|{spoken}".encode()).hexdigest()[:24]
    return Clip(kind, text, spoken, voice, speed, cache_directory() / "clips" / language / f"{digest}.pcm")


def voices_of(language: str, part: str) -> Sequence[str]:
    """Kokoro's styles of a part; every style can speak every language."""
    if part != "train":
        return (CALIBRATION if part == "calibration" else TEST)[language]
    # The agent's own voice comes in by its phrase bank.
    kept = {*CALIBRATION[language], *TEST[language], agent_voice(KOKORO, language).name}
    known = sorted(path.stem for path in _styles().glob("*.bin"))
    return [name for name in known if name not in kept and _BLEND not in name]


def blends_of(language: str) -> list[str]:
    """More speakers: a weighted mean of two of the training's styles speaks like neither."""
    styles = voices_of(language, "train")
    chance = random.Random(f"{language}:blends")
    pairs = [chance.sample(list(styles), 2) for _ in range(_BLENDS)]
    return [_BLEND.join((one, f"{chance.uniform(0.3, 0.7):.2f}", other)) for one, other in pairs]


def render(clips: Iterable[Clip], language: str, models: Path, processes: int = 2) -> None:
    """Render what is missing, in parallel; each clip is 8 kHz s16le without a header."""
    missing = [clip for clip in dict.fromkeys(clips) if not clip.path.is_file()]
    if not missing:
        return
    missing[0].path.parent.mkdir(parents=True, exist_ok=True)
    shares = [missing[index::processes] for index in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_render_share, shares, [language] * processes, [models] * processes))


def read(clip: Clip) -> NDArray[np.float32]:
    """The clip's samples, 8 kHz, -1..1."""
    return from_pcm(clip.path.read_bytes())


def _render_share(clips: Sequence[Clip], language: str, models: Path) -> None:
    from voiceagent.speech.synthesis.kokoro import Kokoro

    kokoro = Kokoro(_with_all_styles(models))
    for clip in clips:
        engine, _, name = clip.voice.partition(":")
        if engine == KOKORO:
            style, _, accent = name.partition(_ACCENT)
            _blend(style)
            phonemes = kokoro.phonemes(clip.spoken, language)
            said = accented(phonemes, language, int(accent)) if accent else phonemes
            pcm = unit(kokoro.speak(said, VoiceSpec(KOKORO, style, language, clip.speed)), kokoro.rate)
        else:
            pcm = _espeak(clip.spoken, f"{ESPEAK_NAMES[language]}+{name}", clip.speed)
        write_whole(clip.path, pcm)


def stranger(one: str, share: float, other: str, manner: str, accent: int) -> str:
    """The name of a voice between two styles that speaks to the melody and rhythm of a third, with an accent."""
    return f"{_BLEND.join((one, f'{share:.2f}', other, manner))}{_ACCENT}{accent}"


def _blend(name: str) -> None:
    """Make the style file of a voice between two, or beyond one of them."""
    path = _styles() / f"{name}.bin"
    if _BLEND not in name or path.is_file():
        return
    one, share, other, *manner = name.split(_BLEND)
    first, second, *third = (
        np.fromfile(path.with_name(f"{style}.bin"), np.float32).reshape(-1, STYLE_WIDTH)
        for style in (one, other, *manner)
    )
    between = first * np.float32(share) + second * np.float32(1 - float(share))
    if third:
        between[:, _THROAT:] = third[0][:, _THROAT:]
    write_whole(path, between.astype(np.float32).tobytes())


def said_by(speech: Callable[[Path], tuple[Sequence[str], str]], missing: str) -> bytes:
    """What a speech program says, as a clip is kept; `speech`: where to write a WAV → its command, and what it reads.

    MissingPartError with the words `missing` when it says nothing.
    """
    with tempfile.TemporaryDirectory(prefix="voiceagent-") as folder:
        path = Path(folder) / "said.wav"
        command, read_in = speech(path)
        try:
            subprocess.run(command, input=read_in.encode(), check=True, timeout=_PROGRAM_S, capture_output=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingPartError(f"{missing} ({error})") from error
        recording = decode(path.read_bytes(), str(path))
        return unit(from_pcm(recording.channel(0)), recording.rate)


def _espeak(text: str, voice: str, speed: float) -> bytes:
    def speech(path: Path) -> tuple[list[str], str]:
        return ["espeak-ng", "-v", voice, "-s", str(int(165 * speed)), "-w", str(path), text], ""

    return said_by(speech, "training needs espeak-ng: apt-get install espeak-ng")


def _styles() -> Path:
    """Every style of the voice's archive; the installation keeps only the agent's and the debtors'."""
    folder = cache_directory() / "kokoro" / "voices"
    if not folder.is_dir():
        archives = sorted(cache_directory().parent.glob("kokoro-js-*.tgz"))
        if not archives:
            raise MissingPartError("the voices' archive is not in the cache: run `voiceagent models install kokoro`")
        folder.mkdir(parents=True)
        with tarfile.open(archives[-1]) as archive:
            for member in archive.getmembers():
                source = archive.extractfile(member) if member.name.endswith(".bin") else None
                if source is not None and "/voices/" in member.name:
                    (folder / Path(member.name).name).write_bytes(source.read())
    return folder


def _with_all_styles(models: Path) -> Path:
    """A directory like the installed voice's, with every style."""
    folder = _styles().parent
    for name in ("model.onnx", "vocab.json"):
        link = folder / name
        if not link.exists():
            try:
                link.symlink_to((models / "kokoro" / name).resolve())
            except FileExistsError:
                continue
    return folder
