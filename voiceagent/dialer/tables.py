"""What the dialer keeps: lists as imported, campaigns, who is enrolled, callbacks, and who leads the service."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import sqlalchemy as sa

from voiceagent.storage.schema import id_column, metadata, tenant_column
from voiceagent.storage.types import Json, TextEnum, UtcDateTime, Uuid, enum_check, enum_column


class DialMode(StrEnum):
    """How far a campaign's calls may go."""

    REHEARSAL = "rehearsal"
    PILOT = "pilot"
    LIVE = "live"


class CampaignState(StrEnum):
    """Whether a campaign hands out calls."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class EnrollmentState(StrEnum):
    """Where a case stands within a campaign."""

    READY = "ready"
    LEASED = "leased"
    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"


class EntryStatus(StrEnum):
    """What became of a row of a list."""

    IMPORTED = "imported"
    UPDATED = "updated"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    UNDONE = "undone"


class Priority(IntEnum):
    """Whom a campaign calls first; a callback that is due goes before all of them."""

    LIST = 0
    HOT = 10
    """A lead that is warm now: an offer was left open, a call broke off."""
    REMINDER = 20
    """A promise falls due."""


class StopScope(StrEnum):
    """What a kill switch stops."""

    ALL = "all"
    TRUNK = "trunk"


class CallbackOrigin(StrEnum):
    """Why a call was promised."""

    DEBTOR_ASKED = "debtor_asked"
    OFFERED = "offered"
    MISSED_INBOUND = "missed_inbound"
    DROPPED_CALL = "dropped_call"


class CallbackStatus(StrEnum):
    """Whether the promised call was made."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


contact_list = sa.Table(
    "contact_list",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("batch", sa.String(64), nullable=False, comment="What `lists` shows and undoes"),
    sa.Column("file", sa.String(255), nullable=False, comment="File name without its directory"),
    sa.Column("sha256", sa.String(64), nullable=False, comment="Of the file's bytes: the same file is known again"),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("imported", sa.Integer, nullable=False),
    sa.Column("updated", sa.Integer, nullable=False),
    sa.Column("duplicates", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sa.Column("mapping", Json(), nullable=False, comment="Column of the file to field"),
    sa.Column("imported_at", UtcDateTime(), nullable=False),
    sa.Column("finished_at", UtcDateTime(), comment="NULL while it comes in, or where that broke off"),
    sa.Column("undone_at", UtcDateTime()),
    sa.UniqueConstraint("tenant_id", "batch"),
    sa.Index("ix_contact_list_sha256", "tenant_id", "sha256"),
)

list_entry = sa.Table(
    "list_entry",
    metadata,
    sa.Column("list_id", Uuid(), sa.ForeignKey("contact_list.id"), primary_key=True),
    sa.Column("row_number", sa.Integer, primary_key=True, comment="1 is the first row under the header"),
    tenant_column(),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), index=True),
    enum_column("status", EntryStatus),
    sa.Column("reason", sa.String(64), comment="Why it was rejected (a code, never the value)"),
    enum_check("status", EntryStatus),
    sqlite_with_rowid=False,
)

