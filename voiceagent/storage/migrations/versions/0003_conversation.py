"""What conversations leave behind: offers still open, how payment data are sent, steps down a question's ladder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("channel", sa.String(length=32), nullable=True, comment="sms or email"),
        sa.Column("destination_ref", types.Uuid(), nullable=True, comment="private row of the number or address"),
    ):
        op.add_column("request", column)
    op.create_table(
        "open_offer",
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("interaction_id", types.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("total_minor", types.Minor(), nullable=False),
        sa.Column("discount_minor", types.Minor(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payments", types.Json(), nullable=False, comment="[number, due, minor] of each payment, in order"),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_open_offer_case_id")),
        sa.ForeignKeyConstraint(["interaction_id"], ["interaction.id"], name=op.f("fk_open_offer_interaction_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_open_offer")),
        comment="What a conversation left on the table: at most one of a case, gone with a promise or a refusal",
    )
    op.create_table(
        "ladder_step",
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="The event's"),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_ladder_step_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", "seq", name=op.f("pk_ladder_step")),
    )


def downgrade() -> None:
    op.drop_table("ladder_step")
    op.drop_table("open_offer")
    for column in ("destination_ref", "channel"):
        op.drop_column("request", column)
