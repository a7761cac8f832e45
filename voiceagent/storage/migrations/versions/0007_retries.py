"""The retry plan, version by version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retry_plan",
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="The highest whose day has come is in force"),
        sa.Column(
            "valid_from", sa.Date(), nullable=True, comment="The first day (UTC) on which it holds; NULL: at once"
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="Of the plan, however its file was written"),
        sa.Column("body", types.Json(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("adopted_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_retry_plan")),
        comment="What follows each outcome of a call, version by version; none: the program's own",
    )


def downgrade() -> None:
    op.drop_table("retry_plan")
