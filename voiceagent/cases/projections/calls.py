"""Attempts, turns, recordings and seats, from the events of calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import kinds, tables
from voiceagent.journal import catalogue, floor
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.journal.private import read_private
from voiceagent.storage.bulk import Native, insert_many
from voiceagent.storage.question import Command, Question, one_of
from voiceagent.storage.types import instant_text
from voiceagent.storage.upsert import upsert

_SHARED = ("id", "tenant_id", "person_id", "case_id", "direction", "campaign_id")
_INTERACTION = (*_SHARED, "channel", "purpose", "started_at")
_BEGUN: dict[str, Native] = {
    "status": kinds.AttemptStatus.DIALLING.value,
    **dict.fromkeys(("human", "machine", "right_party"), False),
    **dict.fromkeys(("ring_s", "talk_s", "hold_s", "wrap_s"), 0.0),
}
_ATTEMPT = (
    *_SHARED, "phone_id", "number", "enrollment_id", "decision_id", "caller_id", "trunk", "seat", "worker", "language",
    "zone", "local_date", "local_hour", "script_sha256", "policy_sha256", "mode", "t_queue", "t_start", *_BEGUN,
)  # fmt: skip


def call_attempted(connection: sa.Connection, events: Sequence[Event]) -> None:
    """The attempts are live: the partial unique indexes speak here."""
    numbers = _numbers(connection, [event.payload for event in events])
    interactions, attempts = [], []
    for event, number in zip(events, numbers, strict=True):
        said, at = event.payload, instant_text(event.at_utc)
        shared = {"id": str(event.stream_id), "tenant_id": str(event.tenant_id), "started_at": at, "t_start": at}
        told = _BEGUN | said | shared | {"number": number, "t_queue": said["queued_at"]}
        interactions.append([told[name] for name in _INTERACTION])
        attempts.append([told[name] for name in _ATTEMPT])
    insert_many(connection, tables.interaction, _INTERACTION, interactions)
    insert_many(connection, tables.attempt, _ATTEMPT, attempts)


def call_ringing(connection: sa.Connection, event: Event) -> None:
    """First ringing counts; a second one (183 after 180) changes nothing."""
    table = tables.attempt
    connection.execute(
        sa.update(table)
        .where(table.c.id == event.stream_id, table.c.status == kinds.AttemptStatus.DIALLING)
        .values(status=kinds.AttemptStatus.RINGING, t_ring=event.at_utc, sip_code=event.payload["sip_code"])
    )


def call_answered(connection: sa.Connection, event: Event) -> None:
    """Talk begins."""
    _update_live(connection, event, status=kinds.AttemptStatus.TALKING, t_answer=event.at_utc, sip_code=200)


def caller_found(connection: sa.Connection, event: Event) -> None:
    """An incoming call gets its person and case; what was said before it was known stays where it is."""
    said = event.payload
    of_whom = {name: said[name] for name in ("case_id", "person_id")}
    _update_live(connection, event, **of_whom, phone_id=said["phone_id"])
    interaction = tables.interaction
    connection.execute(sa.update(interaction).where(interaction.c.id == event.stream_id).values(**of_whom))


def call_first_audio(connection: sa.Connection, event: Event) -> None:
    """The agent was heard."""
    _update_live(connection, event, first_audio_s=event.payload["after_answer_s"])


def call_hung_up(connection: sa.Connection, event: Event) -> None:
    """The line is down; still live until its verdict, so that nobody dials before the outcome is known."""
    said = event.payload
    _update_live(
        connection, event, t_end=event.at_utc, hangup_by=said["by"], sip_code=said["sip_code"], q850=said["q850"]
    )


def call_ended(connection: sa.Connection, events: Sequence[Event]) -> None:
    """The verdict."""
    said = [event.payload | {"key": event.stream_id, "at": event.at_utc} for event in events]
    _END(connection, said)
    _CLOSE(connection, said)


_KEY: sa.BindParameter[Any] = sa.bindparam("key")
_VERDICT = ("disposition", "human", "machine", "right_party", "ring_s", "talk_s", "hold_s", "wrap_s")
_END = Command(
    sa.update(tables.attempt)
    .where(tables.attempt.c.id == _KEY, tables.attempt.c.status != kinds.AttemptStatus.ENDED)
    .values(
        status=kinds.AttemptStatus.ENDED,
        t_end=sa.func.coalesce(tables.attempt.c.t_end, sa.bindparam("at", type_=tables.attempt.c.t_end.type)),
        **{name: sa.bindparam(name) for name in _VERDICT},
    )
)
_CLOSE = Command(
    sa.update(tables.interaction)
    .where(tables.interaction.c.id == _KEY, tables.interaction.c.outcome.is_(None))
    .values(
        outcome=sa.bindparam("disposition"),
        ended_at=sa.select(tables.attempt.c.t_end).where(tables.attempt.c.id == _KEY).scalar_subquery(),
    )
)


def turn_agent(connection: sa.Connection, event: Event) -> None:
    """A prompt as it was played."""
    said = event.payload
    same = ("prompt", "variant", "started_s", "played_s", "total_s", "interrupted")
    _turn(connection, event, kinds.Speaker.AGENT, said["text"], {name: said[name] for name in same})


def turn_debtor(connection: sa.Connection, event: Event) -> None:
    """A turn of the debtor."""
    said = event.payload
    same = ("confidence", "intent", "slots", "latency_s", "engine", "result", "sensitive", "started_s")
    values = {name: said[name] for name in same} | {"total_s": None}
    if said["ended_s"] is not None and said["started_s"] is not None:
        values["total_s"] = said["ended_s"] - said["started_s"]
    _turn(connection, event, kinds.Speaker.DEBTOR, said["heard"], values)


def identity_tried(connection: sa.Connection, event: Event) -> None:
    """Which datum was asked for, and whether it matched."""
    attempt = tables.attempt
    matched = event.type == catalogue.IdentityVerified.TYPE
    person = sa.select(attempt.c.person_id).where(attempt.c.id == event.stream_id).scalar_subquery()
    connection.execute(
        sa.insert(tables.identity_try).values(
            id=event.id,
            tenant_id=event.tenant_id,
            attempt_id=event.stream_id,
            person_id=person,
            datum=event.payload["datum"],
            matched=matched,
            at=event.at_utc,
        )
    )
    if matched:
        _update_live(connection, event, right_party=True)


def number_marked(connection: sa.Connection, event: Event) -> None:
    """What a call taught of its number."""
    table = tables.phone
    values: dict[str, Any] = {"status": event.payload["status"], "updated_at": event.at_utc}
    if event.payload["status"] == kinds.PhoneStatus.RIGHT_PARTY:
        values["last_right_party_at"] = event.at_utc
    connection.execute(sa.update(table).where(table.c.id == event.payload["phone_id"]).values(**values))


def recording_opened(connection: sa.Connection, event: Event) -> None:
    """A file is being written."""
    connection.execute(
        sa.insert(tables.recording).values(
            id=event.payload["recording_id"],
            tenant_id=event.tenant_id,
            attempt_id=event.stream_id,
            path=event.payload["path"],
            state=kinds.RecordingState.OPEN,
            opened_at=event.at_utc,
        )
    )


def recording_closed(connection: sa.Connection, event: Event) -> None:
    """The file is whole."""
    said = event.payload
    table = tables.recording
    connection.execute(
        sa.update(table)
        .where(table.c.id == said["recording_id"])
        .values(
            state=kinds.RecordingState.CLOSED,
            closed_at=event.at_utc,
            **{name: said[name] for name in ("seconds", "bytes", "sha256", "marks")},
        )
    )


def seat_state(connection: sa.Connection, event: Event) -> None:
    """The board."""
    said = event.payload
    row = {
        "id": event.stream_id,
        "tenant_id": event.tenant_id,
        "name": said["seat"],
        "worker": said["worker"],
        "state": said["state"],
        "attempt_id": said["attempt_id"],
        "since": event.at_utc,
    }
    upsert(connection, tables.seat, [row], update=("worker", "state", "attempt_id", "since"))


def _turn(
    connection: sa.Connection, event: Event, speaker: kinds.Speaker, text: dict[str, str] | None, values: dict[str, Any]
) -> None:
    fixed = {"interrupted": False, "sensitive": False} | values
    connection.execute(
        sa.insert(tables.turn).values(
            attempt_id=event.stream_id,
            speaker=speaker,
            n=event.payload["n"],
            tenant_id=event.tenant_id,
            seq=event.seq,
            at=event.at_utc,
            state=event.payload["state"],
            text_ref=text["ref"] if text else None,
            **fixed,
        )
    )


def _update_live(connection: sa.Connection, event: Event, **values: Any) -> None:
    """An attempt that has its verdict changes no more: late events of a dying worker stay in the journal alone."""
    _live_update(tuple(values))(
        connection, [{f"new_{name}": value for name, value in values.items()} | {"key": event.stream_id}]
    )


@lru_cache
def _live_update(names: tuple[str, ...]) -> Command:
    columns = tables.attempt.c
    return Command(
        sa.update(tables.attempt)
        .where(columns.id == _KEY, columns.status != kinds.AttemptStatus.ENDED)
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )


_NUMBERS = Question(sa.select(tables.phone.c.id, tables.phone.c.number).where(one_of(tables.phone.c.id, "phones")))


#: Under this a connection remembers the numbers of phones, by id.
_AT_HAND = "numbers_at_hand"


@contextmanager
def numbers_at_hand(connection: sa.Connection, known: Mapping[str, str]) -> Iterator[None]:
    """Within it the numbers of these phones (id as text) need not be asked for again."""
    connection.info[_AT_HAND] = known
    try:
        yield
    finally:
        # A connection that broke meanwhile has no info any more; asking it would hide what broke it.
        if not connection.invalidated:
            connection.info.pop(_AT_HAND, None)


def _numbers(connection: sa.Connection, attempts: Sequence[dict[str, Any]]) -> list[str | None]:
    """The number of each: its phone's, or what an unknown caller's event points to."""
    known: dict[str, str | None] = dict(connection.info.get(_AT_HAND, {}))
    ids = [phone for said in attempts if (phone := said["phone_id"]) is not None and phone not in known]
    known |= {str(row.id): row.number for row in _NUMBERS(connection, phones=ids)} if ids else {}
    refs = [said["number"] for said in attempts if said["phone_id"] is None and said["number"]]
    private = read_private(connection, refs) if refs else {}
    return [
        known.get(said["phone_id"])
        if said["phone_id"] is not None
        else private.get(said["number"]["ref"])
        if said["number"]
        else None
        for said in attempts
    ]


PROJECTIONS = (
    Projection(catalogue.CallAttempted.TYPE, call_attempted),
    Projection(catalogue.CallRinging.TYPE, for_each(call_ringing)),
    Projection(catalogue.CallAnswered.TYPE, for_each(call_answered)),
    Projection(catalogue.CallerFound.TYPE, for_each(caller_found)),
    Projection(catalogue.CallFirstAudio.TYPE, for_each(call_first_audio)),
    Projection(catalogue.CallHungUp.TYPE, for_each(call_hung_up)),
    Projection(catalogue.CallEnded.TYPE, call_ended),
    Projection(catalogue.AgentTurnPlayed.TYPE, for_each(turn_agent)),
    Projection(catalogue.DebtorTurnHeard.TYPE, for_each(turn_debtor)),
    Projection(catalogue.IdentityVerified.TYPE, for_each(identity_tried)),
    Projection(catalogue.IdentityFailed.TYPE, for_each(identity_tried)),
    Projection(catalogue.NumberMarked.TYPE, for_each(number_marked)),
    Projection(catalogue.RecordingOpened.TYPE, for_each(recording_opened)),
    Projection(catalogue.RecordingClosed.TYPE, for_each(recording_closed)),
    Projection(floor.SeatChanged.TYPE, for_each(seat_state)),
)
