"""Calls of another dialer, which is told how they ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COMMENT = "Calls of another dialer; written before the answer, told of once the attempt has ended, however it ended"


def upgrade() -> None:
    op.create_table(
        "lead_call",
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("lead_id", sa.String(length=64), nullable=False, comment="As the dialer calls the debtor"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", types.UtcDateTime(), nullable=False),
        sa.Column("error", sa.String(length=255), nullable=True, comment="Why the last try failed"),
        sa.Column("told_at", types.UtcDateTime(), nullable=True),
        sa.Column(
            "given_up_at", types.UtcDateTime(), nullable=True, comment="The dialer refused for good: people must look"
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_lead_call_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_lead_call")),
        comment=_COMMENT,
    )
    op.create_index("ix_lead_call_due", "lead_call", ["tenant_id", "told_at", "next_at"], unique=False)


def downgrade() -> None:
    op.drop_table("lead_call")
