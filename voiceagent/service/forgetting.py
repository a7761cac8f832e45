"""Erasing a person because somebody asked: the law that wants records kept is asked first."""

from __future__ import annotations

import uuid
from pathlib import Path

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.cases import tables
from voiceagent.compliance import RuleBook
from voiceagent.journal.journal import Journal
from voiceagent.service.retention import forget_person, last_activity, must_keep


def forget_on_request(
    journal: Journal,
    recordings: Path,
    rules: RuleBook,
    person_id: uuid.UUID,
    *,
    reason: str,
    actor: str,
    despite_retention: bool = False,
) -> int:
    """Erase a person's data and recordings; returns how many values and files.

    DeniedError (code `retention`) while a law wants the records kept, unless `despite_retention`. BadInputError without
    a reason, without such a person, for one in a call or under a legal hold.
    """
    if not reason.strip():
        raise BadInputError("say why the person is erased: the reason is kept", code="reason_needed")
    now = journal.clock.now()
    with journal.db.read() as connection:
        p = tables.person.c
        person = connection.execute(sa.select(p.region, p.state).where(p.id == person_id)).first()
        if person is None:
            raise BadInputError(f"there is no person {person_id}", code="unknown_person")
        idle = (now - last_activity(connection, person_id)).days
    law = must_keep(rules, person.region, person.state, now)
    if law is not None and idle < law.value and not despite_retention:
        raise DeniedError(
            f"{law.rule} ({law.source}) wants the records kept {law.value} days after the last activity, {idle} have "
            "passed: wait, or erase despite retention if counsel says so",
            code="retention",
            values={"rule": law.rule, "days": law.value, "idle": idle},
        )
    return forget_person(journal, recordings, person_id, reason=reason.strip()[:255], actor=actor)
