"""Debtors handed over to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_VERDICTS = "verdict IN ('taken', 'nobody', 'left', 'refused', 'unknown')"


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("summary_ref", types.Uuid(), nullable=True, comment="private row of what people should know"),
        sa.Column("began_at", types.UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("waited_s", sa.Float(precision=53), nullable=True),
        sa.Column("taken_by", sa.String(length=128), nullable=True, comment="The member of the queue"),
        sa.Column("detail", sa.String(length=64), nullable=True, comment="The exchange's own word"),
        sa.CheckConstraint(_VERDICTS, name=op.f("ck_hand_over_verdict")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_hand_over_attempt_id")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_hand_over_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        comment="What a person sees who takes a call over is the row of its attempt",
    )
    op.create_index(op.f("ix_hand_over_attempt_id"), "hand_over", ["attempt_id"], unique=False)
    op.create_index("ix_hand_over_began", "hand_over", ["tenant_id", "began_at"], unique=False)


def downgrade() -> None:
    op.drop_table("hand_over")
