"""Trains the phone head of a language from nothing: texts, voices, lines, network, calibration.

See docs/phone-head.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from voiceagent.base.errors import MissingPartError, VoiceagentError
from voiceagent.speech.constrained.head import Floats, Head
from voiceagent.speech.constrained.judging import calibration_at
from voiceagent.speech.constrained.phones import INVENTORY
from voiceagent.speech.engines.whisper import Whisper
from voiceagent.speech.training import curve, strangers
from voiceagent.speech.training.calibrate import Trial, calibrate, trials
from voiceagent.speech.training.clips import Clip, plan, render
from voiceagent.speech.training.damage import spoil, spoil_and_mend, spoil_badly, spoil_strangely
from voiceagent.speech.training.dictated import dictated
from voiceagent.speech.training.examples import of_clips, of_joined
from voiceagent.speech.training.joined import joined
from voiceagent.speech.training.plain import plain
from voiceagent.speech.training.recorded import recorded
from voiceagent.speech.training.trainer import train

_ROOT = Path(__file__).parents[3]
_SEED = 1
#: Clips of the calibration's voices.
_JUDGED = {"pt-BR": 170, "es": 100, "en": 100}


def main() -> int:
    """Render what is missing, train, calibrate, write weights and calibration."""
    parser = argparse.ArgumentParser(prog="train-ctc", description=__doc__)
    parser.add_argument("language", choices=tuple(INVENTORY))
    parser.add_argument("--clips", type=int, default=700, help="clips of the training voices")
    parser.add_argument("--copies", type=int, default=3, help="conditions in which each clip is heard")
    parser.add_argument("--joined", type=int, default=400, help="answers joined from the agent's phrase bank")
    parser.add_argument("--dictated", type=int, default=300, help="answers joined from words said one by one")
    parser.add_argument("--worse", type=int, default=0, help="clips heard on three worse lines besides")
    parser.add_argument("--plain", type=int, default=0, help="answers by many voices of the system's synthesiser")
    parser.add_argument("--strangers", type=int, default=0, help="answers by blended voices, in other accents")
    parser.add_argument("--recorded", type=int, default=0, help="answers joined from single words of many voices")
    parser.add_argument("--judged", type=int, help="clips of the calibration's voices, if not as many as usual")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument(
        "--base", choices=tuple(INVENTORY), help="language whose trained head to start from: the same, to go on"
    )
    parser.add_argument("--keep", action="store_true", help="keep the trained weights, calibrate all languages anew")
    parser.add_argument("--processes", type=int, default=2, help="processes that render and train at once")
    parser.add_argument("--models", type=Path, default=_ROOT / "models")
    parser.add_argument("--out", type=Path, default=_ROOT / "voiceagent" / "speech" / "constrained" / "weights")
    args = parser.parse_args()
    try:
        build(args)
    except VoiceagentError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


def build(args: argparse.Namespace) -> None:
    """All steps; each keeps what it made, so that a run that was stopped goes on where it was."""
    started = time.monotonic()

    def report(text: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)

    forget_unreadable(args.out / "calibration.json")
    whisper = Whisper(args.models / "whisper-base")
    if not args.keep:
        write(trained(args, whisper, report), args.out / f"{args.language}.npz")
    found: list[Trial] = []
    for path in sorted(args.out.glob("*.npz")):
        # A language alone has too few errors to learn from: all that have a head are calibrated together.
        report(f"calibrating on {path.stem}")
        heard = left_out(path.stem, args)
        found += trials(heard, path.stem, read(path), whisper, report)
    scale = calibrate(found)
    (args.out / "calibration.json").write_text(json.dumps(scale, indent=1) + "\n", encoding="utf-8")
    report(f"{args.out / args.language}.npz and calibration.json are written")
    print(curve.report(found, scale))


def forget_unreadable(calibration: Path) -> None:
    """Delete a calibration of another version: the ear would not open with it, and it is made anew."""
    if calibration.is_file():
        try:
            calibration_at(calibration)
        except MissingPartError:
            calibration.unlink()


def trained(args: argparse.Namespace, whisper: Whisper, report: Callable[[str], None]) -> dict[str, Floats]:
    """The weights of the language, from its clips."""
    language: str = args.language
    clips = plan(language, "train", args.clips, _SEED)
    strange = strangers.said(language, "train", args.strangers, _SEED)
    judged = left_out(language, args)
    render([*clips, *strange], language, args.models, args.processes)
    report(f"{len(clips) + len(strange)} clips and {len(judged)} of left-out voices are rendered")
    examples = of_clips(clips, language, args.copies, whisper)
    for spoiling in (spoil, spoil_badly, spoil_strangely):
        examples += of_clips(strange, language, args.copies, whisper, spoiling)
    babble = clips or strange
    bank = joined(language, args.joined, args.models, _SEED)
    said = dictated(language, args.dictated, args.models, _SEED, args.processes)
    examples += of_joined(said, language, 2, babble, whisper)
    for spoiling in (spoil_badly, spoil_and_mend, spoil_strangely):
        examples += of_clips(clips[: args.worse], language, 1, whisper, spoiling)
    announced = recorded(language, args.recorded, args.models, _SEED, args.processes)
    robots = plain(language, args.plain, args.models, _SEED, args.processes)
    for sounds, spoilings in (
        (bank, (spoil, spoil_badly)),
        (announced, (spoil, spoil_badly)),
        (robots, (spoil_badly, spoil_strangely)),
    ):
        for spoiling in spoilings:
            examples += of_joined(sounds, language, 1, babble, whisper, spoiling)
    unheard = of_clips(judged, language, 2, whisper)
    report(f"{len(examples)} examples and {len(unheard)} of left-out voices are encoded")
    base = read(args.out / f"{args.base}.npz").weights if args.base else None
    if base is not None and args.base != language:
        # Another language's phones are not this one's.
        base = {name: value for name, value in base.items() if not name.startswith("last")}
    return train(examples, unheard, len(INVENTORY[language]) + 1, args.epochs, report, _SEED, base, args.processes)


def left_out(language: str, args: argparse.Namespace) -> list[Clip]:
    """Clips of the voices to stop the training and to calibrate on: as they are, and as strangers between them."""
    count = args.judged or _JUDGED[language]
    clips = plan(language, "calibration", count, _SEED) + strangers.said(language, "calibration", count // 2, _SEED)
    render(clips, language, args.models, args.processes)
    return clips


def write(weights: dict[str, Floats], path: Path) -> None:
    """The weights as they are shipped: half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored: dict[str, Any] = {name: value.astype(np.float16) for name, value in weights.items()}
    with path.open("wb") as file:
        np.savez(file, **stored)


def read(path: Path) -> Head:
    """The head of written weights."""
    with np.load(path) as stored:
        return Head({name: stored[name].astype(np.float32) for name in stored.files}, "")


if __name__ == "__main__":
    sys.exit(main())
