"""What people say was really said: a file of one JSON object a line, and how right the ears were by it."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voiceagent.base.errors import BadInputError, unreadable
from voiceagent.dialogue.understanding import understand
from voiceagent.quality.calls import KeptCall
from voiceagent.quality.replay import CallReplay, Reading, TurnReplay

#: Slots whose value makes an answer right or wrong.
VALUES = ("yes_no", "date", "amount", "instalments", "down_payment", "instalment_amount", "time", "share")


@dataclass(frozen=True, slots=True)
class Label:
    """One turn as a person heard it. `said` None: not labelled yet; "" : nothing was said."""

    call: str
    turn: int
    said: str | None
    intent: str | None = None
    """Where what is meant does not follow from the words."""
    slots: dict[str, Any] | None = None
    row: dict[str, Any] = field(default_factory=dict, compare=False)
    """Its line as it was read."""


@dataclass(slots=True)
class Score:
    """Turns by what was made of them. `rejected`: asked again, or taken for nothing."""

    n: int = 0
    right: int = 0
    rejected: int = 0
    wrong: int = 0

    def count(self, verdict: str) -> None:
        """One more."""
        self.n += 1
        setattr(self, verdict, getattr(self, verdict) + 1)

    def as_json(self) -> dict[str, int]:
        """Its four numbers."""
        return {"n": self.n, "right": self.right, "rejected": self.rejected, "wrong": self.wrong}


@dataclass(slots=True)
class Accuracy:
    """Scores then and now, by the kind of answer that was asked for first."""

    then: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    now: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))

    def add(self, replay: CallReplay, labels: dict[tuple[str, int], Label]) -> None:
        """Every labelled turn of a call."""
        for turn in replay.turns:
            label = labels.get((str(replay.call.id), turn.n))
            if label is None or label.said is None:
                continue
            wanted = meaning(replay.call, turn, label)
            kind = turn.expect.kinds[0] if turn.expect.kinds else "intent"
            self.then[kind].count(verdict(turn.then, *wanted))
            self.now[kind].count(verdict(turn.now, *wanted))

    def as_json(self) -> dict[str, Any]:
        """{kind: {then: …, now: …}} with `all`."""
        told = {kind: {"then": self.then[kind].as_json(), "now": self.now[kind].as_json()} for kind in sorted(self.now)}
        totals = {}
        for side in ("then", "now"):
            scores = list(getattr(self, side).values())
            totals[side] = {
                name: sum(getattr(score, name) for score in scores) for name in ("n", "right", "rejected", "wrong")
            }
        return {**told, "all": totals}


def meaning(call: KeptCall, turn: TurnReplay, label: Label) -> tuple[str | None, dict[str, Any]]:
    """(intent, slots) that the labelled words have where they were said, or that the label itself names."""
    meant = understand(
        label.said or "",
        language=call.language,
        region=call.region,
        expect=turn.expect.kinds,
        among=turn.expect.among,
        today=call.today,
        now=call.started,
    )
    slots = meant.slots if label.slots is None else label.slots
    return label.intent or meant.intent, {name: value for name, value in slots.items() if name in VALUES}


def verdict(reading: Reading, intent: str | None, slots: dict[str, Any]) -> str:
    """right: the same meaning; rejected: nothing was made of what means something; else wrong."""
    values = {name: value for name, value in reading.slots.items() if name in VALUES}
    if (values, reading.intent) == (slots, intent) or (values == slots and slots):
        return "right"
    return "wrong" if values or reading.intent is not None else "rejected"


def read_labels(path: Path) -> dict[tuple[str, int], Label]:
    """Labels by (call, turn); BadInputError names the line that is none."""
    labels = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            said, intent, slots = (given.get(name) for name in ("said", "intent", "slots"))
            if not isinstance(said, str | None) or not isinstance(intent, str | None):
                raise TypeError("`said` and `intent` are texts")
            if not isinstance(slots, dict | None):
                raise TypeError("`slots` is an object")
            label = Label(str(given["call"]), int(given["turn"]), said, intent, slots, given)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInputError(
                f'{path}:{number}: {error}; write a line like {{"call": ID, "turn": 3, "said": "dia quinze"}}'
            ) from error
        labels[label.call, label.turn] = label
    return labels


def write_labels(path: Path, replays: Iterable[CallReplay], known: dict[tuple[str, int], Label]) -> int:
    """A line for every turn that could be labelled and for all that is known; returns how many wait.

    The file is made anew, 0600, and takes the place of the old one as a whole.
    """
    rows = {turn: {"call": label.call, "turn": label.turn} | label.row for turn, label in known.items()}
    for replay in replays:
        for turn in replay.turns:
            row = {"call": str(replay.call.id), "turn": turn.n, "state": turn.state}
            rows[str(replay.call.id), turn.n] = row | {
                "at_s": turn.at_s, "then": turn.then.heard, "now": turn.now.heard
            }  # fmt: skip
    waiting = 0
    for number, row in rows.items():
        label = known.get(number)
        row["said"] = label.said if label else None
        if label and label.intent is not None:
            row["intent"] = label.intent
        if label and label.slots is not None:
            row["slots"] = label.slots
        waiting += row["said"] is None
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values())
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise BadInputError(f"cannot write {path}: {error.strerror or error}") from error
    return waiting


def labelled(replays: Sequence[CallReplay], labels: dict[tuple[str, int], Label]) -> Accuracy:
    """How right the ears were, then and now."""
    accuracy = Accuracy()
    for replay in replays:
        accuracy.add(replay, labels)
    return accuracy
