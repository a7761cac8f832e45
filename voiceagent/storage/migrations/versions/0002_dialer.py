"""The dialer at scale: an index that finds who is due among a million, trunks, kill switches, workers' heartbeats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LEASED = sa.text("leased_until IS NOT NULL")


def upgrade() -> None:
    for column in (
        sa.Column("started_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("brake", types.Json(), nullable=True),
    ):
        op.add_column("campaign", column)
    # A contact that waits has an instant, every other has none.
    op.execute("UPDATE enrollment SET next_at = created_at WHERE next_at IS NULL AND state IN ('ready', 'waiting')")
    op.execute("UPDATE enrollment SET next_at = NULL WHERE state NOT IN ('ready', 'waiting')")
    op.drop_index("ix_enrollment_hopper", table_name="enrollment")
    op.create_index("ix_enrollment_due", "enrollment", ["campaign_id", "priority", "next_at"], unique=False)
    op.create_index(
        "ix_enrollment_leased",
        "enrollment",
        ["leased_until"],
        unique=False,
        sqlite_where=_LEASED,
        postgresql_where=_LEASED,
    )
    op.create_index("ix_identity_try_person", "identity_try", ["person_id", "at"], unique=False)
    op.create_table(
        "trunk",
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("max_channels", sa.Integer(), nullable=False),
        sa.Column("calls_per_second", sa.Float(precision=53), nullable=False),
        sa.Column("caller_ids", types.Json(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_trunk")),
    )
    op.create_table(
        "dial_stop",
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("stopped_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("scope IN ('all', 'trunk')", name=op.f("ck_dial_stop_scope")),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "name", name=op.f("pk_dial_stop")),
    )
    op.create_table(
        "worker",
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("host", sa.String(length=128), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("life", types.Uuid(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("beat_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_worker")),
    )


def downgrade() -> None:
    for table in ("worker", "dial_stop", "trunk"):
        op.drop_table(table)
    op.drop_index("ix_identity_try_person", table_name="identity_try")
    op.drop_index("ix_enrollment_leased", table_name="enrollment")
    op.drop_index("ix_enrollment_due", table_name="enrollment")
    op.create_index("ix_enrollment_hopper", "enrollment", ["campaign_id", "state", "priority", "next_at"], unique=False)
    for column in ("brake", "reason", "started_at"):
        op.drop_column("campaign", column)
