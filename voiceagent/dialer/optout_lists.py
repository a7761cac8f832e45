"""Lists of people to be left alone: from a file, row by row, each stop with where it came from and what proves it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables as t
from voiceagent.cases.kinds import OptOutScope
from voiceagent.cases.stops import numbers_of_erased
from voiceagent.dialer import optouts
from voiceagent.dialer.cells import CellError, cleaned
from voiceagent.dialer.columns import field_of, plain
from voiceagent.dialer.documents import document
from voiceagent.dialer.faults import Fault
from voiceagent.dialer.rejected import RejectedRows
from voiceagent.dialer.source import Row, open_source
from voiceagent.dialer.telephones import phones
from voiceagent.journal.journal import Journal

#: Columns that contact lists do not have, or have for something else; their other headers are known here too.
_OWN = {
    name: field
    for field, names in {
        "number": "number numero",
        "channel": "channel canal",
        "source": "source origem origen fonte fuente",
        "proof": "proof prova prueba protocolo",
    }.items()
    for name in names.split()
}
_OF_LISTS = {"phone": "number", "document": "document"}
_CHANNELS = {"": None, "all": None, "voice": "voice", "voz": "voice", "sms": "sms", "email": "email", "e-mail": "email"}
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Imported:
    """rows = added + known + rejected."""

    file: str
    sha256: str
    rows: int
    added: int
    known: int
    rejected: int
    rejected_file: str | None

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What could be read of a row; `whole`: all of it."""

    whole: bool
    numbers: tuple[str, ...]
    document: str | None
    channel: str | None
    source: str
    proof: str


def import_optouts(
    journal: Journal, path: Path, *, region: str = "BR", source: str = "", rejected: Path | None = None
) -> Imported:
    """Record a stop for all that each row of `path` names (numbers, a document), some hundreds at a time.

    A row that cannot be read is written to `rejected` (default: beside the file); what can be read of it is stopped.
    The same file again adds nothing.
    """
    opened = open_source(path, known=_field_of)
    columns = _columns(opened.header)
    beside = rejected or path.with_name(f"{path.name}.rejected.csv")
    refused = RejectedRows(beside)
    counts = {"rows": 0, "added": 0, "known": 0, "rejected": 0}
    try:
        rows = opened.rows()
        while some := list(islice(rows, _BATCH)):
            counts["rows"] += len(some)
            wishes = list(_wishes(some, columns, region, source or f"list {path.name}"[:64], refused))
            opened.require_unchanged()
            with journal.transaction() as connection:
                new = [_take(journal, connection, wish) for wish in wishes]
            whole = [added for wish, added in zip(wishes, new, strict=True) if wish.whole]
            counts["rejected"] += len(some) - len(whole)
            counts["added"] += sum(whole)
            counts["known"] += len(whole) - sum(whole)
    finally:
        refused.close()
    return Imported(path.name, opened.sha256, **counts, rejected_file=str(beside) if refused.used else None)


def _field_of(header: str) -> str | None:
    field = field_of(header)
    return _OWN.get(plain(header)) or _OF_LISTS.get(field or "", field)


def _columns(header: tuple[str, ...]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        if field := _field_of(name):
            found.setdefault(field, []).append(at)
    if not found.keys() & {"number", "document"}:
        raise BadInputError(
            f"no column of numbers or documents: name one number (or telefone) or document (or cpf); "
            f"the file has {', '.join(header) or 'no header'}"
        )
    return found


def _wishes(
    rows: list[Row], columns: Mapping[str, list[int]], region: str, source: str, refused: RejectedRows
) -> Iterator[_Wish]:
    for row in rows:
        told = {
            name: [cell for at in places if at < len(row.cells) and (cell := cleaned(row.cells[at]))]
            for name, places in columns.items()
        }
        given = {name: cells[0] for name, cells in told.items() if cells}
        channel = given.get("channel", "").casefold()
        if row.broken:
            faults = [_fault(row, "number", "", CellError("E_ROW", row.broken))]
        elif channel not in _CHANNELS:
            wrong = CellError("E_CHANNEL", "the channel is voice, sms or email; empty for all")
            faults = [_fault(row, "channel", given["channel"], wrong)]
        else:
            faults, numbers, known = [], [], None
            for cell in told.get("number", []):
                good, bad, _ = phones(cell, region)
                numbers += good
                faults += [_fault(row, "number", cell, error) for error in bad]
            try:
                known = document(given["document"], region)[0] if "document" in given else None
            except CellError as error:
                faults.append(_fault(row, "document", given["document"], error))
            if not (numbers or known or faults):
                faults.append(_fault(row, "document", "", CellError("E_EMPTY", "neither a number nor a document")))
            about = (_CHANNELS[channel], given.get("source") or source, given.get("proof", ""))
            yield _Wish(not faults, tuple(dict.fromkeys(numbers)), known, *about)
        refused.write(faults)


def _fault(row: Row, column: str, value: str, error: CellError) -> Fault:
    return Fault(row.line, column, value, error.code, error.text)


def _take(journal: Journal, connection: sa.Connection, wish: _Wish) -> bool:
    """Record what is not in force already; whether anything was not."""
    taken = [_take_number(journal, connection, number, wish) for number in wish.numbers]
    if wish.document is not None:
        taken.append(_take_document(journal, connection, wish.document, wish))
    return any(taken)


def _take_number(journal: Journal, connection: sa.Connection, number: str, wish: _Wish) -> bool:
    if _has(connection, journal.tenant_id, t.opt_out.c.number == number, OptOutScope.NUMBER, None):
        return False
    if numbers_of_erased(connection, [number], journal.tenant_id):
        return False
    optouts.stop_number(journal, number, source=wish.source, proof=wish.proof, connection=connection)
    return True


def _take_document(journal: Journal, connection: sa.Connection, known: str, wish: _Wish) -> bool:
    p = t.person.c
    person = connection.execute(sa.select(p.id).where(p.tenant_id == journal.tenant_id, p.document == known)).scalar()
    scope = OptOutScope.CHANNEL if wish.channel else OptOutScope.PERSON
    why = {"source": wish.source, "proof": wish.proof}
    if person is not None:
        if _has(connection, journal.tenant_id, t.opt_out.c.person_id == person, scope, wish.channel):
            return False
        optouts.stop_person(journal, person, channel=wish.channel, connection=connection, **why)
        return True
    if optouts.stranger_is_stopped(connection, known, wish.channel, journal.tenant_id):
        return False
    optouts.stop_stranger(journal, connection, known, channel=wish.channel, **why)
    return True


def _has(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    whose: sa.ColumnElement[bool],
    scope: OptOutScope,
    channel: str | None,
) -> bool:
    o = t.opt_out.c
    same = [o.tenant_id == tenant_id, o.revoked_at.is_(None), o.scope == scope, whose]
    if channel is not None:
        same.append(o.channel == channel)
    return connection.execute(sa.select(o.id).where(*same).limit(1)).first() is not None
