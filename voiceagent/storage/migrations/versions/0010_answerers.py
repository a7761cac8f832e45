"""Who or what answered a call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FIRST = "What it was taken for at first"
_LATENCY = "From the end of the sound that told it"


def upgrade() -> None:
    op.create_table(
        "answerer",
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("first_kind", sa.String(length=32), nullable=False, comment=_FIRST),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("after_answer_s", sa.Float(precision=53), nullable=False),
        sa.Column("latency_s", sa.Float(precision=53), nullable=False, comment=_LATENCY),
        sa.Column("speech_s", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_answerer_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_answerer")),
        comment="Who or what has answered an outgoing call: a person, or which kind of machine",
    )


def downgrade() -> None:
    op.drop_table("answerer")
