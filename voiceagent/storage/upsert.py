"""INSERT ... ON CONFLICT, which both databases have under the same words but SQLAlchemy under two imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]], *, update: Sequence[str]
) -> None:
    """Insert `rows`; where the primary key is there already, set the columns of `update` to the new values.

    `update` empty: rows that are there stay as they are.
    """
    if not rows:
        return
    insert: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key.columns]
    if update:
        insert = insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in update}
        )
    else:
        insert = insert.on_conflict_do_nothing(index_elements=keys)
    connection.execute(insert, list(rows))
