"""Rows that are taken by somebody: all of those that are meant, or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from voiceagent.storage.question import Command, Listed, Question

#: How PostgreSQL says that not all rows were met: a division by zero.
_NOT_ALL = "22012"


class TakenError(Exception):
    """A row that was to be taken is held by somebody else. Who takes says it in its own words."""


@contextmanager
def all_or_none() -> Iterator[None]:
    """Around whatever a `Take` is told along with: TakenError where one of its rows is held by somebody else.

    Nothing else that is asked within it may divide.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_ALL:
            raise
        raise TakenError from error


class Take:
    """Sets `leased_by` and `leased_until`, and what else is given, where nobody holds a row yet.

    `table` has these columns and an `id`. To be told within `all_or_none`, which raises TakenError where somebody
    does: at the end of `together` at the latest, and the transaction is over then.
    """

    def __init__(self, table: sa.Table, **values: Any) -> None:
        free = table.c.leased_until.is_(None)
        until = sa.bindparam("until", type_=table.c.leased_until.type)
        one: sa.BindParameter[Any] = sa.bindparam("key", type_=table.c.id.type)
        self._one_by_one = Command(
            sa.update(table)
            .where(table.c.id == one, free)
            .values(leased_by=sa.bindparam("by"), leased_until=until, **values)
        )
        keys, names = (sa.bindparam(name, (), type_=Listed()) for name in ("keys", "names"))
        given = (
            sa.func.unnest(
                sa.cast(keys, postgresql.ARRAY(postgresql.UUID())), sa.cast(names, postgresql.ARRAY(sa.Text()))
            )
            .table_valued(sa.column("key", table.c.id.type), sa.column("by", sa.Text()), name="given")
            .render_derived()
        )
        met = (
            sa.update(table)
            .where(table.c.id == given.c.key, free)
            .values(leased_by=given.c.by, leased_until=until, **values)
            .returning(table.c.id)
            .cte("met")
        )
        # The server itself must refuse: the commit may be on its way already. A statement can, by a division by zero.
        all_of_them = sa.func.count() == sa.bindparam("n", type_=sa.Integer())
        self._at_once = Question(
            sa.select(sa.literal_column("1").op("/")(sa.cast(all_of_them, sa.Integer())).label("met")).select_from(met)
        )

    def __call__(self, connection: sa.Connection, taken: Mapping[Any, str], **values: Any) -> None:
        """Row by row of `taken` (id: by whom); `values` are those bound by name, `until` among them."""
        if not taken:
            return
        if connection.dialect.name == "postgresql":
            told = values | {"keys": list(taken), "names": list(taken.values()), "n": len(taken)}
            self._at_once.asked(connection, **told)
            return
        met = self._one_by_one(connection, [values | {"key": key, "by": by} for key, by in taken.items()])
        if met() != len(taken):
            raise TakenError
