"""What an answer holds that a script can name: intents, slots, the script's own cues; and keys as if they were said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from voiceagent.dialogue.callbacks import PERIODS
from voiceagent.dialogue.events import Understanding
from voiceagent.dialogue.script import ANYTHING, Script
from voiceagent.dialogue.state import ConversationState
from voiceagent.dialogue.turn import NO, YES
from voiceagent.language.text import words

#: Parts of the day that a key may stand for.
PERIOD_KEYS = frozenset(PERIODS) - {"night"}


def tokens_of(meant: Understanding) -> frozenset[str]:
    """Everything of an understanding that `hear` can name."""
    tokens = {name for name, value in meant.slots.items() if value is not None and name != "cue"}
    cue = meant.slots.get("cue")
    if isinstance(cue, str):
        tokens.add(cue)
    if meant.intent is not None:
        tokens.add(meant.intent)
    yes_no = meant.slots.get("yes_no")
    if isinstance(yes_no, bool) and (meant.intent is None or meant.intent in YES | NO):
        tokens.add("yes" if yes_no else "no")
    if meant.ambiguous:
        tokens.add("ambiguous")
    if meant.text.strip() or tokens:
        tokens.add(ANYTHING)
    return frozenset(tokens)


def with_cue(script: Script, node: str, meant: Understanding) -> Understanding:
    """The understanding with the first of the state's cues that its words hold, whatever else they say."""
    heard = {name for transition in script.states[node].on for name in transition.hear}
    listened = [name for name in script.cues if name in heard]
    if not listened or not meant.text.strip():
        return meant
    line = f" {words(meant.text)} "
    for name in listened:
        if any(f" {wording} " in line for wording in _folded(script.cues[name])):
            return replace(meant, slots={**meant.slots, "cue": name})
    return meant


@lru_cache(maxsize=512)
def _folded(wordings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(words(wording) for wording in wordings)


def keyed(script: Script, state: ConversationState, digits: str, today: date) -> Understanding:
    """Keys as if they had been said; an understanding of nothing where they stand for nothing."""
    node = script.states[state.node]
    pressed = digits.rstrip("#")
    meaning = node.keys.get(pressed) or node.keys.get(digits)
    if meaning is not None:
        return _meant(script, state, meaning, pressed)
    fewest = node.digits_from or node.digits
    if node.digits is None or fewest is None or not pressed.isdecimal() or not fewest <= len(pressed) <= node.digits:
        return Understanding()
    if not {"birth_date", "date"} & set(node.expect):
        return Understanding(None, 1.0, {"digits": pressed})
    try:
        day = _birthday(pressed, script.language) if "birth_date" in node.expect else _next(int(pressed), today)
    except ValueError:
        return Understanding()
    return Understanding(None, 1.0, {"date": day.isoformat()})


def _meant(script: Script, state: ConversationState, meaning: str, pressed: str) -> Understanding:
    if meaning.startswith("day_"):
        index = int(meaning.removeprefix("day_")) - 1
        if index < len(state.readings):
            return Understanding(None, 1.0, {"date": state.readings[index].isoformat()}, text=pressed)
        return Understanding()
    if meaning in script.cues:
        return Understanding(None, 1.0, {"cue": meaning}, text=pressed)
    if meaning in PERIOD_KEYS:
        return Understanding(None, 1.0, {"period": meaning}, text=pressed)
    slots = {"yes_no": meaning == "yes"} if meaning in ("yes", "no") else {}
    return Understanding(meaning, 1.0, slots, text=pressed)


def _birthday(pressed: str, language: str) -> date:
    """Only day and month are said on keys; a leap year admits every day there is."""
    first, second = int(pressed[:2]), int(pressed[2:])
    return date(2000, first, second) if language == "en" else date(2000, second, first)


def _next(number: int, today: date) -> date:
    """The next day of that number; ValueError when no month has it."""
    if not 1 <= number <= 31:
        raise ValueError(f"no month has a day {number}")
    day = today + timedelta(days=1)
    while day.day != number:
        day += timedelta(days=1)
    return day
