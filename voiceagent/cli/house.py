"""What commands that work on the installation's own data open: database, journal, rules, dial mode."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid

    from voiceagent.compliance import RuleBook
    from voiceagent.dialer.admission import Admitted
    from voiceagent.dialer.floor import Guards
    from voiceagent.dialer.modes import Gate
    from voiceagent.journal.journal import Journal

_WEIGHED_AT_ONCE, _TOLD_EVERY = 1000, 20_000


@contextmanager
def open_journal(*, make: bool = False) -> Iterator[Journal]:
    """The installation's journal with every projection; `make`: an empty database gets its schema first."""
    from voiceagent import cases, dialer
    from voiceagent.base.clock import SystemClock
    from voiceagent.journal.journal import Journal
    from voiceagent.settings.config import load_settings
    from voiceagent.settings.paths import Paths
    from voiceagent.storage.database import Database

    paths = Paths.from_environment()
    db = Database(load_settings(paths).database.url or paths.database_url())
    try:
        if make and db.revision() is None:
            db.upgrade()
        db.require_current()
        yield Journal(db, SystemClock(), [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    finally:
        db.close()


def rules_and_gate() -> tuple[RuleBook, Gate, float]:
    """The law in force, what this installation may dial, and the guard before a window closes."""
    from voiceagent.dialer.modes import Gate
    from voiceagent.settings.config import load_settings
    from voiceagent.settings.jurisdictions import load_rules
    from voiceagent.settings.paths import Paths

    paths = Paths.from_environment()
    dial = load_settings(paths).dial
    return load_rules(paths.dialplans / "jurisdictions"), Gate.of(dial.mode, allowed=dial.allow), dial.guard_s


def weigh(journal: Journal, campaign_id: uuid.UUID) -> Admitted:
    """Ask the law about everybody who joined the campaign and was not asked about; a long look is told on stderr."""
    from voiceagent.dialer.admission import Admitted, admit

    rules, _, guard_s = rules_and_gate()
    found, told = Admitted(), 0
    while (some := admit(journal, rules, guard_s=guard_s, campaign_id=campaign_id, limit=_WEIGHED_AT_ONCE)).weighed:
        found += some
        if found.weighed - told >= _TOLD_EVERY:
            told = found.weighed
            print(f"{told:,} weighed by the law", file=sys.stderr)
    return found


def who() -> str:
    """Who runs the command, as the journal names its actors."""
    import getpass

    return f"cli:{getpass.getuser()}"[:64]


def tell_shown(journal: Journal, people: Iterable[uuid.UUID]) -> None:
    """Names and numbers of these people are about to be shown: what cannot be recorded is not shown."""
    from voiceagent.cases.portrait import PersonalDataShown
    from voiceagent.journal.envelope import NewEvent

    shown = PersonalDataShown(calls=0)
    journal.record([NewEvent("person", person, shown, who()) for person in people])


def guards() -> Guards:
    """What stops dialing by itself in this installation."""
    from voiceagent.dialer.guarding import guards_of
    from voiceagent.settings.config import load_settings

    return guards_of(load_settings().guards.model_dump())


def masked(number: str | None) -> str:
    """A number for a screen that others may see."""
    return "-" if not number else number[:3] + "*" * max(0, len(number) - 7) + number[-4:]
