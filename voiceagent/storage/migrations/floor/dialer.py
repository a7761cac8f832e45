"""Lists, campaigns, enrolment, callbacks, leadership."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types


def upgrade() -> None:
    op.create_table(
        "contact_list",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False, comment="What `lists` shows and undoes"),
        sa.Column("file", sa.String(length=255), nullable=False, comment="File name without its directory"),
        sa.Column(
            "sha256", sa.String(length=64), nullable=False, comment="Of the file's bytes: the same file is known again"
        ),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("mapping", types.Json(), nullable=False, comment="Column of the file to field"),
        sa.Column("imported_at", types.UtcDateTime(), nullable=False),
        sa.Column(
            "finished_at", types.UtcDateTime(), nullable=True, comment="NULL while it comes in, or where that broke off"
        ),
        sa.Column("undone_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_list")),
        sa.UniqueConstraint("tenant_id", "batch", name=op.f("uq_contact_list_tenant_id_batch")),
    )
    op.create_index("ix_contact_list_sha256", "contact_list", ["tenant_id", "sha256"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("region", sa.String(length=2), nullable=True),
        sa.Column("script", sa.String(length=128), nullable=True, comment="Name of the conversation script"),
        sa.Column("script_sha256", sa.String(length=64), nullable=True),
        sa.Column("policy", sa.String(length=128), nullable=True, comment="Name of the negotiation policy"),
        sa.Column("policy_sha256", sa.String(length=64), nullable=True),
        sa.Column("caller_id", sa.String(length=32), nullable=True),
        sa.Column("caps", types.Json(), nullable=False),
        sa.Column("window", types.Json(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("mode IN ('rehearsal', 'pilot', 'live')", name=op.f("ck_campaign_mode")),
        sa.CheckConstraint("state IN ('draft', 'running', 'paused', 'finished')", name=op.f("ck_campaign_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_campaign_tenant_id_name")),
    )
    op.create_table(
        "campaign_list",
        sa.Column("campaign_id", types.Uuid(), nullable=False),
        sa.Column("list_id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_list_campaign_id")),
        sa.ForeignKeyConstraint(["list_id"], ["contact_list.id"], name=op.f("fk_campaign_list_list_id")),
        sa.PrimaryKeyConstraint("campaign_id", "list_id", name=op.f("pk_campaign_list")),
    )
    op.create_table(
        "list_entry",
        sa.Column("list_id", types.Uuid(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False, comment="1 is the first row under the header"),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=True),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column(
            "reason", sa.String(length=64), nullable=True, comment="Why it was rejected (a code, never the value)"
        ),
        sa.CheckConstraint(
            "status IN ('imported', 'updated', 'duplicate', 'rejected', 'undone')", name=op.f("ck_list_entry_status")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_list_entry_case_id")),
        sa.ForeignKeyConstraint(["list_id"], ["contact_list.id"], name=op.f("fk_list_entry_list_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_list_entry_person_id")),
        sa.PrimaryKeyConstraint("list_id", "row_number", name=op.f("pk_list_entry")),
    )
    op.create_index(op.f("ix_list_entry_case_id"), "list_entry", ["case_id"], unique=False)
    op.create_index(op.f("ix_list_entry_person_id"), "list_entry", ["person_id"], unique=False)
    op.create_table(
        "enrollment",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("campaign_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True, comment="Why it waits or stopped: rule, cap, outcome"),
        sa.Column("next_at", types.UtcDateTime(), nullable=True, comment="Not before this instant"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False, comment="Higher goes first"),
        sa.Column("leased_until", types.UtcDateTime(), nullable=True),
        sa.Column("leased_by", sa.String(length=64), nullable=True, comment="Seat or worker that holds the lease"),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('ready', 'leased', 'waiting', 'done', 'stopped')", name=op.f("ck_enrollment_state")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_enrollment_campaign_id")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_enrollment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment")),
        sa.UniqueConstraint("campaign_id", "case_id", name=op.f("uq_enrollment_campaign_id_case_id")),
    )
    op.create_index(op.f("ix_enrollment_case_id"), "enrollment", ["case_id"], unique=False)
    op.create_index("ix_enrollment_hopper", "enrollment", ["campaign_id", "state", "priority", "next_at"], unique=False)
    op.create_table(
        "callback",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("person_id", types.Uuid(), nullable=True),
        sa.Column("phone_id", types.Uuid(), nullable=True),
        sa.Column("campaign_id", types.Uuid(), nullable=True),
        sa.Column("attempt_id", types.Uuid(), nullable=True, comment="The call in which it was asked for"),
        sa.Column("due_at", types.UtcDateTime(), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", types.UtcDateTime(), nullable=True),
        sa.Column("leased_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("closed_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "origin IN ('debtor_asked', 'offered', 'missed_inbound', 'dropped_call')", name=op.f("ck_callback_origin")
        ),
        sa.CheckConstraint("status IN ('open', 'done', 'cancelled', 'expired')", name=op.f("ck_callback_status")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_callback_attempt_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_callback_campaign_id")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_callback_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_callback_person_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phone.id"], name=op.f("fk_callback_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
    )
    op.create_index(op.f("ix_callback_case_id"), "callback", ["case_id"], unique=False)
    op.create_index("ix_callback_due", "callback", ["status", "due_at"], unique=False)
    op.create_index(op.f("ix_callback_person_id"), "callback", ["person_id"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False, comment="What is led: 'service' ticks, ..."),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("until", types.UtcDateTime(), nullable=False),
        sa.Column("fencing", sa.BigInteger(), nullable=False, comment="Grows with every change of holder"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("lease")
    op.drop_table("callback")
    op.drop_table("enrollment")
    op.drop_table("list_entry")
    op.drop_table("campaign_list")
    op.drop_table("campaign")
    op.drop_table("contact_list")
