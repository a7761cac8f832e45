"""What the rule files want said, for a conversation: `duty.<text>` and its wording `duty.<text>.say.<language>`.

And the hours of their windows, for what the conversation promises.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache, reduce
from pathlib import Path

from voiceagent.base.clock import SystemClock
from voiceagent.compliance.rules import Jurisdiction, RuleBook
from voiceagent.compliance.terms import Window, overlap
from voiceagent.dialogue.law import LATER, TEXTS, Hours, SpokenLaw
from voiceagent.dialogue.script import Script
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths


def spoken_law(rules: RuleBook, language: str, country: str, state: str | None, day: date) -> SpokenLaw:
    """The law of one place on one day; the strictest there is for a country without rules."""
    chain = rules.chain(country, state)
    if not chain:
        return SpokenLaw(country)

    def duty(name: str) -> object:
        term = rules.duty(name, country, state, day)
        return term.value if term is not None else None

    wording = {name: duty(f"{name}.say.{language}") for name in (*TEXTS, *(f"{text}{LATER}" for text in TEXTS))}
    return SpokenLaw(
        place=chain[0].code,
        required=frozenset(name for name in TEXTS if duty(name)),
        texts={name: str(text) for name, text in wording.items() if text is not None},
        itemise_always=duty("itemised_amounts") != "on_request",
        may_ask_reason=duty("ask_reason") is True,
        hours=_hours(chain, day),
    )


def _hours(chain: Sequence[Jurisdiction], day: date) -> Hours:
    """The hours of each day of the week that state and country both allow."""
    windows: list[Window] = [term.value for place in chain if (term := place.term("window", day)) is not None]
    if not windows:
        return (None,) * 7
    return tuple(reduce(overlap, (window.of(weekday, False) for window in windows)) for weekday in range(7))


def law_of(dialplans: Path, language: str, country: str, state: str | None, day: date) -> SpokenLaw:
    """`spoken_law` from the rule files of `dialplans`."""
    return spoken_law(_rules(dialplans / "jurisdictions"), language, country, state, day)


def served_laws(script: Script, path: Path) -> Sequence[SpokenLaw]:
    """The law of every country and state that the script at `path` serves, as in force today."""
    if not script.serves:
        return ()
    beside = path.resolve().parent.parent
    dialplans = beside if (beside / "jurisdictions").is_dir() else Paths.from_environment().dialplans
    rules, today = _rules(dialplans / "jurisdictions"), SystemClock().now().date()
    places = [(country, state) for country in script.serves for state in (None, *rules.states.get(country, ()))]
    return [spoken_law(rules, script.language, country, state, today) for country, state in places]


def _rules(folder: Path) -> RuleBook:
    stamps = tuple(sorted((file.name, file.stat().st_mtime_ns) for file in folder.glob("*.yaml")))
    return _loaded(folder, stamps)


@lru_cache(maxsize=4)
def _loaded(folder: Path, stamps: tuple[tuple[str, int], ...]) -> RuleBook:
    """The book once for each state of its files: it takes longer to read than a script to prove."""
    return load_rules(folder)
