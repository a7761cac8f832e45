"""Recordings at the end of their life: which are due, and that their file is gone."""

from __future__ import annotations

import hashlib
import socket
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import sqlalchemy as sa

from voiceagent.base.errors import UnavailableError
from voiceagent.cases import kinds
from voiceagent.cases import tables as t
from voiceagent.cases.holds import held
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.journal import Journal, Projection, for_each


@dataclass(frozen=True, slots=True)
class RecordingErased(Said):
    """The file is gone; when and why it was there stays."""

    TYPE: ClassVar[str] = "recording.erased"
    recording_id: uuid.UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Due:
    """A recording that may be erased."""

    recording_id: uuid.UUID
    attempt_id: uuid.UUID
    path: str
    worker: str | None = None
    """Whose seat made the call."""


#: Ends the name of the file that the recorder keeps beside a recording.
MARKS = ".marks.json"
#: Rows asked for at a time: of those that lie on other machines there may be any number.
_PIECE = 500


def of_person(connection: sa.Connection, person_id: uuid.UUID) -> list[Due]:
    """Every recording of a person that is still there."""
    return list(_due(connection, t.attempt.c.person_id == person_id))


def of_the_erased(connection: sa.Connection, tenant_id: uuid.UUID) -> Iterator[Due]:
    """Recordings that an erasure left behind: it was interrupted, or they lie on another machine."""
    return _due(connection, t.attempt.c.tenant_id == tenant_id, t.person.c.erased_at.is_not(None))


def older_than(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    before: datetime,
    *,
    place: tuple[str | None, str | None],
) -> Iterator[Due]:
    """Recordings opened before an instant, of people of one place (region, state), none of them under a legal hold.

    Region None: calls nobody could be matched to.
    """
    region, state = place
    person = t.person.c
    where = (
        person.id.is_(None)
        if region is None
        else sa.and_(person.region == region, person.state.is_not_distinct_from(state))
    )
    return _due(connection, t.attempt.c.tenant_id == tenant_id, where, t.recording.c.opened_at < before)


def _due(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Iterator[Due]:
    r, call = t.recording.c, t.attempt.c
    # The file of a worker that died was never closed: with its call, nobody writes to it any more.
    written = sa.and_(r.state == kinds.RecordingState.OPEN, call.status != kinds.AttemptStatus.ENDED)
    query = (
        sa.select(r.id, r.attempt_id, r.path, r.opened_at, call.worker)
        .join(t.attempt, t.attempt.c.id == r.attempt_id)
        .outerjoin(t.person, t.person.c.id == t.attempt.c.person_id)
        .where(
            r.state != kinds.RecordingState.ERASED,
            ~written,
            ~sa.func.coalesce(held(call.person_id), sa.false()),
            *where,
        )
        .order_by(r.opened_at, r.id)
        .limit(_PIECE)
    )
    found = connection.execute(query).all()
    while found:
        yield from (Due(row.id, row.attempt_id, row.path, row.worker) for row in found)
        last = found[-1]
        later = sa.or_(r.opened_at > last.opened_at, sa.and_(r.opened_at == last.opened_at, r.id > last.id))
        found = connection.execute(query.where(later)).all() if len(found) == _PIECE else []


@dataclass(frozen=True, slots=True)
class Checked:
    """A recording beside what the journal says of it."""

    attempt_id: uuid.UUID
    path: str
    fault: str
    """missing, changed or outside; empty when the file is the one that was written."""


def check_files(
    connection: sa.Connection, tenant_id: uuid.UUID, root: Path, *, since: datetime | None = None
) -> Iterator[Checked]:
    """Every closed recording, read whole and compared with the digest kept at its end; oldest first."""
    r = t.recording.c
    query = (
        sa.select(r.attempt_id, r.path, r.sha256)
        .where(r.tenant_id == tenant_id, r.state == kinds.RecordingState.CLOSED)
        .order_by(r.opened_at, r.id)
    )
    if since is not None:
        query = query.where(r.opened_at >= since)
    for row in connection.execute(query).all():
        yield Checked(row.attempt_id, row.path, _fault(root, row.path, row.sha256))


def _fault(root: Path, path: str, sha256: str | None) -> str:
    file = (root / path).resolve()
    if not file.is_relative_to(root.resolve()):
        return "outside"
    try:
        with file.open("rb") as content:
            return "" if hashlib.file_digest(content, "sha256").hexdigest() == sha256 else "changed"
    except OSError:
        return "missing"


def within_reach(root: Path, one: Due) -> bool:
    """Whether this machine can erase it or say that it is gone: other machines keep files of their own."""
    path = (root / one.path).resolve()
    try:
        path.lstat()
    except FileNotFoundError:
        return _lost_here(path, one)
    except OSError:
        # It may be here: whoever erases it tells what is wrong.
        return True
    return True


def made_here(one: Due) -> bool:
    """Whether a worker of this machine wrote it; `up` names workers after their machine and counts them."""
    return (one.worker or "").rpartition("-")[0] == socket.gethostname()


def _lost_here(path: Path, one: Due) -> bool:
    """Of a file that is not there: it was on this machine, and its directory still is, so its disk is mounted."""
    return made_here(one) and path.parent.is_dir()


def erase_files(journal: Journal, root: Path, due: Iterable[Due], *, reason: str, actor: str) -> int:
    """Delete the files and say so; returns how many. One that is not within reach or held meanwhile stays due.

    UnavailableError names one that cannot be deleted, once the others are.
    """
    done, refused = 0, list[str]()
    for one in due:
        path = (root / one.path).resolve()
        if not path.is_relative_to(root.resolve()):
            refused.append(f"recording {one.recording_id} lies outside {root}: nothing there is deleted")
            continue
        try:
            # Within the transaction: no hold can be placed between the question and the deed.
            with journal.transaction() as connection:
                if not any(_due(connection, t.recording.c.id == one.recording_id)):
                    continue
                if not _unlinked(path, one):
                    continue
                gone = RecordingErased(one.recording_id, reason)
                journal.record([NewEvent("call", one.attempt_id, gone, actor)], connection)
                done += 1
        except OSError as error:
            refused.append(f"cannot delete {path}: {error.strerror or error}")
    if refused:
        raise UnavailableError(refused[0])
    return done


def _unlinked(path: Path, one: Due) -> bool:
    # The recorder's marks first: while the file is there, it is due again.
    path.with_suffix(MARKS).unlink(missing_ok=True)
    try:
        path.unlink()
    except FileNotFoundError:
        return _lost_here(path, one)
    return True


def _erased(connection: sa.Connection, event: Event) -> None:
    table = t.recording
    connection.execute(
        sa.update(table)
        .where(table.c.id == event.payload["recording_id"])
        .values(state=kinds.RecordingState.ERASED, marks=None)
    )


PROJECTIONS = (Projection(RecordingErased.TYPE, for_each(_erased)),)
