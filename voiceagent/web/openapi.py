"""The API's description (OpenAPI 3.1), made from the same models the answers are made of."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from voiceagent.dialer.tables import CallbackStatus
from voiceagent.web import lawviews, views
from voiceagent.web.problems import MEDIA_TYPE

JSON = "application/json"

DAY = {"type": "string", "format": "date"}
FLAG = {"type": "boolean", "default": False}
OFFSET = {"type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `answers`: status → (words, media type or None, model or None)."""

    method: str
    path: str
    name: str
    summary: str
    answers: dict[int, tuple[str, str | None, type[BaseModel] | None]]
    query: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    body: type[BaseModel] | None = None
    problems: tuple[int, ...] = (401, 503)
    needs_token: bool = True


def _json(words: str, model: type[BaseModel]) -> dict[int, tuple[str, str | None, type[BaseModel] | None]]:
    return {200: (words, JSON, model)}


_REVEAL = (FLAG, "Names, numbers and words unmasked; the journal records who asked")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get", "/v1/session", "lookUpSession", "Whether the asker is signed in", _json("The answer", views.Session),
        problems=(), needs_token=False,
    ),
    Operation(
        "post", "/v1/session", "signIn", "Exchange the installation's token for a cookie",
        {204: ("Signed in: the cookie is set", None, None)}, body=views.SignIn, problems=(400, 401, 403),
        needs_token=False,
    ),
    Operation(
        "delete", "/v1/session", "signOut", "Forget the cookie", {204: ("Signed out", None, None)}, problems=(401, 403)
    ),
    Operation("get", "/v1/days", "listDays", "The latest days with calls", _json("Newest first", views.DayList)),
    Operation(
        "get", "/v1/calls", "listCalls", "The calls of a day",
        _json("Newest first, at most 500 at once; `total` counts all", views.CallList),
        query={
            "day": (DAY, "Default: today where the operation is"), "reveal": _REVEAL,
            "offset": (OFFSET, "How many of the newest to leave out"),
        },
        problems=(400, 401, 503),
    ),
    Operation(
        "get", "/v1/calls/{id}", "showCall", "One call in full", _json("The call", views.CallDetail),
        query={"reveal": _REVEAL}, problems=(400, 401, 404, 503),
    ),
    Operation(
        "get", "/v1/calls/{id}/recording", "playRecording", "The stereo recording: agent left, debtor right",
        {200: ("The whole file", "audio/wav", None), 206: ("The bytes asked for", "audio/wav", None)},
        query={"download": (FLAG, "As a file to keep")}, problems=(400, 401, 404, 409, 503),
    ),
    Operation(
        "get", "/v1/calls/{id}/waveform", "drawRecording", "Peaks of both sides of the recording",
        _json("The peaks", views.Waveform), problems=(401, 404, 409, 503),
    ),
    Operation(
        "get", "/v1/kpis", "showKpis", "KPIs of a span of days", _json("The KPIs", views.Measures),
        query={"from": (DAY, "Default: today"), "to": (DAY, "Included; default: `from`")}, problems=(400, 401, 503),
    ),
    Operation(
        "get", "/v1/reviews", "listReviews", "Promises under review", _json("The oldest first", views.DoubtList)
    ),
    Operation(
        "post", "/v1/reviews/{id}", "decideReview", "Confirm or cancel a promise under review, by its agreement's id",
        {204: ("Decided; the journal records who", None, None)}, body=views.Decided, problems=(400, 401, 403, 404, 503),
    ),
    Operation(
        "get", "/v1/callbacks", "listCallbacks", "Promised calls", _json("By their instant", views.CallbackList),
        query={"status": ({"type": "string", "enum": [*CallbackStatus]}, "Default: all")}, problems=(400, 401, 503),
    ),
    Operation(
        "post", "/v1/callbacks", "promiseCallback", "Promise a call at the next lawful instant",
        {201: ("Promised", JSON, views.CallbackMade)}, body=views.CallbackWish, problems=(400, 401, 403, 503),
    ),
    Operation(
        "delete", "/v1/callbacks/{id}", "cancelCallback", "A promised call will not be made",
        {204: ("Cancelled; the journal records who", None, None)}, problems=(401, 403, 404, 503),
    ),
    Operation(
        "get", "/v1/segments", "listSegments", "Saved filters with live counts", _json("By name", lawviews.SegmentList)
    ),
    Operation(
        "get", "/v1/segments/fields", "listFilterFields", "What a filter may ask",
        _json("By name", lawviews.FilterFields),
    ),
    Operation(
        "post", "/v1/segments/count", "tryFilter", "Whom a filter holds now; 400 says what is wrong with it and where",
        _json("The count", lawviews.FilterCount), body=lawviews.Filter, problems=(400, 401, 403, 503),
    ),
    Operation(
        "post", "/v1/people", "showPerson", "What is kept of a person; the look is recorded",
        _json("The person", lawviews.Person), body=lawviews.PersonWish, problems=(400, 401, 403, 503),
    ),
    Operation(
        "post", "/v1/people/{id}/export", "exportPerson", "Everything kept of a person; the export is recorded first",
        {200: ("Rows by table, provenance, access", JSON, None)}, body=lawviews.Reason,
        problems=(400, 401, 403, 404, 503),
    ),
    Operation(
        "post", "/v1/people/{id}/hold", "holdPerson", "Forbid erasure until lifted, or lift",
        {204: ("Done; the journal records who", None, None)}, body=lawviews.Hold, problems=(400, 401, 403, 404, 503),
    ),
    Operation(
        "post", "/v1/people/{id}/erase", "erasePerson", "Erase a person; KPIs, chain and stops stay",
        _json("Erased", lawviews.Erased), body=lawviews.Erase, problems=(400, 401, 403, 404, 503),
    ),
    Operation("get", "/v1/seats", "listSeats", "The board of seats", _json("Every seat", views.Board)),
    Operation(
        "get", "/v1/live", "watch", "Live updates of a day: server-sent events `seats`, `calls` and `kpis`",
        {200: ("The stream", "text/event-stream", None)}, query={"day": (DAY, "Default: today")}, problems=(400, 401),
    ),
    Operation(
        "get", "/v1/openapi.json", "describe", "This document", {200: ("OpenAPI 3.1", JSON, None)}, problems=(),
        needs_token=False,
    ),
)  # fmt: skip


