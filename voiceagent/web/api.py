"""The handlers below /v1: each reads in a thread and answers with a model of `views`."""

from __future__ import annotations

import asyncio
import functools
import re
import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from voiceagent.base.money import Money
from voiceagent.cases import kinds, reviews, seats
from voiceagent.web import detail, sound, store, views
from voiceagent.web.auth import WHO
from voiceagent.web.context import CONTEXT, Context
from voiceagent.web.lines import CallLine, lines_of_day
from voiceagent.web.masking import mask_name, mask_words
from voiceagent.web.measures import measures_of
from voiceagent.web.problems import ProblemError


def answer(model: BaseModel) -> web.Response:
    """A model as JSON."""
    return web.Response(text=model.model_dump_json(), content_type="application/json")


async def list_days(request: web.Request) -> web.Response:
    """GET /v1/days: the latest days with calls."""
    context = request.app[CONTEXT]
    found = await context.read(store.days, context.tenant, context.zone)
    return answer(views.DayList(today=context.today, time_zone=context.zone.key, days=found))


async def list_calls(request: web.Request) -> web.Response:
    """GET /v1/calls?day=&offset=&reveal=: the calls of a day."""
    context = request.app[CONTEXT]
    span, reveal, offset = context.span(day_of(request, "day")), _flag(request, "reveal"), _offset(request)

    def work(connection: sa.Connection) -> tuple[int, list[CallLine]]:
        lines = lines_of_day(connection, context.tenant, span, offset)
        return store.count_calls(connection, context.tenant, span), lines

    total, lines = await context.read(work)
    if reveal and lines:
        await asyncio.to_thread(context.audit.showed_list, request[WHO], span.day, [line.row.id for line in lines])
    return answer(
        views.CallList(
            day=span.day, time_zone=context.zone.key, total=total, calls=[line.shown(reveal) for line in lines]
        )
    )


async def show_call(request: web.Request) -> web.Response:
    """GET /v1/calls/{id}?reveal=: one call in full."""
    context, call_id, reveal = request.app[CONTEXT], _call_id(request), _flag(request, "reveal")
    found = await context.read(detail.detail_of, context.tenant, call_id, reveal=reveal)
    if reveal:
        await asyncio.to_thread(context.audit.showed_call, request[WHO], call_id)
    return answer(found)


async def play_recording(request: web.Request) -> web.StreamResponse:
    """GET /v1/calls/{id}/recording?download=: the stereo WAV; byte ranges are served, listening is recorded."""
    context, call_id, download = request.app[CONTEXT], _call_id(request), _flag(request, "download")
    row = await _closed_recording(context, call_id)
    path = await asyncio.to_thread(sound.find_file, context.recordings, row.path)
    if request.method == hdrs.METH_GET:
        await asyncio.to_thread(context.audit.listened, request[WHO], call_id, row.id, download=download)
    headers = {hdrs.CONTENT_TYPE: "audio/wav", hdrs.CACHE_CONTROL: "private, no-store"}
    if download:
        headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{call_id}.wav"'
    return web.FileResponse(path, headers=headers)


async def draw_recording(request: web.Request) -> web.Response:
    """GET /v1/calls/{id}/waveform: peaks of both sides; no sound leaves, so it is no listening."""
    context, call_id = request.app[CONTEXT], _call_id(request)
    row = await _closed_recording(context, call_id)
    path = await asyncio.to_thread(sound.find_file, context.recordings, row.path)
    return answer(await asyncio.to_thread(sound.waveform, path))


async def show_kpis(request: web.Request) -> web.Response:
    """GET /v1/kpis?from=&to=: the KPIs of a span of days, both included."""
    context = request.app[CONTEXT]
    since = day_of(request, "from") or context.today
    until = day_of(request, "to") or since
    if until < since:
        raise ProblemError(400, "bad_span", "`to` must not be before `from`")
    return answer(await context.read(measures_of, context.tenant, context.span(since), context.span(until)))


async def list_reviews(request: web.Request) -> web.Response:
    """GET /v1/reviews: promises that wait for a person."""
    context = request.app[CONTEXT]
    rows = await context.read(reviews.reviews, context.tenant)
    return answer(
        views.DoubtList(
            doubts=[
                views.Doubt(
                    agreement=row["agreement_id"],
                    call=row["attempt_id"],
                    name=mask_name(row["name"]),
                    creditor=row["creditor"],
                    total=str(Money(row["total_minor"], row["currency"])),
                    currency=row["currency"],
                    offset_s=row["recording_offset_s"],
                    review=detail.review_of(row, functools.partial(mask_words, name=row["name"])),
                    due_at=row["due_at"],
                )
                for row in rows
            ]
        )
    )


async def decide_review(request: web.Request) -> web.Response:
    """POST /v1/reviews/{id} {"outcome", "note"}: a person's word on the agreement with that id."""
    context = request.app[CONTEXT]
    try:
        agreement_id = uuid.UUID(request.match_info["id"])
    except ValueError as error:
        raise ProblemError(404, "unknown_review", "there is no such agreement") from error
    try:
        wanted = views.Decided.model_validate_json(await request.read())
    except ValidationError as error:
        raise ProblemError(
            400, "bad_decision", 'the body must be JSON like {"outcome": "confirmed", "note": ""}'
        ) from error
    outcome = kinds.ReviewOutcome(wanted.outcome)
    work = functools.partial(
        reviews.decide, context.journal, agreement_id, outcome, actor=request[WHO], note=wanted.note.strip()
    )
    await asyncio.to_thread(work)
    return web.Response(status=204)


async def list_seats(request: web.Request) -> web.Response:
    """GET /v1/seats: the board now."""
    context = request.app[CONTEXT]
    return answer(await context.read(board_of, context))


def board_of(connection: sa.Connection, context: Context) -> views.Board:
    """The board as the API says it."""
    rows = seats.board(connection, context.tenant)
    return views.Board(
        now=context.clock.now(),
        seats=[
            views.Seat(
                name=row["name"],
                worker=row["worker"],
                state=row["state"].value,
                since=row["since"],
                call=row["attempt_id"],
            )
            for row in rows
        ],
    )


async def _closed_recording(context: Context, call_id: uuid.UUID) -> sa.Row[Any]:
    row = await context.read(store.recording, context.tenant, call_id)
    if row is None:
        raise ProblemError(404, "no_recording", "this call has no recording")
    if row.state.value != "closed":
        raise ProblemError(409, "recording_not_ready", f"the recording of this call is {row.state.value}")
    return row


def _call_id(request: web.Request) -> uuid.UUID:
    try:
        return uuid.UUID(request.match_info["id"])
    except ValueError as error:
        raise ProblemError(404, "unknown_call", "there is no such call") from error


def day_of(request: web.Request, name: str) -> date | None:
    """A day of the query; None when it is absent."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        # Years that leave room for a day before and after in any zone.
        if re.fullmatch(r"(?!000[01]|9999)\d{4}-\d\d-\d\d", text, re.ASCII) is None:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise ProblemError(400, "bad_day", f"`{name}` must be a day like 2026-11-18") from error


def _offset(request: web.Request) -> int:
    text = request.query.get("offset", "0")
    if re.fullmatch(r"\d{1,9}", text, re.ASCII) is None:
        raise ProblemError(400, "bad_offset", "`offset` must be how many of the newest calls to leave out")
    return int(text)


def _flag(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "false")
    if text not in ("true", "false", "1", "0"):
        raise ProblemError(400, "bad_flag", f"`{name}` must be true or false")
    return text in ("true", "1")
