"""Second looks at promises: what another listening heard, and what people decided where it heard something else."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.cases.kinds import LookVerdict, ReviewOutcome
from voiceagent.storage.schema import metadata, tenant_column
from voiceagent.storage.types import Json, UtcDateTime, Uuid, enum_check, enum_column

second_look = sa.Table(
    "second_look",
    metadata,
    sa.Column("agreement_id", Uuid(), sa.ForeignKey("agreement.id"), primary_key=True),
    tenant_column(),
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id"), nullable=False, index=True),
    enum_column("verdict", LookVerdict),
    sa.Column("terms", Json(), nullable=False, comment="{yes, date, amount, ...: agreed, differs or unheard}"),
    sa.Column("words_ref", Uuid(), comment="private row of what both listenings wrote down"),
    sa.Column("request_id", Uuid(), sa.ForeignKey("request.id"), comment="The task for a person; NULL without doubt"),
    sa.Column("looked_at", UtcDateTime(), nullable=False),
    enum_column("outcome", ReviewOutcome, nullable=True),
    sa.Column("decided_at", UtcDateTime()),
    sa.Column("decided_by", sa.String(128)),
    sa.Index("ix_second_look_waiting", "tenant_id", "outcome", "looked_at"),
    enum_check("verdict", LookVerdict),
    enum_check("outcome", ReviewOutcome),
    comment="At most one of an agreement; agreements of ended calls without one wait for theirs",
)
