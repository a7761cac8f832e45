"""The one MetaData that every room's tables join, so that names of constraints and foreign keys agree everywhere."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from voiceagent.storage.types import Uuid

#: Constraint names are part of the schema: migrations must be able to drop what they name.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING)

#: The tenant of an installation that serves one company; its row is written by the first migration.
DEFAULT_TENANT = uuid.UUID("00000000-0000-7000-8000-000000000001")


def id_column() -> sa.Column[uuid.UUID]:
    """The primary key of most tables: a UUIDv7 made by the program."""
    return sa.Column("id", Uuid(), primary_key=True)


def tenant_column() -> sa.Column[uuid.UUID]:
    """Every row says whose it is."""
    return sa.Column("tenant_id", Uuid(), nullable=False)
