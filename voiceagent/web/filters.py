"""Segments below /v1/segments: saved filters with live counts, and a filter tried before it is saved."""

from __future__ import annotations

import uuid
from datetime import date

import sqlalchemy as sa
from aiohttp import web
from pydantic import ValidationError

from voiceagent.cases import segments
from voiceagent.segments.fields import FIELDS
from voiceagent.segments.grammar import parse
from voiceagent.web import lawviews as views
from voiceagent.web.api import answer
from voiceagent.web.context import CONTEXT
from voiceagent.web.problems import ProblemError


async def show(request: web.Request) -> web.Response:
    """GET /v1/segments: every saved filter and whom it holds now."""
    context = request.app[CONTEXT]
    return answer(await context.read(_all, context.tenant, context.today))


async def fields(request: web.Request) -> web.Response:
    """GET /v1/segments/fields: what a filter may ask."""
    known = [views.FilterField(name=f.name, type=f.type.value, meaning=f.told) for f in FIELDS.values()]
    known.append(views.FilterField(name="x.NAME", type="text", meaning="the column NAME of the list"))
    return answer(views.FilterFields(fields=known))


async def count(request: web.Request) -> web.Response:
    """POST /v1/segments/count {"filter"}: whom it holds now."""
    context = request.app[CONTEXT]
    try:
        wanted = views.Filter.model_validate_json(await request.read())
    except ValidationError as error:
        raise ProblemError(400, "bad_filter", 'the body must be JSON like {"filter": "state in (SP, RJ)"}') from error
    meaning = parse(wanted.filter)
    counted = await context.read(segments.count, meaning, today=context.today, tenant_id=context.tenant)
    return answer(views.FilterCount(**counted))


def _all(connection: sa.Connection, tenant_id: uuid.UUID, today: date) -> views.SegmentList:
    found = []
    for one in segments.all_segments(connection, tenant_id):
        counted = segments.count(connection, one.meaning, today=today, tenant_id=tenant_id)
        held = {name: counted[name] for name in ("cases", "people", "balance")}
        found.append(
            views.Segment(
                name=one.name,
                filter=one.expression,
                revision=one.revision,
                intensity=one.intensity.to_json(),
                **held,
            )
        )
    return views.SegmentList(segments=found)