def document() -> dict[str, Any]:
    """The whole description."""
    told = [*vars(views).values(), *vars(lawviews).values()]
    models = [value for value in told if isinstance(value, type) and issubclass(value, views.View)]
    used: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "serialization") for model in models if model is not views.View
    ]
    _, schemas = models_json_schema(used, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "voiceagent",
            "version": importlib.metadata.version("voiceagent"),
            "summary": "Calls, promises, recordings, seats and KPIs of one installation",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "voiceagent_session"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        identity = {"type": "string", "format": "uuid"}
        parameters.append({"name": "id", "in": "path", "required": True, "schema": identity})
    for name, (schema, words) in operation.query.items():
        parameters.append({"name": name, "in": "query", "schema": schema, "description": words})
    responses: dict[str, Any] = {}
    for status, (words, media, model) in operation.answers.items():
        responses[str(status)] = {"description": words}
        if media:
            responses[str(status)]["content"] = {media: {"schema": _reference(model)} if model else {}}
    for status in operation.problems:
        content = {MEDIA_TYPE: {"schema": _reference(views.Problem)}}
        responses[str(status)] = {"description": "Problem", "content": content}
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": responses,
    }
    if parameters:
        said["parameters"] = parameters
    if operation.body:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": _reference(operation.body)}}}
    if not operation.needs_token:
        said["security"] = []
    return said


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
