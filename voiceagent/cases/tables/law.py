"""What the law and the person said: decisions, stops, and tasks that only people may finish."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.cases.kinds import Channel, OptOutScope, RequestStatus
from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import Json, UtcDateTime, Uuid, enum_check, enum_column

compliance_decision = sa.Table(
    "compliance_decision",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), index=True),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id")),
    enum_column("channel", Channel),
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("allow", sa.Boolean, nullable=False),
    sa.Column("rules", Json(), nullable=False, comment="Ids of the rules that spoke"),
    sa.Column("rule_version", sa.String(64), nullable=False),
    sa.Column("inputs_sha256", sa.String(64), nullable=False),
    sa.Column("inputs_ref", Uuid(), nullable=False, comment="private row of the inputs (they name a number)"),
    sa.Column("retry_at", UtcDateTime()),
    sa.Column("decided_at", UtcDateTime(), nullable=False),
    enum_check("channel", Channel),
)

opt_out = sa.Table(
    "opt_out",
    metadata,
    id_column(),
    tenant_column(),
    enum_column("scope", OptOutScope),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), index=True),
    sa.Column("phone_id", Uuid(), sa.ForeignKey("phone.id")),
    sa.Column("number", sa.String(64), comment="For scope number; NULL once erased"),
    sa.Column("channel", sa.String(32), comment="For scope channel"),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id")),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("revoked_at", UtcDateTime()),
    sa.Index("ix_opt_out_number", "tenant_id", "number"),
    enum_check("scope", OptOutScope),
)

request = sa.Table(
    "request",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), index=True),
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id")),
    sa.Column("kind", sa.String(64), nullable=False, comment="dispute, proof_of_payment, human, legal, ..."),
    sa.Column("detail_ref", Uuid(), comment="private row of the words"),
    enum_column("status", RequestStatus),
    sa.Column("assignee", sa.String(128)),
    sa.Column("opened_at", UtcDateTime(), nullable=False),
    sa.Column("due_at", UtcDateTime()),
    sa.Column("closed_at", UtcDateTime()),
    sa.Column("channel", sa.String(32), comment="sms or email"),
    sa.Column("destination_ref", Uuid(), comment="private row of the number or address"),
    sa.Index("ix_request_open", "tenant_id", "status", "due_at"),
    enum_check("status", RequestStatus),
)
