"""Debtors handed over to people: what the people should know, and what their queue made of it."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.cases.kinds import HandOverVerdict
from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import UtcDateTime, Uuid, enum_check, enum_column

hand_over = sa.Table(
    "hand_over",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id"), nullable=False, index=True),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id")),
    sa.Column("queue", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("summary_ref", Uuid(), comment="private row of what people should know"),
    sa.Column("began_at", UtcDateTime(), nullable=False),
    enum_column("verdict", HandOverVerdict, nullable=True),
    sa.Column("ended_at", UtcDateTime()),
    sa.Column("waited_s", sa.Float(53)),
    sa.Column("taken_by", sa.String(128), comment="The member of the queue"),
    sa.Column("detail", sa.String(64), comment="The exchange's own word"),
    sa.Index("ix_hand_over_began", "tenant_id", "began_at"),
    enum_check("verdict", HandOverVerdict),
    comment="What a person sees who takes a call over is the row of its attempt",
)
