"""Lists come in with fewer indexes: those that nothing asks, and a person that the case says already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ENTRY = "list_id, row_number, tenant_id, case_id, status, reason"


def upgrade() -> None:
    op.drop_index("ix_debt_case_creditor_id", "debt_case")
    op.drop_index("ix_phone_number", "phone")
    op.create_index("ix_phone_number", "phone", ["number"])
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("list_entry", "person_id")
    else:
        _make_anew(person=False, filled_from=f"SELECT {_ENTRY} FROM list_entry")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("list_entry", sa.Column("person_id", types.Uuid(), nullable=True))
        op.execute("UPDATE list_entry e SET person_id = c.person_id FROM debt_case c WHERE c.id = e.case_id")
        op.create_foreign_key("fk_list_entry_person_id", "list_entry", "person", ["person_id"], ["id"])
    else:
        of_the_case = "SELECT c.person_id FROM debt_case c WHERE c.id = e.case_id"
        _make_anew(person=True, filled_from=f"SELECT {_ENTRY}, ({of_the_case}) FROM list_entry e")
    op.create_index("ix_list_entry_person_id", "list_entry", ["person_id"])
    op.drop_index("ix_phone_number", "phone")
    op.create_index("ix_phone_number", "phone", ["tenant_id", "number"])
    op.create_index("ix_debt_case_creditor_id", "debt_case", ["creditor_id"])


def _make_anew(*, person: bool, filled_from: str) -> None:
    """SQLite keeps rows either by number or by their key, and cannot change that of a table that is there."""
    columns: list[sa.schema.SchemaItem] = [
        sa.Column("list_id", types.Uuid(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "status IN ('imported', 'updated', 'duplicate', 'rejected', 'undone')", name=op.f("ck_list_entry_status")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_list_entry_case_id")),
        sa.ForeignKeyConstraint(["list_id"], ["contact_list.id"], name=op.f("fk_list_entry_list_id")),
        sa.PrimaryKeyConstraint("list_id", "row_number", name=op.f("pk_list_entry")),
    ]
    names = _ENTRY
    if person:
        names += ", person_id"
        columns += [
            sa.Column("person_id", types.Uuid(), nullable=True),
            sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_list_entry_person_id")),
        ]
    op.create_table("list_entry_anew", *columns, sqlite_with_rowid=person)
    op.execute(f"INSERT INTO list_entry_anew ({names}) {filled_from} ORDER BY list_id, row_number")
    op.drop_table("list_entry")
    op.rename_table("list_entry_anew", "list_entry")
    op.create_index(op.f("ix_list_entry_case_id"), "list_entry", ["case_id"])
