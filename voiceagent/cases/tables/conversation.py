"""What a conversation leaves for the next one, and where it went wrong."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.storage.schema import metadata, tenant_column
from voiceagent.storage.types import Json, Minor, UtcDateTime, Uuid, currency_column

open_offer = sa.Table(
    "open_offer",
    metadata,
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), primary_key=True),
    tenant_column(),
    sa.Column("interaction_id", Uuid(), sa.ForeignKey("interaction.id")),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("total_minor", Minor(), nullable=False),
    sa.Column("discount_minor", Minor(), nullable=False),
    currency_column(),
    sa.Column("payments", Json(), nullable=False, comment="[number, due, minor] of each payment, in order"),
    sa.Column("expires", sa.Date),
    sa.Column("made_at", UtcDateTime(), nullable=False),
    comment="What a conversation left on the table: at most one of a case, gone with a promise or a refusal",
)

ladder_step = sa.Table(
    "ladder_step",
    metadata,
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False, comment="The event's"),
    tenant_column(),
    sa.Column("state", sa.String(64), nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("silent", sa.Boolean, nullable=False),
    sa.Column("at", UtcDateTime(), nullable=False),
)

answerer = sa.Table(
    "answerer",
    metadata,
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id"), primary_key=True),
    tenant_column(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("first_kind", sa.String(32), nullable=False, comment="What it was taken for at first"),
    sa.Column("evidence", sa.String(200), nullable=False),
    sa.Column("after_answer_s", sa.Float(53), nullable=False),
    sa.Column("latency_s", sa.Float(53), nullable=False, comment="From the end of the sound that told it"),
    sa.Column("speech_s", sa.Float(53), nullable=False),
    comment="Who or what has answered an outgoing call: a person, or which kind of machine",
)
