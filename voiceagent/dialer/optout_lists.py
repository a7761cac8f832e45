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
from voiceagent.dialer.rejected import RejectedRows
from voiceagent.dialer.rows import Fault
from voiceagent.dialer.source import Row, open_source
from voiceagent.dialer.telephones import phone
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
    number: str | None
    document: str | None
    channel: str | None
    source: str
    proof: str


def import_optouts(
    journal: Journal, path: Path, *, region: str = "BR", source: str = "", rejected: Path | None = None
) -> Imported:
    """Record a stop for each row of `path` (a number, or a document), some hundreds at a time.

    A row that cannot be read is written to `rejected` (default: beside the file) and stops nothing else. The same file
    again adds nothing.
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
            counts["rejected"] += len(some) - len(wishes)
            opened.require_unchanged()
            with journal.transaction() as connection:
                added = sum(_take(journal, connection, wish) for wish in wishes)
            counts["added"] += added
            counts["known"] += len(wishes) - added
    finally:
        refused.close()
    return Imported(path.name, opened.sha256, **counts, rejected_file=str(beside) if refused.used else None)


def _field_of(header: str) -> str | None:
    field = field_of(header)
    return _OWN.get(plain(header)) or _OF_LISTS.get(field or "", field)


def _columns(header: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, name in enumerate(header):
        if field := _field_of(name):
            found.setdefault(field, at)
    if not found.keys() & {"number", "document"}:
        raise BadInputError(
            f"no column of numbers or documents: name one number (or telefone) or document (or cpf); "
            f"the file has {', '.join(header) or 'no header'}"
        )
    return found


def _wishes(
    rows: list[Row], columns: Mapping[str, int], region: str, source: str, refused: RejectedRows
) -> Iterator[_Wish]:
    for row in rows:
        told = {name: cleaned(row.cells[at]) if at < len(row.cells) else "" for name, at in columns.items()}
        column = "number" if told.get("number") else "document"
        try:
            if row.broken:
                raise CellError("E_ROW", row.broken)
            channel = told.get("channel", "").casefold()
            if channel not in _CHANNELS:
                column = "channel"
                raise CellError("E_CHANNEL", "the channel is voice, sms or email; empty for all")
            if not told.get(column):
                raise CellError("E_EMPTY", "neither a number nor a document")
            number = phone(told["number"], region)[0] if column == "number" else None
            known = document(told["document"], region)[0] if column == "document" else None
        except CellError as error:
            refused.write([Fault(row.line, column, told.get(column, ""), error.code, error.text)])
            continue
        yield _Wish(number, known, _CHANNELS[channel], told.get("source") or source, told.get("proof", ""))


def _take(journal: Journal, connection: sa.Connection, wish: _Wish) -> bool:
    """Record it unless it is in force already."""
    why = {"source": wish.source, "proof": wish.proof}
    if wish.number is not None:
        if _has(connection, journal.tenant_id, t.opt_out.c.number == wish.number, OptOutScope.NUMBER, None):
            return False
        if numbers_of_erased(connection, [wish.number], journal.tenant_id):
            return False
        optouts.stop_number(journal, wish.number, connection=connection, **why)
        return True
    assert wish.document is not None
    p = t.person.c
    person = connection.execute(
        sa.select(p.id).where(p.tenant_id == journal.tenant_id, p.document == wish.document)
    ).scalar()
    scope = OptOutScope.CHANNEL if wish.channel else OptOutScope.PERSON
    if person is not None:
        if _has(connection, journal.tenant_id, t.opt_out.c.person_id == person, scope, wish.channel):
            return False
        optouts.stop_person(journal, person, channel=wish.channel, connection=connection, **why)
        return True
    if optouts.stranger_is_stopped(connection, wish.document, wish.channel, journal.tenant_id):
        return False
    optouts.stop_stranger(journal, connection, wish.document, channel=wish.channel, **why)
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
