"""Promised calls below /v1/callbacks: shown, made, cancelled; what is done is in the journal with who did it."""

from __future__ import annotations

import asyncio
import functools
import uuid
from typing import Any

import sqlalchemy as sa
from aiohttp import web
from pydantic import ValidationError

from voiceagent.base.errors import BadInputError
from voiceagent.cases.store import load_case
from voiceagent.compliance import RuleBook
from voiceagent.dialer.callbacks import add_callback, all_callbacks, cancel_callback, read_wanted
from voiceagent.dialer.explain import find_cases
from voiceagent.dialer.facts import zone_for
from voiceagent.dialer.tables import CallbackStatus
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.web import views
from voiceagent.web.auth import WHO
from voiceagent.web.context import CONTEXT
from voiceagent.web.masking import mask_name, mask_number
from voiceagent.web.problems import ProblemError


async def show(request: web.Request) -> web.Response:
    """GET /v1/callbacks?status=: promised calls by their instant, at most 500."""
    context = request.app[CONTEXT]
    asked = request.query.get("status")
    if asked is not None and asked not in set(CallbackStatus):
        raise ProblemError(400, "bad_status", f"`status` is one of {', '.join(CallbackStatus)}")
    status = CallbackStatus(asked) if asked else None
    rows = await context.read(all_callbacks, context.tenant, status=status)
    found = views.CallbackList(callbacks=[_shown(row) for row in rows])
    return web.Response(text=found.model_dump_json(), content_type="application/json")


async def make(request: web.Request) -> web.Response:
    """POST /v1/callbacks {"contact", "at", "number", "reason"}: a call is promised at the next lawful instant."""
    context, who = request.app[CONTEXT], request[WHO]
    try:
        wish = views.CallbackWish.model_validate_json(await request.read())
    except ValidationError as error:
        raise ProblemError(
            400, "bad_callback", 'the body must be JSON like {"contact": "+5511955550100", "at": "18:00"}'
        ) from error
    case_id, zone = await context.read(_whose, wish.contact, context.tenant)
    wanted = read_wanted(wish.at, zone, context.clock.now())
    made, due = await asyncio.to_thread(
        lambda: add_callback(
            context.journal, case_id, wanted, rules=_rules(), number=wish.number, reason=wish.reason, actor=who
        )
    )
    told = views.CallbackMade(id=made, due_at=due, wanted_at=wanted, zone=zone)
    return web.Response(status=201, text=told.model_dump_json(), content_type="application/json")


async def cancel(request: web.Request) -> web.Response:
    """DELETE /v1/callbacks/{id}: the call will not be made."""
    context, who = request.app[CONTEXT], request[WHO]
    try:
        callback_id = uuid.UUID(request.match_info["id"])
        await asyncio.to_thread(functools.partial(cancel_callback, context.journal, callback_id, actor=who))
    except (ValueError, BadInputError) as error:
        raise ProblemError(404, "unknown_callback", "there is no such open callback") from error
    return web.Response(status=204)


def _whose(connection: sa.Connection, contact: str, tenant_id: uuid.UUID) -> tuple[uuid.UUID, str]:
    found = find_cases(connection, contact, tenant_id)
    if len(found) > 1:
        raise BadInputError(f"{len(found)} cases are known by that: name one by its case id")
    return found[0], zone_for(load_case(connection, found[0]))


def _shown(row: dict[str, Any]) -> views.Callback:
    same = ("id", "due_at", "origin", "status", "attempts", "campaign")
    return views.Callback(
        case=row["case_id"], name=mask_name(row["name"]), number=mask_number(row["number"]),
        **{name: row[name] for name in same},
    )  # fmt: skip


def _rules() -> RuleBook:
    return load_rules(Paths.from_environment().dialplans / "jurisdictions")
