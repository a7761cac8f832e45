"""What outlives an erasure, and what forbids one: stops under a digest, proofs of stops, legal holds."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import UtcDateTime, Uuid

stop_proof = sa.Table(
    "stop_proof",
    metadata,
    sa.Column("opt_out_id", Uuid(), sa.ForeignKey("opt_out.id"), primary_key=True),
    tenant_column(),
    sa.Column("digest", sa.String(64), comment="Keyed, of the number or document, once that was erased"),
    sa.Column("proof_ref", Uuid(), comment="private row of what proves the wish"),
    sa.Index("ix_stop_proof_digest", "tenant_id", "digest"),
    comment="Keeps a stop binding after its person was erased, and says what proves it",
)

legal_hold = sa.Table(
    "legal_hold",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("reason", sa.String(255), nullable=False),
    sa.Column("placed_at", UtcDateTime(), nullable=False),
    sa.Column("lifted_at", UtcDateTime()),
    comment="While one stands, nothing of the person is erased",
)
