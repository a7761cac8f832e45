"""Tenants, creditors, people, debts, content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("name", name=op.f("uq_tenant_name")),
    )
    op.create_table(
        "content",
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="Of the body in UTF-8"),
        sa.Column("kind", sa.String(length=32), nullable=False, comment="script, policy, rules, ..."),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_content")),
        comment="Scripts, policies and rules exactly as they were when used",
    )
    op.create_table(
        "creditor",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_creditor")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_creditor_tenant_id_name")),
    )
    op.create_table(
        "portfolio",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("creditor_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_portfolio_creditor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio")),
        sa.UniqueConstraint("creditor_id", "name", name=op.f("uq_portfolio_creditor_id_name")),
    )
    op.create_table(
        "person",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("document", sa.String(length=32), nullable=True, comment="CPF or the like, digits; NULL once erased"),
        sa.Column("name", sa.String(length=200), nullable=True, comment="NULL once erased"),
        sa.Column("birth_date", sa.Date(), nullable=True, comment="NULL when unknown or erased"),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=True, comment="Federal unit when known"),
        sa.Column("identity_ref", types.Uuid(), nullable=False, comment="private row of name, document, birth date"),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("erased_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("tenant_id", "document", name=op.f("uq_person_tenant_id_document")),
    )
    op.create_table(
        "phone",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=False),
        sa.Column(
            "number",
            sa.String(length=64),
            nullable=True,
            comment="E.164, or a SIP address in rehearsals; NULL once erased",
        ),
        sa.Column("position", sa.Integer(), nullable=False, comment="As the creditor ordered them, from 0"),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False, comment="Where it came from"),
        sa.Column("purpose", sa.String(length=32), nullable=False, comment="What it may be used for"),
        sa.Column("number_ref", types.Uuid(), nullable=False),
        sa.Column("last_right_party_at", types.UtcDateTime(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('new', 'valid', 'right_party', 'third_party', 'wrong', 'dead')", name=op.f("ck_phone_status")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone")),
        sa.UniqueConstraint("person_id", "number", name=op.f("uq_phone_person_id_number")),
    )
    op.create_index("ix_phone_number", "phone", ["tenant_id", "number"], unique=False)
    op.create_table(
        "email",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True, comment="NULL once erased"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("address_ref", types.Uuid(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('new', 'valid', 'bounced')", name=op.f("ck_email_status")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_email_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email")),
        sa.UniqueConstraint("person_id", "address", name=op.f("uq_email_person_id_address")),
    )
    op.create_table(
        "debt_case",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=False),
        sa.Column("creditor_id", types.Uuid(), nullable=False),
        sa.Column("portfolio_id", types.Uuid(), nullable=True),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('preventive', 'amicable', 'dispute', 'pre_legal', 'legal', 'closed')",
            name=op.f("ck_debt_case_stage"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_debt_case_creditor_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_debt_case_person_id")),
        sa.ForeignKeyConstraint(["portfolio_id"], ["portfolio.id"], name=op.f("fk_debt_case_portfolio_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_case")),
        sa.UniqueConstraint("person_id", "creditor_id", name=op.f("uq_debt_case_person_id_creditor_id")),
        comment="A person and a creditor ('case' is a word of SQL)",
    )
    op.create_index(op.f("ix_debt_case_creditor_id"), "debt_case", ["creditor_id"], unique=False)
    op.create_table(
        "debt",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=True, comment="The creditor's number; NULL once erased"),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("original_minor", types.Minor(), nullable=False),
        sa.Column("charges_minor", types.Minor(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("contract_ref", types.Uuid(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'paid', 'settled', 'disputed', 'withdrawn')", name=op.f("ck_debt_status")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_debt_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt")),
        sa.UniqueConstraint("case_id", "contract", name=op.f("uq_debt_case_id_contract")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("debt")
    op.drop_table("debt_case")
    op.drop_table("email")
    op.drop_table("phone")
    op.drop_table("person")
    op.drop_table("portfolio")
    op.drop_table("creditor")
    op.drop_table("content")
    op.drop_table("tenant")
