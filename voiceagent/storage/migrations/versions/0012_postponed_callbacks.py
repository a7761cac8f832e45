"""A promised call that cannot be placed yet waits, and stays promised for the instant it was promised for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COMMENT = "Not before this, where it could not be placed when it was due"


def upgrade() -> None:
    op.add_column("callback", sa.Column("retry_at", types.UtcDateTime(), nullable=True, comment=_COMMENT))


def downgrade() -> None:
    op.drop_column("callback", "retry_at")
