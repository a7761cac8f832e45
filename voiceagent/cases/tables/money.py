"""Agreements, one promise per instalment, payments, what they are paid with, and messages that carry it."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.cases.kinds import ArtifactKind, ArtifactStatus, Channel, MessageStatus, PromiseStatus
from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import Minor, UtcDateTime, Uuid, currency_column, enum_check, enum_column

agreement = sa.Table(
    "agreement",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), nullable=False, index=True),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), nullable=False),
    sa.Column("interaction_id", Uuid(), sa.ForeignKey("interaction.id"), index=True),
    sa.Column("total_minor", Minor(), nullable=False),
    sa.Column("discount_minor", Minor(), nullable=False),
    currency_column(),
    sa.Column("confirmed_by_turn", sa.Integer, comment="The debtor's turn with the second yes"),
    sa.Column("recording_offset_s", sa.Float(53), comment="Where the second yes is in the recording"),
    sa.Column("made_at", UtcDateTime(), nullable=False),
    sa.CheckConstraint("total_minor > 0 AND discount_minor >= 0", name="amounts"),
)

agreement_debt = sa.Table(
    "agreement_debt",
    metadata,
    sa.Column("agreement_id", Uuid(), sa.ForeignKey("agreement.id"), primary_key=True),
    sa.Column("debt_id", Uuid(), sa.ForeignKey("debt.id"), primary_key=True),
    tenant_column(),
)

promise = sa.Table(
    "promise",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("agreement_id", Uuid(), sa.ForeignKey("agreement.id"), nullable=False),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False, comment="From 1; 0 is a down payment"),
    sa.Column("due", sa.Date, nullable=False),
    sa.Column("amount_minor", Minor(), nullable=False),
    currency_column(),
    enum_column("status", PromiseStatus),
    sa.Column("paid_minor", Minor(), nullable=False),
    sa.Column("made_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("agreement_id", "number"),
    sa.Index("ix_promise_case", "case_id", "status"),
    sa.Index("ix_promise_due", "tenant_id", "status", "due"),
    enum_check("status", PromiseStatus),
    sa.CheckConstraint("amount_minor > 0 AND paid_minor >= 0", name="amounts"),
)

payment = sa.Table(
    "payment",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), nullable=False, index=True),
    sa.Column("promise_id", Uuid(), sa.ForeignKey("promise.id"), index=True),
    sa.Column("amount_minor", Minor(), nullable=False),
    currency_column(),
    sa.Column("paid_at", UtcDateTime(), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("external_id", sa.String(128), nullable=False),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("tenant_id", "source", "external_id"),
)

payment_artifact = sa.Table(
    "payment_artifact",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("agreement_id", Uuid(), sa.ForeignKey("agreement.id"), nullable=False, index=True),
    sa.Column("promise_id", Uuid(), sa.ForeignKey("promise.id")),
    enum_column("kind", ArtifactKind),
    sa.Column("payload_ref", Uuid(), nullable=False, comment="private row of the code itself"),
    sa.Column("amount_minor", Minor(), nullable=False),
    currency_column(),
    sa.Column("due", sa.Date, nullable=False),
    enum_column("status", ArtifactStatus),
    sa.Column("external_id", sa.String(128)),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    enum_check("kind", ArtifactKind),
    enum_check("status", ArtifactStatus),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", Uuid(), sa.ForeignKey("interaction.id"), primary_key=True),
    tenant_column(),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id")),
    enum_column("channel", Channel),
    sa.Column("template", sa.String(64), nullable=False),
    sa.Column("body_ref", Uuid(), nullable=False, comment="private row of address and text"),
    enum_column("status", MessageStatus),
    sa.Column("dedupe_key", sa.String(128), nullable=False, comment="The same thing is never sent twice"),
    sa.Column("provider", sa.String(64)),
    sa.Column("provider_id", sa.String(128)),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime(), nullable=False),
    sa.Column("error", sa.String(255)),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("tenant_id", "dedupe_key"),
    sa.Index("ix_message_due", "status", "next_at"),
    enum_check("channel", Channel),
    enum_check("status", MessageStatus),
    comment="The outbox: the detail of an interaction that is not a call",
)