list_mapping = sa.Table(
    "list_mapping",
    metadata,
    sa.Column("tenant_id", Uuid(), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("columns", Json(), nullable=False, comment="Header to field; an empty field leaves the column out"),
    sa.Column("options", Json(), nullable=False, comment="Of the import: region, language, creditor, purpose, ..."),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    comment="How a creditor's lists are read, saved under a name",
)

campaign = sa.Table(
    "campaign",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("name", sa.String(128), nullable=False),
    enum_column("mode", DialMode),
    enum_column("state", CampaignState),
    sa.Column("language", sa.String(8)),
    sa.Column("region", sa.String(2)),
    sa.Column("script", sa.String(128), comment="Name of the conversation script"),
    sa.Column("script_sha256", sa.String(64)),
    sa.Column("policy", sa.String(128), comment="Name of the negotiation policy"),
    sa.Column("policy_sha256", sa.String(64)),
    sa.Column("caller_id", sa.String(32)),
    sa.Column("caps", Json(), nullable=False),
    sa.Column("window", Json(), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.Column("started_at", UtcDateTime(), comment="The last start: calls ramp up from here"),
    sa.Column("reason", sa.String(255), comment="Why it is paused: what a person wrote, or which brake"),
    sa.Column("brake", Json(), comment="{brake, value, limit, calls}: what paused it, and in which calls"),
    sa.UniqueConstraint("tenant_id", "name"),
    enum_check("mode", DialMode),
    enum_check("state", CampaignState),
)

campaign_list = sa.Table(
    "campaign_list",
    metadata,
    sa.Column("campaign_id", Uuid(), sa.ForeignKey("campaign.id"), primary_key=True),
    sa.Column("list_id", Uuid(), sa.ForeignKey("contact_list.id"), primary_key=True),
    tenant_column(),
)

#: The reason of who joined a campaign and was not weighed by the law yet.
UNWEIGHED = "unweighed"

enrollment = sa.Table(
    "enrollment",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("campaign_id", Uuid(), sa.ForeignKey("campaign.id"), nullable=False),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), nullable=False, index=True),
    enum_column("state", EnrollmentState),
    sa.Column("reason", sa.String(64), comment="Why it waits or stopped: rule, cap, outcome"),
    sa.Column("next_at", UtcDateTime(), comment="Planned: not before this instant; NULL when leased or over"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0", comment="A Priority; higher goes first"),
    sa.Column("leased_until", UtcDateTime()),
    sa.Column("leased_by", sa.String(64), comment="Seat or worker that holds the lease"),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
    sa.UniqueConstraint("campaign_id", "case_id"),
    # Who is due is one short range of this index, however many wait: a contact that is not waiting has no next_at.
    sa.Index("ix_enrollment_due", "campaign_id", "priority", "next_at"),
    sa.Index(
        "ix_enrollment_leased",
        "leased_until",
        sqlite_where=sa.text("leased_until IS NOT NULL"),
        postgresql_where=sa.text("leased_until IS NOT NULL"),
    ),
    # Who joined and was not weighed by the law yet: hardly ever many, among however many wait.
    sa.Index(
        "ix_enrollment_unweighed",
        "campaign_id",
        "id",
        sqlite_where=sa.text("reason = 'unweighed'"),
        postgresql_where=sa.text("reason = 'unweighed'"),
    ),
    enum_check("state", EnrollmentState),
)

callback = sa.Table(
    "callback",
    metadata,
    id_column(),
    tenant_column(),
    sa.Column("case_id", Uuid(), sa.ForeignKey("debt_case.id"), index=True),
    sa.Column("person_id", Uuid(), sa.ForeignKey("person.id"), index=True),
    sa.Column("phone_id", Uuid(), sa.ForeignKey("phone.id")),
    sa.Column("campaign_id", Uuid(), sa.ForeignKey("campaign.id")),
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id"), comment="The call in which it was asked for"),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    enum_column("origin", CallbackOrigin),
    enum_column("status", CallbackStatus),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("leased_until", UtcDateTime()),
    sa.Column("leased_by", sa.String(64)),
    sa.Column("created_at", UtcDateTime(), nullable=False),
    sa.Column("closed_at", UtcDateTime()),
    sa.Column("retry_at", UtcDateTime(), comment="Not before this, where it could not be placed when it was due"),
    sa.Index("ix_callback_due", "status", "due_at"),
    enum_check("origin", CallbackOrigin),
    enum_check("status", CallbackStatus),
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True, comment="What is led: 'service' ticks, ..."),
    sa.Column("holder", sa.String(128), nullable=False),
    sa.Column("until", UtcDateTime(), nullable=False),
    sa.Column("fencing", sa.BigInteger, nullable=False, comment="Grows with every change of holder"),
)

trunk = sa.Table(
    "trunk",
    metadata,
    sa.Column("tenant_id", Uuid(), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True, comment="As Asterisk's endpoint is called"),
    sa.Column("max_channels", sa.Integer, nullable=False),
    sa.Column("calls_per_second", sa.Float(53), nullable=False),
    sa.Column("caller_ids", Json(), nullable=False, comment="Numbers it may show, in turn"),
    sa.Column("updated_at", UtcDateTime(), nullable=False),
)

dial_stop = sa.Table(
    "dial_stop",
    metadata,
    sa.Column("tenant_id", Uuid(), primary_key=True),
    sa.Column("scope", TextEnum(StopScope), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True, comment="The trunk; empty for everything"),
    sa.Column("reason", sa.String(255), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("stopped_at", UtcDateTime(), nullable=False),
    enum_check("scope", StopScope),
)

worker = sa.Table(
    "worker",
    metadata,
    sa.Column("tenant_id", Uuid(), primary_key=True),
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("host", sa.String(128), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("seats", sa.Integer, nullable=False),
    sa.Column("life", Uuid(), nullable=False, comment="Of this process: its successor has another"),
    sa.Column("beats", sa.BigInteger, nullable=False, comment="Grows while it lives, whatever its clock says"),
    sa.Column("started_at", UtcDateTime(), nullable=False),
    sa.Column("beat_at", UtcDateTime(), nullable=False),
    sa.Column("trouble", sa.String(255), comment="Why its seats ask for no calls, as people read it"),
)

retry_plan = sa.Table(
    "retry_plan",
    metadata,
    sa.Column("tenant_id", Uuid(), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, comment="The highest whose day has come is in force"),
    sa.Column("valid_from", sa.Date, comment="The first day (UTC) on which it holds; NULL: at once"),
    sa.Column("sha256", sa.String(64), nullable=False, comment="Of the plan, however its file was written"),
    sa.Column("body", Json(), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("adopted_at", UtcDateTime(), nullable=False),
    comment="What follows each outcome of a call, version by version; none: the program's own",
)

lead_call = sa.Table(
    "lead_call",
    metadata,
    sa.Column("attempt_id", Uuid(), sa.ForeignKey("attempt.id"), primary_key=True),
    tenant_column(),
    sa.Column("lead_id", sa.String(64), nullable=False, comment="As the dialer calls the debtor"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime(), nullable=False),
    sa.Column("error", sa.String(255), comment="Why the last try failed"),
    sa.Column("told_at", UtcDateTime()),
    sa.Column("given_up_at", UtcDateTime(), comment="The dialer refused for good: people must look"),
    sa.Index("ix_lead_call_due", "tenant_id", "told_at", "next_at"),
    comment="Calls of another dialer; written before the answer, told of once the attempt has ended, however it ended",
)
