"""How a creditor's lists are read, saved under a name: what columns are, and what the file does not say of itself."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.dialer.columns import checked, plain
from voiceagent.dialer.tables import list_mapping
from voiceagent.journal.journal import Journal
from voiceagent.storage.upsert import upsert

_NAME = re.compile(r"[\w.-]{1,64}")
#: What a mapping may say of a list beside its columns, as `lists import` calls it.
OPTIONS = ("region", "language", "creditor", "purpose", "on_duplicate", "keep_unknown", "delimiter")


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A saved mapping. `columns`: header, plain, to field; an empty field leaves the column out."""

    name: str
    columns: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def save_mapping(journal: Journal, name: str, columns: Mapping[str, str], options: Mapping[str, Any]) -> SavedMapping:
    """Keep a mapping under `name`, over an older one; BadInputError for a bad name, field or option."""
    if not _NAME.fullmatch(name):
        raise BadInputError("a mapping's name has letters, digits, dots and hyphens, at most 64")
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise BadInputError(f"a mapping cannot say {', '.join(unknown)}: only {', '.join(OPTIONS)}")
    saved = SavedMapping(
        name,
        {plain(title): checked(field) if field else "" for title, field in columns.items()},
        {key: value for key, value in options.items() if value is not None},
    )
    row = {
        "tenant_id": journal.tenant_id,
        "name": name,
        "columns": saved.columns,
        "options": saved.options,
        "updated_at": journal.clock.now(),
    }
    with journal.db.write() as connection:
        upsert(connection, list_mapping, [row], update=("columns", "options", "updated_at"))
    return saved


def load_mapping(connection: sa.Connection, name: str, tenant_id: uuid.UUID) -> SavedMapping:
    """By name; BadInputError says what to do when there is none."""
    table = list_mapping
    row = connection.execute(sa.select(table).where(table.c.tenant_id == tenant_id, table.c.name == name)).first()
    if row is None:
        raise BadInputError(f"there is no mapping {name!r}: see voiceagent lists mapping list")
    return SavedMapping(row.name, row.columns, row.options)


def all_mappings(connection: sa.Connection, tenant_id: uuid.UUID) -> list[SavedMapping]:
    """In order of their names."""
    table = list_mapping
    rows = connection.execute(sa.select(table).where(table.c.tenant_id == tenant_id).order_by(table.c.name))
    return [SavedMapping(row.name, row.columns, row.options) for row in rows]
