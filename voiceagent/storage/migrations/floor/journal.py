"""Events and private values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column(
            "seq", types.BigKey, autoincrement=False, nullable=False, comment="1, 2, 3 ... in the order of commits"
        ),
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("at_utc", types.UtcDateTime(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("stream_type", sa.String(length=32), nullable=False),
        sa.Column("stream_id", types.Uuid(), nullable=False),
        sa.Column("stream_seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("v", sa.Integer(), nullable=False),
        sa.Column("payload", types.Json(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False, comment="Program or person that caused it"),
        sa.Column("cause_id", types.Uuid(), nullable=True, comment="The event that led to this one"),
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="SHA-256 over the previous digest and this row"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
        sa.UniqueConstraint("id", name=op.f("uq_event_id")),
        sa.UniqueConstraint(
            "stream_type", "stream_id", "stream_seq", name=op.f("uq_event_stream_type_stream_id_stream_seq")
        ),
    )
    op.create_index(op.f("ix_event_at_utc"), "event", ["at_utc"], unique=False)
    op.create_index("ix_event_type", "event", ["type", "at_utc"], unique=False)
    op.create_table(
        "private",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.String(length=32), nullable=False, comment="person, phone, email, contract, utterance, ..."
        ),
        sa.Column("salt", sa.LargeBinary(), nullable=True, comment="16 random bytes; NULL once erased"),
        sa.Column("body", sa.Text(), nullable=True, comment="Canonical JSON; NULL once erased"),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("erased_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("private")
    op.drop_table("event")
