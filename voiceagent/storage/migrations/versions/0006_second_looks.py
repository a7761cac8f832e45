"""Second looks at promises."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TERMS = "{yes, date, amount, ...: agreed, differs or unheard}"
_WORDS = "private row of what both listenings wrote down"
_TASK = "The task for a person; NULL without doubt"


def upgrade() -> None:
    op.create_table(
        "second_look",
        sa.Column("agreement_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("terms", types.Json(), nullable=False, comment=_TERMS),
        sa.Column("words_ref", types.Uuid(), nullable=True, comment=_WORDS),
        sa.Column("request_id", types.Uuid(), nullable=True, comment=_TASK),
        sa.Column("looked_at", types.UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("decided_at", types.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=128), nullable=True),
        sa.CheckConstraint("verdict IN ('agreed', 'differs', 'unheard')", name=op.f("ck_second_look_verdict")),
        sa.CheckConstraint("outcome IN ('confirmed', 'cancelled')", name=op.f("ck_second_look_outcome")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_second_look_agreement_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_second_look_attempt_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_second_look_request_id")),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_second_look")),
        comment="At most one of an agreement; agreements of ended calls without one wait for theirs",
    )
    op.create_index(op.f("ix_second_look_attempt_id"), "second_look", ["attempt_id"], unique=False)
    op.create_index("ix_second_look_waiting", "second_look", ["tenant_id", "outcome", "looked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("second_look")
