"""What the confidence means: how often answers of each confidence are right, per language and line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from voiceagent.speech.constrained.judging import seconding, takes_checked, takes_of, unaided
from voiceagent.speech.training.calibrate import Trial

EDGES = (0.0, 0.1, 0.5, 0.9, 0.95, 0.98, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a closed question would have made of a trial."""

    confidence: float
    believed: bool


def judged(trial: Trial, scale: dict[str, Any]) -> Verdict:
    """As in a call: the head alone, then a second hearing, then the decoder, then a third hearing."""
    sure = unaided(trial.alone, scale["alone"])
    takes, kind, noisy = scale["takes"], trial.kind, trial.noisy
    enough = sure >= takes_of(takes, "alone", kind, noisy)
    if enough or trial.again is None or trial.checked is None:
        return Verdict(sure, enough)
    twice = unaided(trial.again, scale["again"])
    if not trial.contradicted and twice >= takes_of(takes, "again", kind, noisy):
        return Verdict(twice, True)
    confidence = seconding(trial.checked, scale["checked"])
    limit = takes_checked(takes, kind, noisy, trial.again, counted=False)
    if trial.carried and confidence < limit:
        return Verdict(limit, True)
    return Verdict(confidence, confidence >= limit and not trial.contradicted)


def report(found: Sequence[Trial], scale: dict[str, Any]) -> str:
    """The curve, and what is believed on each line of each language, as Markdown rows."""
    verdicts = [(trial, judged(trial, scale)) for trial in found]
    rows = ["| confidence | n | right |", "|---|---|---|"]
    for low, high in pairwise(EDGES):
        here = [t.right for t, v in verdicts if low <= v.confidence < high or (high == 1.0 and v.confidence == 1.0)]
        rows.append(f"| {low:g}-{high:g} | {len(here)} | {sum(here) / len(here) if here else 0:.3f} |")
    rows += ["", "| language, line | answers | right / rejected / wrong | others | taken |", "|---|---|---|---|---|"]
    for group in dict.fromkeys((trial.language, trial.line) for trial in found):
        mine = [(t, v) for t, v in verdicts if (t.language, t.line) == group]
        asked = [(t, v) for t, v in mine if t.answerable]
        others = [v.believed for t, v in mine if not t.answerable]
        right = sum(v.believed and t.right for t, v in asked)
        wrong = sum(v.believed and not t.right for t, v in asked)
        shares = " / ".join(f"{count / max(1, len(asked)):.3f}" for count in (right, len(asked) - right - wrong, wrong))
        rows.append(f"| {group[0]} {group[1]} | {len(asked)} | {shares} | {len(others)} | {sum(others)} |")
    return "\n".join(rows)
