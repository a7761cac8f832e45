"""Agreements, promises, payments, messages, stops, requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=False),
        sa.Column("interaction_id", types.Uuid(), nullable=True),
        sa.Column("total_minor", types.Minor(), nullable=False),
        sa.Column("discount_minor", types.Minor(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("confirmed_by_turn", sa.Integer(), nullable=True, comment="The debtor's turn with the second yes"),
        sa.Column(
            "recording_offset_s",
            sa.Float(precision=53),
            nullable=True,
            comment="Where the second yes is in the recording",
        ),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("total_minor > 0 AND discount_minor >= 0", name=op.f("ck_agreement_amounts")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_agreement_case_id")),
        sa.ForeignKeyConstraint(["interaction_id"], ["interaction.id"], name=op.f("fk_agreement_interaction_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_agreement_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index(op.f("ix_agreement_case_id"), "agreement", ["case_id"], unique=False)
    op.create_index(op.f("ix_agreement_interaction_id"), "agreement", ["interaction_id"], unique=False)
    op.create_table(
        "agreement_debt",
        sa.Column("agreement_id", types.Uuid(), nullable=False),
        sa.Column("debt_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_debt_agreement_id")),
        sa.ForeignKeyConstraint(["debt_id"], ["debt.id"], name=op.f("fk_agreement_debt_debt_id")),
        sa.PrimaryKeyConstraint("agreement_id", "debt_id", name=op.f("pk_agreement_debt")),
    )
    op.create_table(
        "promise",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("agreement_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="From 1; 0 is a down payment"),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("amount_minor", types.Minor(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("paid_minor", types.Minor(), nullable=False),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'kept', 'partial', 'broken', 'cancelled', 'rescheduled', 'under_review')",
            name=op.f("ck_promise_status"),
        ),
        sa.CheckConstraint("amount_minor > 0 AND paid_minor >= 0", name=op.f("ck_promise_amounts")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_promise_agreement_id")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_promise_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
        sa.UniqueConstraint("agreement_id", "number", name=op.f("uq_promise_agreement_id_number")),
    )
    op.create_index("ix_promise_case", "promise", ["case_id", "status"], unique=False)
    op.create_index("ix_promise_due", "promise", ["tenant_id", "status", "due"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("promise_id", types.Uuid(), nullable=True),
        sa.Column("amount_minor", types.Minor(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_at", types.UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_payment_case_id")),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"], name=op.f("fk_payment_promise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("tenant_id", "source", "external_id", name=op.f("uq_payment_tenant_id_source_external_id")),
    )
    op.create_index(op.f("ix_payment_case_id"), "payment", ["case_id"], unique=False)
    op.create_index(op.f("ix_payment_promise_id"), "payment", ["promise_id"], unique=False)
    op.create_table(
        "payment_artifact",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("agreement_id", types.Uuid(), nullable=False),
        sa.Column("promise_id", types.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("payload_ref", types.Uuid(), nullable=False, comment="private row of the code itself"),
        sa.Column("amount_minor", types.Minor(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('pix', 'boleto', 'link')", name=op.f("ck_payment_artifact_kind")),
        sa.CheckConstraint(
            "status IN ('issued', 'sent', 'paid', 'cancelled', 'expired')", name=op.f("ck_payment_artifact_status")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_payment_artifact_agreement_id")),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"], name=op.f("fk_payment_artifact_promise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_artifact")),
    )
    op.create_index(op.f("ix_payment_artifact_agreement_id"), "payment_artifact", ["agreement_id"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("body_ref", types.Uuid(), nullable=False, comment="private row of address and text"),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("dedupe_key", sa.String(length=128), nullable=False, comment="The same thing is never sent twice"),
        sa.Column("provider", sa.String(length=64), nullable=True),
        sa.Column("provider_id", sa.String(length=128), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", types.UtcDateTime(), nullable=False),
        sa.Column("error", sa.String(length=255), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('voice', 'sms', 'email', 'whatsapp', 'portal')", name=op.f("ck_message_channel")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'cancelled')",
            name=op.f("ck_message_status"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_message_case_id")),
        sa.ForeignKeyConstraint(["id"], ["interaction.id"], name=op.f("fk_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("tenant_id", "dedupe_key", name=op.f("uq_message_tenant_id_dedupe_key")),
        comment="The outbox: the detail of an interaction that is not a call",
    )
    op.create_index("ix_message_due", "message", ["status", "next_at"], unique=False)
    op.create_index(op.f("ix_message_person_id"), "message", ["person_id"], unique=False)
    op.create_table(
        "opt_out",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=True),
        sa.Column("phone_id", types.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True, comment="For scope number; NULL once erased"),
        sa.Column("channel", sa.String(length=32), nullable=True, comment="For scope channel"),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("attempt_id", types.Uuid(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("scope IN ('number', 'channel', 'person')", name=op.f("ck_opt_out_scope")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_opt_out_attempt_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_opt_out_person_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phone.id"], name=op.f("fk_opt_out_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out")),
    )
    op.create_index("ix_opt_out_number", "opt_out", ["tenant_id", "number"], unique=False)
    op.create_index(op.f("ix_opt_out_person_id"), "opt_out", ["person_id"], unique=False)
    op.create_table(
        "request",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("attempt_id", types.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False, comment="dispute, proof_of_payment, human, legal, ..."),
        sa.Column("detail_ref", types.Uuid(), nullable=True, comment="private row of the words"),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("assignee", sa.String(length=128), nullable=True),
        sa.Column("opened_at", types.UtcDateTime(), nullable=False),
        sa.Column("due_at", types.UtcDateTime(), nullable=True),
        sa.Column("closed_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'in_progress', 'done', 'cancelled')", name=op.f("ck_request_status")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_request_attempt_id")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_request_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index(op.f("ix_request_case_id"), "request", ["case_id"], unique=False)
    op.create_index("ix_request_open", "request", ["tenant_id", "status", "due_at"], unique=False)
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("request")
    op.drop_table("opt_out")
    op.drop_table("message")
    op.drop_table("payment_artifact")
    op.drop_table("payment")
    op.drop_table("promise")
    op.drop_table("agreement_debt")
    op.drop_table("agreement")
