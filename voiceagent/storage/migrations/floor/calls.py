"""Decisions, contacts, calls and seats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voiceagent.storage import types


def upgrade() -> None:
    op.create_table(
        "compliance_decision",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=True),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("allow", sa.Boolean(), nullable=False),
        sa.Column("rules", types.Json(), nullable=False, comment="Ids of the rules that spoke"),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("inputs_sha256", sa.String(length=64), nullable=False),
        sa.Column("inputs_ref", types.Uuid(), nullable=False, comment="private row of the inputs (they name a number)"),
        sa.Column("retry_at", types.UtcDateTime(), nullable=True),
        sa.Column("decided_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('voice', 'sms', 'email', 'whatsapp', 'portal')", name=op.f("ck_compliance_decision_channel")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_compliance_decision_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_compliance_decision_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compliance_decision")),
    )
    op.create_index(op.f("ix_compliance_decision_person_id"), "compliance_decision", ["person_id"], unique=False)
    op.create_table(
        "interaction",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=True),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("direction", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", types.Uuid(), nullable=True),
        sa.Column(
            "outcome",
            sa.String(length=32),
            nullable=True,
            comment="Disposition of a call, status of a message; NULL while it lasts",
        ),
        sa.Column("cost_minor", types.Minor(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('voice', 'sms', 'email', 'whatsapp', 'portal')", name=op.f("ck_interaction_channel")
        ),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_interaction_direction")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_interaction_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_interaction_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        comment="Every attempt on every channel; calls have their detail in attempt, under the same id",
    )
    op.create_index(op.f("ix_interaction_campaign_id"), "interaction", ["campaign_id"], unique=False)
    op.create_index("ix_interaction_case", "interaction", ["case_id", "started_at"], unique=False)
    op.create_index("ix_interaction_person", "interaction", ["person_id", "started_at"], unique=False)
    op.create_index("ix_interaction_started", "interaction", ["tenant_id", "started_at"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", types.Uuid(), nullable=False, comment="X-Voiceagent-Call"),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=True),
        sa.Column("case_id", types.Uuid(), nullable=True),
        sa.Column("phone_id", types.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True, comment="As dialled; NULL once erased"),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.Column("direction", sa.String(32), nullable=False),
        sa.Column("campaign_id", types.Uuid(), nullable=True),
        sa.Column("enrollment_id", types.Uuid(), nullable=True),
        sa.Column("decision_id", types.Uuid(), nullable=True),
        sa.Column("caller_id", sa.String(length=64), nullable=True),
        sa.Column("trunk", sa.String(length=64), nullable=True),
        sa.Column("seat", sa.String(length=64), nullable=True),
        sa.Column("worker", sa.String(length=128), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True, comment="The debtor's IANA zone"),
        sa.Column("local_date", sa.Date(), nullable=True, comment="Today for the debtor, pinned at the start"),
        sa.Column("local_hour", sa.Integer(), nullable=True),
        sa.Column("script_sha256", sa.String(length=64), nullable=True),
        sa.Column("policy_sha256", sa.String(length=64), nullable=True),
        sa.Column("t_queue", types.UtcDateTime(), nullable=True),
        sa.Column("t_start", types.UtcDateTime(), nullable=False, comment="Just before the INVITE"),
        sa.Column("t_ring", types.UtcDateTime(), nullable=True),
        sa.Column("t_answer", types.UtcDateTime(), nullable=True),
        sa.Column("t_end", types.UtcDateTime(), nullable=True, comment="The line went down"),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("q850", sa.Integer(), nullable=True),
        sa.Column("hangup_by", sa.String(32), nullable=True),
        sa.Column("disposition", sa.String(32), nullable=True),
        sa.Column("human", sa.Boolean(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.Column("right_party", sa.Boolean(), nullable=False),
        sa.Column("ring_s", sa.Float(precision=53), nullable=False),
        sa.Column("talk_s", sa.Float(precision=53), nullable=False),
        sa.Column("hold_s", sa.Float(precision=53), nullable=False),
        sa.Column("wrap_s", sa.Float(precision=53), nullable=False),
        sa.Column("first_audio_s", sa.Float(precision=53), nullable=True, comment="Answer to the agent's first sample"),
        sa.CheckConstraint(
            "(status = 'ended') = (disposition IS NOT NULL)", name=op.f("ck_attempt_ended_has_disposition")
        ),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_attempt_direction")),
        sa.CheckConstraint(
            "disposition IN ('NEW', 'NA', 'BUSY', 'DC', 'CONG', 'VM', 'FAX', 'SIL', 'HUP', '3P', '3PM', 'WN', "
            "'DEC', 'CPC_NEG', 'CB', 'PTP', 'PAID', 'DISP', 'NOMON', 'REF', 'LEG', 'CEASE', 'ABU', 'XFER', 'ERR')",
            name=op.f("ck_attempt_disposition"),
        ),
        sa.CheckConstraint("hangup_by IN ('far', 'near', 'failure')", name=op.f("ck_attempt_hangup_by")),
        sa.CheckConstraint("mode IN ('rehearsal', 'pilot', 'live')", name=op.f("ck_attempt_mode")),
        sa.CheckConstraint("status IN ('dialling', 'ringing', 'talking', 'ended')", name=op.f("ck_attempt_status")),
        sa.ForeignKeyConstraint(["case_id"], ["debt_case.id"], name=op.f("fk_attempt_case_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["compliance_decision.id"], name=op.f("fk_attempt_decision_id")),
        sa.ForeignKeyConstraint(["id"], ["interaction.id"], name=op.f("fk_attempt_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_attempt_person_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phone.id"], name=op.f("fk_attempt_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_campaign", "attempt", ["campaign_id", "t_start"], unique=False)
    op.create_index("ix_attempt_person", "attempt", ["person_id", "t_start"], unique=False)
    op.create_index(op.f("ix_attempt_phone_id"), "attempt", ["phone_id"], unique=False)
    op.create_index("ix_attempt_started", "attempt", ["tenant_id", "t_start"], unique=False)
    op.create_index(
        "uq_attempt_live_number",
        "attempt",
        ["tenant_id", "number"],
        unique=True,
        sqlite_where=sa.text("status <> 'ended'"),
        postgresql_where=sa.text("status <> 'ended'"),
    )
    op.create_index(
        "uq_attempt_live_person",
        "attempt",
        ["tenant_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'ended'"),
        postgresql_where=sa.text("status <> 'ended'"),
    )
    op.create_table(
        "turn",
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="The event's: order in the call"
        ),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("speaker", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, comment="As the conversation counted them, by speaker"),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False, comment="Of the script"),
        sa.Column("prompt", sa.String(length=64), nullable=True),
        sa.Column("variant", sa.Integer(), nullable=True),
        sa.Column(
            "text_ref", types.Uuid(), nullable=True, comment="private row of what was said; NULL for identity answers"
        ),
        sa.Column("started_s", sa.Float(precision=53), nullable=True),
        sa.Column("played_s", sa.Float(precision=53), nullable=True),
        sa.Column("total_s", sa.Float(precision=53), nullable=True),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Float(precision=53), nullable=True),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("slots", types.Json(), nullable=True),
        sa.Column(
            "latency_s",
            sa.Float(precision=53),
            nullable=True,
            comment="End of the debtor's speech to first audio of the answer",
        ),
        sa.Column("engine", sa.String(length=64), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.CheckConstraint("speaker IN ('agent', 'debtor')", name=op.f("ck_turn_speaker")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_turn_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", "seq", name=op.f("pk_turn")),
    )
    op.create_table(
        "recording",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False, comment="Relative to the recordings' directory"),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("marks", types.Json(), nullable=True, comment="[from_s, to_s] spans of identity answers"),
        sa.Column("opened_at", types.UtcDateTime(), nullable=False),
        sa.Column("closed_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed', 'lost', 'erased')", name=op.f("ck_recording_state")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_recording_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_attempt_id"), "recording", ["attempt_id"], unique=False)
    op.create_table(
        "identity_try",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("attempt_id", types.Uuid(), nullable=False),
        sa.Column("person_id", types.Uuid(), nullable=True),
        sa.Column("datum", sa.String(length=64), nullable=False, comment="Which datum was asked for; never its value"),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_identity_try_attempt_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_try_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_try")),
    )
    op.create_index(op.f("ix_identity_try_attempt_id"), "identity_try", ["attempt_id"], unique=False)
    op.create_table(
        "seat",
        sa.Column("id", types.Uuid(), nullable=False),
        sa.Column("tenant_id", types.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempt_id", types.Uuid(), nullable=True),
        sa.Column("since", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('offline', 'idle', 'dialing', 'ringing', 'talking', 'wrapup', 'paused')",
            name=op.f("ck_seat_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_seat_tenant_id_name")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("seat")
    op.drop_table("identity_try")
    op.drop_table("recording")
    op.drop_table("turn")
    op.drop_table("attempt")
    op.drop_table("interaction")
    op.drop_table("compliance_decision")
