"""Privacy below /v1/people: what is kept of a person, given out, held, erased; every look is in the journal."""

from __future__ import annotations

import asyncio
import functools
import json
import uuid
from typing import Any, TypeVar

import sqlalchemy as sa
from aiohttp import web
from pydantic import ValidationError

from voiceagent.base.errors import BadInputError
from voiceagent.cases.holds import holds, lift_holds, place_hold
from voiceagent.cases.portrait import portrait
from voiceagent.dialer.identify import find_person
from voiceagent.service.forgetting import forget_on_request
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.web import lawviews as views
from voiceagent.web.api import answer
from voiceagent.web.auth import WHO
from voiceagent.web.context import CONTEXT
from voiceagent.web.masking import DOTS, mask_name, mask_number
from voiceagent.web.problems import ProblemError
from voiceagent.web.views import View

_V = TypeVar("_V", bound=View)

#: Looks shown at once; the export has all of them.
_LOOKS = 50
#: Tables that say something of the person, with the column that says it.
_TOLD = {"phone": "number", "email": "address", "debt": "contract", "attribute": "value"}


async def show(request: web.Request) -> web.Response:
    """POST /v1/people {"contact", "reveal"}: what is kept, from where and why; recorded before it is shown."""
    context = request.app[CONTEXT]
    wish = await _body(request, views.PersonWish, '{"contact": "529.982.247-25"}')
    person_id = await context.read(find_person, wish.contact, context.tenant)
    found = await context.read(_person, person_id, wish.reveal)
    await asyncio.to_thread(context.audit.showed_person, request[WHO], person_id)
    return answer(found)


async def export(request: web.Request) -> web.Response:
    """POST /v1/people/{id}/export {"reason"}: everything kept of a person."""
    context, person_id = request.app[CONTEXT], _id(request)
    reason = (await _body(request, views.Reason, '{"reason": "asked by letter"}')).reason.strip()
    if not reason:
        raise BadInputError("say who asked for the data, and how: the reason is kept", code="reason_needed")
    await context.read(_person, person_id, False)
    # Recorded first: what cannot be recorded is not given out.
    await asyncio.to_thread(context.audit.gave_out, request[WHO], person_id, reason[:255])
    document = await context.read(portrait, person_id)
    return web.Response(text=json.dumps(document, ensure_ascii=False, indent=1), content_type="application/json")


async def hold(request: web.Request) -> web.Response:
    """POST /v1/people/{id}/hold {"reason"} or {"lift": true}."""
    context, person_id, who = request.app[CONTEXT], _id(request), request[WHO]
    wish = await _body(request, views.Hold, '{"reason": "lawsuit"}')
    if wish.lift:
        await asyncio.to_thread(
            functools.partial(lift_holds, context.journal, person_id, reason=wish.reason, actor=who)
        )
    else:
        await asyncio.to_thread(
            functools.partial(place_hold, context.journal, person_id, reason=wish.reason, actor=who)
        )
    return web.Response(status=204)


async def erase(request: web.Request) -> web.Response:
    """POST /v1/people/{id}/erase {"reason", "confirm"}: `confirm` must name the same person again."""
    context, person_id = request.app[CONTEXT], _id(request)
    wish = await _body(request, views.Erase, '{"reason": "asked by letter", "confirm": "529.982.247-25"}')
    if await context.read(find_person, wish.confirm, context.tenant) != person_id:
        raise BadInputError("that names another person: nothing was erased", code="not_confirmed")
    rules = await asyncio.to_thread(load_rules, Paths.from_environment().dialplans / "jurisdictions")
    work = functools.partial(
        forget_on_request, context.journal, context.recordings, rules, person_id,
        reason=wish.reason, actor=request[WHO], despite_retention=wish.despite_retention,
    )  # fmt: skip
    return answer(views.Erased(erased=await asyncio.to_thread(work)))


async def _body(request: web.Request, model: type[_V], like: str) -> _V:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise ProblemError(400, "bad_wish", f"the body must be JSON like {like}") from error


def _id(request: web.Request) -> uuid.UUID:
    try:
        return uuid.UUID(request.match_info["id"])
    except ValueError as error:
        raise ProblemError(404, "unknown_person", "there is no such person") from error


def _person(connection: sa.Connection, person_id: uuid.UUID, reveal: bool) -> views.Person:
    kept = portrait(connection, person_id)
    person = kept["person"]
    # Rows that do not say themselves where they came from were written by the event of that instant.
    by_instant = {one["at"]: one for one in kept["provenance"]}
    for row in (person, *kept.get("debt", ())):
        came = by_instant.get(row["updated_at"]) or by_instant.get(row["created_at"], {})
        row |= {"source": came.get("source"), "purpose": came.get("purpose")}
    data = [_datum(name, person.get(name), person, reveal) for name in ("document", "name", "birth_date")]
    for table, column in _TOLD.items():
        data += [
            _datum(row["name"] if table == "attribute" else table, row.get(column), row, reveal)
            for row in kept.get(table, ())
        ]
    name = person.get("name")
    return views.Person(
        id=person_id,
        name=name if reveal else mask_name(name),
        erased_at=person.get("erased_at"),
        masked=not reveal,
        data=data,
        kept={table: len(rows) for table, rows in kept.items() if table not in ("person", "access", "provenance")},
        holds=[row["reason"] for row in holds(connection, person_id)],
        access=[views.Access(**{key: row[key] for key in ("at", "who", "what")}) for row in kept["access"][:_LOOKS]],
    )


def _datum(kind: str, value: Any, row: dict[str, Any], reveal: bool) -> views.Datum:
    text = None if value is None else str(value)
    since = row.get("obtained_at") or row.get("created_at")
    return views.Datum(
        kind=kind,
        value=text if reveal or text is None else _masked(kind, text),
        source=row.get("source"),
        purpose=row.get("purpose"),
        since=None if since is None else str(since),
    )


def _masked(kind: str, text: str) -> str:
    if kind == "phone":
        return mask_number(text) or DOTS
    if kind == "name":
        return mask_name(text) or DOTS
    return f"{text[:1]}{DOTS}"
