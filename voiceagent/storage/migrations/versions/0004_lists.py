"""Custom columns of lists, with where they came from, and how a creditor's lists are read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME = "Of the column, in small letters and underscores"
_COLUMNS = "Header to field; an empty field leaves the column out"
_OPTIONS = "Of the import: region, language, creditor, purpose, ..."


def upgrade() -> None:
    op.create_table(
        "attribute",
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False, comment=_NAME),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=True, comment="NULL once erased"),
        sa.Column("source", sa.String(length=64), nullable=False, comment="Where it came from"),
        sa.Column("purpose", sa.String(length=32), nullable=False, comment="What it may be used for"),
        sa.Column("value_ref", types.Uuid(), nullable=False),
        sa.Column("obtained_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_attribute_case_id")),
        sa.PrimaryKeyConstraint("case_id", "name", name=op.f("pk_attribute")),
        comment="Custom columns of lists: what a creditor told of a case beside the debt",
    )
    op.create_table(
        "list_mapping",
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("columns", types.Json(), nullable=False, comment=_COLUMNS),
        sa.Column("options", types.Json(), nullable=False, comment=_OPTIONS),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_list_mapping")),
        comment="How a creditor's lists are read, saved under a name",
    )


def downgrade() -> None:
    op.drop_table("list_mapping")
    op.drop_table("attribute")
