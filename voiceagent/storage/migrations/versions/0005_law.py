"""Saved segments and scores; stops that outlive an erasure, proofs of stops, legal holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segment",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("expression", sa.String(length=2000), nullable=False, comment="As people wrote it"),
        sa.Column(
            "intensity",
            types.Json(),
            nullable=True,
            comment="Fewer contacts than the law allows: {per_day, per_week, gap_hours}",
        ),
        sa.Column("revision", sa.Integer(), nullable=False, comment="From 1, one more with every change"),
        sa.Column("saved_at", types.UtcDateTime(), nullable=False),
        sa.Column("dropped_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_segment_tenant_id_name")),
    )
    op.create_table(
        "case_score",
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False, comment="0 to 1000"),
        sa.Column("model", sa.String(length=64), nullable=False, comment="Scorecard, or 'imported'"),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("reasons", types.Json(), nullable=False, comment="The weightiest first"),
        sa.Column("scored_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_case_score_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_score")),
    )
    op.create_table(
        "stop_proof",
        sa.Column("opt_out_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=64),
            nullable=True,
            comment="Keyed, of the number or document, once that was erased",
        ),
        sa.Column("proof_ref", types.Uuid(), nullable=True, comment="private row of what proves the wish"),
        sa.ForeignKeyConstraint(["opt_out_id"], ["opt_out.id"], name=op.f("fk_stop_proof_opt_out_id")),
        sa.PrimaryKeyConstraint("opt_out_id", name=op.f("pk_stop_proof")),
        comment="Keeps a stop binding after its person was erased, and says what proves it",
    )
    op.create_index("ix_stop_proof_digest", "stop_proof", ["tenant_id", "digest"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("placed_at", types.UtcDateTime(), nullable=False),
        sa.Column("lifted_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_legal_hold_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
        comment="While one stands, nothing of the person is erased",
    )
    op.create_index(op.f("ix_legal_hold_person_id"), "legal_hold", ["person_id"], unique=False)


def downgrade() -> None:
    for table in ("legal_hold", "stop_proof", "case_score", "segment"):
        op.drop_table(table)
