"""A worker tells why its seats ask for no calls, so that whoever asks why nobody is called is answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COMMENT = "Why its seats ask for no calls, as people read it"


def upgrade() -> None:
    op.add_column("worker", sa.Column("trouble", sa.String(255), nullable=True, comment=_COMMENT))


def downgrade() -> None:
    op.drop_column("worker", "trouble")
