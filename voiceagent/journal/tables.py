"""The journal's two tables: events, which never change, and private texts, which can be erased."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import BigKey, Json, UtcDateTime, Uuid

event = sa.Table(
    "event",
    metadata,
    sa.Column("seq", BigKey, primary_key=True, autoincrement=False, comment="1, 2, 3 ... in the order of commits"),
    sa.Column("id", Uuid(), nullable=False, unique=True),
    sa.Column("at_utc", UtcDateTime(), nullable=False, index=True),
    tenant_column(),
    sa.Column("stream_type", sa.String(32), nullable=False),
    sa.Column("stream_id", Uuid(), nullable=False),
    sa.Column("stream_seq", sa.Integer, nullable=False),
    sa.Column("type", sa.String(48), nullable=False),
    sa.Column("v", sa.Integer, nullable=False),
    sa.Column("payload", Json(), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False, comment="Program or person that caused it"),
    sa.Column("cause_id", Uuid(), comment="The event that led to this one"),
    sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 over the previous digest and this row"),
    sa.UniqueConstraint("stream_type", "stream_id", "stream_seq"),
    sa.Index("ix_event_type", "type", "at_utc"),
)

private = sa.Table(
    "private",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("kind", sa.String(32), nullable=False, comment="person, phone, email, contract, utterance, ..."),
    sa.Column("salt", sa.LargeBinary, comment="16 random bytes; NULL once erased"),
    sa.Column("body", sa.Text, comment="Canonical JSON; NULL once erased"),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("erased_at", UtcDateTime()),
)
