"""Tenants, creditors, people and what they owe; the scripts and policies in force, by content."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.cases.kinds import DebtStatus, EmailStatus, PhoneStatus, Stage
from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import Minor, UtcDateTime, Uuid, currency_column, enum_check, enum_column

tenant = sa.Table(
    "tenant",
    metadata,
    id_column(),
    sa.Column("name", sa.String(128), nullable=False, unique=True),
    sa.Column("created_at", UtcDateTime(), nullable=False),
)

creditor = sa.Table(
    "creditor",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
)

portfolio = sa.Table(
    "portfolio",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("creditor_id", Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("creditor_id", "name"),
)

person = sa.Table(
    "person",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("document", sa.String(32), comment="CPF or the like, digits; NULL once erased"),
    sa.Column("name", sa.String(200), comment="NULL once erased"),
    sa.Column("birth_date", sa.Date, comment="NULL when unknown or erased"),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("region", sa.String(2), nullable=False),
    sa.Column("state", sa.String(8), comment="Federal unit when known"),
    sa.Column("identity_ref", Uuid(), nullable=False, comment="private row of what was last told of them"),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.Column("erased_at", UtcDateTime()),
    sa.UniqueConstraint("tenant_id", "document"),
)

phone = sa.Table(
    "phone",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), nullable=False),
    sa.Column("number", sa.String(64), comment="E.164, or a SIP address in rehearsals; NULL once erased"),
    sa.Column("position", sa.Integer, nullable=False, comment="As the creditor ordered them, from 0"),
    enum_column("status", PhoneStatus),
    sa.Column("source", sa.String(64), nullable=False, comment="Where it came from"),
    sa.Column("purpose", sa.String(32), nullable=False, comment="What it may be used for"),
    sa.Column("number_ref", Uuid(), nullable=False),
    sa.Column("last_right_party_at", UtcDateTime()),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("person_id", "number"),
    sa.Index("ix_phone_number", "number"),
    enum_check("status", PhoneStatus),
)

email = sa.Table(
    "email",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), nullable=False),
    sa.Column("address", sa.String(254), comment="NULL once erased"),
    sa.Column("position", sa.Integer, nullable=False),
    enum_column("status", EmailStatus),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("address_ref", Uuid(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("person_id", "address"),
    enum_check("status", EmailStatus),
)

debt_case = sa.Table(
    "debt_case",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), nullable=False),
    sa.Column("creditor_id", Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
    sa.Column("portfolio_id", Uuid(), sa.ForeignKey("portfolio.id")),
    enum_column("stage", Stage),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("person_id", "creditor_id"),
    enum_check("stage", Stage),
    comment="A person and a creditor ('case' is a word of SQL)",
)

debt = sa.Table(
    "debt",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), nullable=False),
    sa.Column("contract", sa.String(64), comment="The creditor's number; NULL once erased"),
    sa.Column("product", sa.String(64), nullable=False),
    sa.Column("original_minor", Minor(), nullable=False),
    sa.Column("charges_minor", Minor(), nullable=False),
    currency_column(),
    sa.Column("due", sa.Date, nullable=False),
    enum_column("status", DebtStatus),
    sa.Column("contract_ref", Uuid(), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("case_id", "contract"),
    enum_check("status", DebtStatus),
)

attribute = sa.Table(
    "attribute",
    metadata,
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True, comment="Of the column, in small letters and underscores"),
    tenant_column(),
    sa.Column("value", sa.String(500), comment="NULL once erased"),
    sa.Column("source", sa.String(64), nullable=False, comment="Where it came from"),
    sa.Column("purpose", sa.String(32), nullable=False, comment="What it may be used for"),
    sa.Column("value_ref", Uuid(), nullable=False),
    sa.Column("obtained_at", UtcDateTime(), nullable=False),
    comment="Custom columns of lists: what a creditor told of a case beside the debt",
)

content = sa.Table(
    "content",
    metadata,
    sa.Column("tenant_id", Uuid(), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True, comment="Of the body in UTF-8"),
    sa.Column("kind", sa.String(32), nullable=False, comment="script, policy, rules, ..."),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    comment="Scripts, policies and rules exactly as they were when used",
)
