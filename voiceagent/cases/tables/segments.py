"""Saved filters over cases, and the scores they may ask for."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import Json, UtcDateTime, Uuid

segment = sa.Table(
    "segment",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("expression", sa.String(2000), nullable=False, comment="As people wrote it"),
    sa.Column("intensity", Json(), comment="Fewer contacts than the law allows: {per_day, per_week, gap_hours}"),
    sa.Column("revision", sa.Integer, nullable=False, comment="From 1, one more with every change"),
    sa.Column("saved_at", UtcDateTime(), nullable=False),
    sa.Column("dropped_at", UtcDateTime()),
    sa.UniqueConstraint("tenant_id", "name"),
)

case_score = sa.Table(
    "case_score",
    metadata,
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), primary_key=True),
    tenant_column(),
    sa.Column("value", sa.Integer, nullable=False, comment="0 to 1000"),
    sa.Column("model", sa.String(64), nullable=False, comment="Scorecard, or 'imported'"),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("reasons", Json(), nullable=False, comment="The weightiest first"),
    sa.Column("scored_at", UtcDateTime(), nullable=False),
)
