"""Stored calls through today's ears, understanding and script."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceagent.base.errors import BadInputError

if TYPE_CHECKING:
    from voiceagent.quality.replay import CallReplay

HELP = "stored calls through today's ears, understanding and script: what would be otherwise now"
EXAMPLE = "voiceagent replay recordings/2026-11-18 --labels said.jsonl --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("what", nargs="+", metavar="CALL-ID|FOLDER", help="calls of this installation, or their folder")
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="what was really said, one JSON object a line: tells accuracy",
    )
    parser.add_argument(
        "--write-labels", type=Path, metavar="FILE", help="write a line for every turn, its `said` to be filled in"
    )
    parser.add_argument("--strict", action="store_true", help="a difference is a failure (exit 1)")
    parser.add_argument("--models", type=Path, metavar="DIR", help="installed models (default: models/)")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Replay; 0 when every call could be, 1 when one could not (or, `--strict`, differs)."""
    from voiceagent.cli.house import open_journal
    from voiceagent.dialogue.intents import configure as configure_intents
    from voiceagent.quality.labels import labelled, read_labels, write_labels
    from voiceagent.quality.replay import Replayer
    from voiceagent.settings.paths import Paths

    paths = Paths.from_environment()
    configure_intents(paths.dialplans / "language")
    labels = read_labels(args.labels) if args.labels else {}
    # Read before the work: a file that is no file of labels is not written over, and is told of at once.
    kept = read_labels(args.write_labels) if args.write_labels and args.write_labels.is_file() else {}
    wanted = [one for given in args.what for one in _calls(given)]
    done: list[CallReplay] = []
    failed: list[dict[str, Any]] = []
    with open_journal() as journal:
        replayer = Replayer(journal, paths.recordings, paths.dialplans, _hearings(args.models or paths.models))
        for number, (call_id, recording) in enumerate(wanted, 1):
            try:
                one = replayer.replay(call_id, recording)
            except BadInputError as error:
                failed.append({"call": str(call_id), "error": {"code": error.code, "message": error.message}})
                print(f"{number}/{len(wanted)} {call_id}: {error.message}", file=sys.stderr, flush=True)
                continue
            done.append(one)
            told = f"{len(one.turns)} turns, {one.differing} differ"
            print(f"{number}/{len(wanted)} {call_id}: {told}", file=sys.stderr, flush=True)
    if args.write_labels:
        waiting = write_labels(args.write_labels, done, kept | labels)
        print(f"{args.write_labels}: {waiting} turns to be labelled", file=sys.stderr)
    accuracy = labelled(done, labels).as_json() if labels else None
    differing = sum(one.differing for one in done)
    if args.json:
        calls = [*(_document(one) for one in done), *failed]
        summary = {"calls": len(done), "failed": len(failed), "turns": sum(len(one.turns) for one in done)}
        summary["differing"] = differing
        print(json.dumps({"summary": summary, "accuracy": accuracy, "calls": calls}, ensure_ascii=False))
    else:
        _show(done, accuracy)
    if failed:
        print(f"voiceagent: {len(failed)} of {len(wanted)} calls could not be replayed", file=sys.stderr)
    return 1 if failed or (args.strict and differing) else 0


def _calls(given: str) -> list[tuple[uuid.UUID, Path | None]]:
    """A call by its id, or every recording below a folder: they are named by their calls."""
    folder = Path(given)
    if folder.is_dir():
        found = []
        for path in sorted(folder.rglob("*.wav")):
            try:
                found.append((uuid.UUID(path.stem), path))
            except ValueError:
                raise BadInputError(f"{path} is not named by a call's id: it is no recording of ours") from None
        if not found:
            raise BadInputError(f"there is no recording in {folder}")
        return [(call, path) for call, path in found]
    try:
        return [(uuid.UUID(given), None)]
    except ValueError:
        raise BadInputError(f"{given} is neither a call's id nor a folder of recordings") from None


def _hearings(models: Path) -> Any:
    """Opens recognisers as calls do; each engine is loaded once."""
    from voiceagent.speech.direct import DirectHearing
    from voiceagent.speech.recogniser import Recognisers

    recognisers = Recognisers(models)
    return lambda language: DirectHearing(recognisers.of(language).open(language))


def _document(one: CallReplay) -> dict[str, Any]:
    return {
        "call": str(one.call.id),
        "language": one.call.language.value,
        "script": one.script or "followed",
        "differing": one.differing,
        "turns": [
            {
                "turn": turn.n,
                "state": turn.state,
                "at_s": turn.at_s,
                "off_path": turn.off_path,
                "differences": list(turn.differences),
                "then": turn.then.as_json(),
                "now": turn.now.as_json(),
            }
            for turn in one.turns
        ],
    }


def _show(done: list[CallReplay], accuracy: dict[str, Any] | None) -> None:
    for one in done:
        print(
            f"{one.call.id}  {len(one.turns)} turns, {one.differing} differ"
            + (f"  ({one.script})" if one.script else "")
        )
        for turn in one.turns:
            if turn.differences:
                print(f"  {turn.n:>3} {turn.at_s:7.2f} s  {turn.state}: {', '.join(turn.differences)}")
                for name, reading in (("then", turn.then), ("now", turn.now)):
                    meant = f"{reading.intent or '-'} {reading.slots or ''}".strip()
                    print(f"        {name:<4} {reading.heard!r}  {meant}  -> {reading.next or '?'}")
    if accuracy is not None:
        print(f"{'kind':<14}{'n':>5}{'right then':>12}{'now':>8}{'wrong then':>12}{'now':>8}")
        for kind, score in accuracy.items():
            then, now = score["then"], score["now"]
            shares = [
                side[name] / side["n"] if side["n"] else 0.0 for name in ("right", "wrong") for side in (then, now)
            ]
            print(f"{kind:<14}{now['n']:>5}{shares[0]:>12.3f}{shares[1]:>8.3f}{shares[2]:>12.3f}{shares[3]:>8.3f}")
