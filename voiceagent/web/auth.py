"""Who may look: one random token per installation, as a bearer header for programs or a signed cookie for browsers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from voiceagent.base.clock import Clock
from voiceagent.base.errors import BadInputError
from voiceagent.settings.secretfile import keep_secret
from voiceagent.web.problems import Handler, ProblemError
from voiceagent.web.views import Session

COOKIE = "voiceagent_session"

#: How long a browser stays signed in.
SESSION = timedelta(hours=12)

#: Characters a token must have at least.
SHORTEST = 32

#: Who asks, for the journal: set on every request that passed.
WHO = web.RequestKey("who", str)

#: Paths that need no token: probes, monitoring, the API's description and the page that asks for the token.
OPEN = ("/live", "/ready", "/metrics", "/v1/openapi.json")
_SESSION = (("POST", "/v1/session"), ("GET", "/v1/session"), ("HEAD", "/v1/session"))


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """Checks tokens and sessions. Deleting the token's file and restarting ends every session."""

    token: str
    clock: Clock

    @classmethod
    def of_home(cls, home: Path, clock: Clock) -> Gatekeeper:
        """The installation's token, made (0600) on first use."""
        path = home / "secrets" / "console-token"
        token = keep_secret(path)
        if len(token) < SHORTEST:
            raise BadInputError(f"the token in {path} is too short to be safe: delete the file and start again")
        return cls(token, clock)

    def knows(self, token: str) -> bool:
        """Whether this is the installation's token."""
        return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.token.encode())

    def new_session(self) -> str:
        """A cookie's value: when it ends, who it is, and our signature."""
        ends = int((self.clock.now() + SESSION).timestamp())
        body = f"{ends}.{secrets.token_hex(8)}"
        return f"{body}.{self._sign(body)}"

    def session_of(self, cookie: str) -> str | None:
        """The session's name when the cookie is ours and still valid."""
        body, _, signature = cookie.rpartition(".")
        if not body or not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), self._sign(body).encode()):
            return None
        ends, _, name = body.partition(".")
        return name if int(ends) > self.clock.now().timestamp() else None

    def who(self, request: web.Request) -> str | None:
        """Who asks, as the journal names them: `api`, `console:<session>`, or None for a stranger."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.knows(given.strip()):
            return "api"
        cookie = request.cookies.get(COOKIE)
        session = self.session_of(cookie) if cookie else None
        return f"console:{session}" if session else None

    def _sign(self, body: str) -> str:
        return hmac.new(self.token.encode(), body.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


GATEKEEPER = web.AppKey("gatekeeper", Gatekeeper)


@web.middleware
async def require_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """401 for strangers below /v1; 403 where another site's page makes the request."""
    origin = request.headers.get("Origin")
    if origin and request.method not in ("GET", "HEAD") and origin.partition("://")[2] != request.host:
        raise ProblemError(403, "foreign_origin", "requests from other sites' pages are refused")
    path = request.path
    if path.startswith("/v1/") and path not in OPEN and (request.method, path) not in _SESSION:
        who = request.app[GATEKEEPER].who(request)
        if who is None:
            raise ProblemError(
                401, "token_required", "sign in, or send the console's token as Authorization: Bearer",
                {"WWW-Authenticate": 'Bearer realm="voiceagent"'},
            )  # fmt: skip
        request[WHO] = who
    return await handler(request)


async def look_up(request: web.Request) -> web.Response:
    """GET /v1/session: whether the asker is signed in; no failure for strangers."""
    known = request.app[GATEKEEPER].who(request) is not None
    return web.Response(text=Session(signed_in=known).model_dump_json(), content_type="application/json")


async def sign_in(request: web.Request) -> web.Response:
    """POST /v1/session {"token"}: a cookie for this browser."""
    try:
        given = await request.json()
    except ValueError as error:
        raise ProblemError(400, "bad_json", 'the body must be JSON like {"token": "..."}') from error
    keeper = request.app[GATEKEEPER]
    token = given.get("token") if isinstance(given, dict) else None
    if not isinstance(token, str) or not keeper.knows(token.strip()):
        raise ProblemError(401, "wrong_token", "that is not this installation's token",
                           {"WWW-Authenticate": 'Bearer realm="voiceagent"'})  # fmt: skip
    response = web.Response(status=204)
    response.set_cookie(
        COOKIE, keeper.new_session(), max_age=int(SESSION.total_seconds()), path="/", httponly=True, samesite="Strict",
        secure=request.secure,
    )  # fmt: skip
    return response


async def sign_out(request: web.Request) -> web.Response:
    """DELETE /v1/session: the browser forgets the cookie."""
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response
