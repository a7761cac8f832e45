"""Times of day; where morning or evening is not said, the one within calling hours is meant."""

from __future__ import annotations

from dataclasses import dataclass

from voiceagent.language.lexicon import Lexicon
from voiceagent.language.readings import Reading, Scan, compiled

#: An hour said alone is taken within [FIRST, FIRST + 12): "six" is 18:00, "eight" 08:00.
FIRST = 8


@dataclass(frozen=True, slots=True)
class Wait:
    """A time counted from now, in minutes."""

    minutes: int


def read_times(scan: Scan, lexicon: Lexicon, *, expected: bool) -> list[Reading]:
    """Readings of `time` ("HH:MM"), `period` (morning, afternoon, evening) and `in_minutes`.

    A rule is `clock[:part]`, `to[:part]` (minutes before the hour), `noon` (minutes past it), `fixed:HH:MM[:period]`,
    `period:NAME`, `wait:UNIT` or `skip`; part is am, pm or night. Groups: h, m, half.
    `?` in front: only when a time is expected.
    """
    found: list[Reading] = []
    for pattern, rule in lexicon.time_patterns:
        if rule[0] == "?" and not expected:
            continue
        name, _, argument = rule.lstrip("?").partition(":")
        for match in scan.take(compiled(pattern)):
            groups = {key: value for key, value in match.groupdict().items() if value is not None}
            made = _apply(name, argument, groups)
            if made or name == "skip":
                found += [Reading(slot, (value,), match.start(), match.end()) for slot, value in made]
                scan.consume(match.start(), match.end())
    return found


def bare_hour(hour: int) -> str | None:
    """A number alone as an hour within calling hours."""
    return _clock(hour, 0, "")


def _apply(name: str, argument: str, groups: dict[str, str]) -> list[tuple[str, str | int]]:
    if name == "fixed":
        return [("time", argument[:5]), *([("period", argument[6:])] if len(argument) > 5 else [])]
    if name == "noon":
        return [("time", f"12:{int(groups['m']):02d}")] if int(groups["m"]) < 60 else []
    if name == "period":
        return [("period", argument)]
    if name == "wait":
        minutes = {"minute": 1, "hour": 60, "half": 30}[argument] * int(groups.get("n", "1"))
        return [("in_minutes", minutes + (30 if "half" in groups else 0))]
    if name in ("clock", "to"):
        minute = int(groups.get("m", "0")) + (30 if "half" in groups else 0)
        hour = int(groups["h"])
        if name == "to":
            if not 0 < minute < 60:
                return []
            hour, minute = hour - 1, 60 - minute
            hour = hour or 12
        made = _clock(hour, minute, argument)
        return [("time", made)] if made else []
    return []


def _clock(hour: int, minute: int, part: str) -> str | None:
    if not (0 <= hour <= 24 and 0 <= minute < 60):
        return None
    if part == "am":
        hour = 0 if hour == 12 else hour
    elif part == "pm":
        hour = hour + 12 if 1 <= hour < 12 else hour
    elif part == "night":
        hour = hour + 12 if 5 <= hour < 12 else 0 if hour == 12 else hour
    elif part != "exact" and 1 <= hour < FIRST:
        hour += 12
    return f"{hour % 24:02d}:{minute:02d}"
