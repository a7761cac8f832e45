"""An index of those who joined a campaign and were not weighed by the law yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_enrollment_unweighed",
        "enrollment",
        ["campaign_id", "id"],
        unique=False,
        sqlite_where=sa.text("reason = 'unweighed'"),
        postgresql_where=sa.text("reason = 'unweighed'"),
    )


def downgrade() -> None:
    op.drop_index("ix_enrollment_unweighed", "enrollment")
