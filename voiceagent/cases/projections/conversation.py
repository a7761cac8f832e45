"""Who answered, offers left open and steps down a question's ladder, from the events of calls."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.journal import catalogue
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.storage.upsert import upsert


def offer_left_open(connection: sa.Connection, event: Event) -> None:
    """It takes the place of what was open before."""
    said = event.payload
    row = {
        "case_id": said["case_id"],
        "tenant_id": event.tenant_id,
        "interaction_id": event.stream_id if event.stream_type == "call" else None,
        "kind": said["kind"],
        "total_minor": said["total"],
        "discount_minor": said["discount"],
        "currency": said["currency"],
        "payments": [[part["number"], part["due"], part["minor"]] for part in said["payments"]],
        "expires": date.fromisoformat(said["expires"]) if said["expires"] else None,
        "made_at": event.at_utc,
    }
    upsert(connection, tables.open_offer, [row], update=tuple(name for name in row if name != "case_id"))


def offer_gone(connection: sa.Connection, event: Event) -> None:
    """Refused, or made into a promise."""
    table = tables.open_offer
    connection.execute(sa.delete(table).where(table.c.case_id == event.payload["case_id"]))


def ladder_stepped(connection: sa.Connection, event: Event) -> None:
    """A question was put otherwise, or given up."""
    connection.execute(
        sa.insert(tables.ladder_step).values(
            attempt_id=event.stream_id,
            seq=event.seq,
            tenant_id=event.tenant_id,
            at=event.at_utc,
            **{name: event.payload[name] for name in ("state", "step", "silent")},
        )
    )


def answered_by(connection: sa.Connection, event: Event) -> None:
    """The last word counts; what was thought first is kept beside it."""
    said = event.payload
    row = {
        "attempt_id": event.stream_id,
        "tenant_id": event.tenant_id,
        "first_kind": said["kind"],
        **{name: said[name] for name in ("kind", "evidence", "after_answer_s", "latency_s", "speech_s")},
    }
    kept = tuple(name for name in row if name not in ("attempt_id", "first_kind"))
    upsert(connection, tables.answerer, [row], update=kept)


PROJECTIONS = (
    Projection(catalogue.OfferLeftOpen.TYPE, for_each(offer_left_open)),
    Projection(catalogue.OfferWithdrawn.TYPE, for_each(offer_gone)),
    Projection(catalogue.PromiseMade.TYPE, for_each(offer_gone)),
    Projection(catalogue.LadderStepped.TYPE, for_each(ladder_stepped)),
    Projection(catalogue.CallAnsweredBy.TYPE, for_each(answered_by)),
)
