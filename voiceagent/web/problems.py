"""Failures as RFC 9457 problem documents: one shape for every client, no internals in any of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from voiceagent.base.errors import BadInputError, DeniedError, MissingPartError, UnavailableError, VoiceagentError
from voiceagent.storage.faults import OutdatedError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS: tuple[tuple[type[VoiceagentError], int], ...] = (
    (BadInputError, 400),
    (DeniedError, 403),
    (MissingPartError, 503),
    (UnavailableError, 503),
    (OutdatedError, 503),
)


class ProblemError(Exception):
    """Answer the request with this problem. `code` is for machines, `detail` is one line for people."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}


def problem(
    status: int,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    values: Mapping[str, str] | None = None,
) -> web.Response:
    """The response of a failure."""
    body: dict[str, object] = {
        "type": f"urn:voiceagent:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **({"values": dict(values)} if values else {}),
    }
    return web.Response(
        status=status, text=json.dumps(body, ensure_ascii=False), content_type=MEDIA_TYPE, headers=headers
    )


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem; what nobody foresaw is logged in full and told in one line."""
    try:
        return await handler(request)
    except ProblemError as error:
        return problem(error.status, error.code, error.detail, error.headers)
    except VoiceagentError as error:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
        if error.code.startswith("unknown_"):
            status = 404
        if status >= 500:
            log.warning("%s %s: %s", request.method, request.path, error.message)
        return problem(status, error.code, error.message, values=error.values)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = HTTPStatus(error.status).phrase.lower().replace(" ", "_").replace("-", "_")
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return problem(error.status, code, error.text or error.reason, allow)
    except (ConnectionResetError, TimeoutError):
        raise
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return problem(500, "internal", "the server failed at this; its log says why")
