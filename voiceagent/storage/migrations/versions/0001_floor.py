"""The floor: everything the data model starts with, and the one tenant of a small installation."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types
from voiceagent.storage.migrations.floor import calls, dialer, journal, money, people
from voiceagent.storage.schema import DEFAULT_TENANT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PARTS = (journal, people, calls, money, dialer)


def upgrade() -> None:
    for part in PARTS:
        part.upgrade()
    tenant = sa.table(
        "tenant", sa.column("id", types.Uuid()), sa.column("name"), sa.column("created_at", types.UtcDateTime())
    )
    row = {"id": DEFAULT_TENANT, "name": "default", "created_at": datetime.now(UTC)}
    op.bulk_insert(tenant, [row])


def downgrade() -> None:
    for part in reversed(PARTS):
        part.downgrade()
