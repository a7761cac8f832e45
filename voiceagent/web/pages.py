"""The console's own files: read once at the start, served with their types, never taken stale from a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

UI = Path(__file__).parent / "ui"

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A file as it is sent."""

    body: bytes
    content_type: str
    etag: str


def load_pages(directory: Path = UI) -> Mapping[str, Page]:
    """Every file of the console by its path below /ui/."""
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            etag = hashlib.sha256(body).hexdigest()[:20]
            found[path.relative_to(directory).as_posix()] = Page(body, _TYPES[path.suffix], etag)
    return found


PAGES = web.AppKey("pages", Mapping[str, Page])


async def front(request: web.Request) -> web.Response:
    """GET /: the shell of the console. It holds no data; data needs the token."""
    return _send(request, "index.html")


async def file(request: web.Request) -> web.Response:
    """GET /ui/...: scripts, styles, words."""
    return _send(request, request.match_info["name"])


def _send(request: web.Request, name: str) -> web.Response:
    page = request.app[PAGES].get(name)
    if page is None:
        raise web.HTTPNotFound(text="there is no such page")
    headers = {"ETag": f'"{page.etag}"', "Cache-Control": "no-cache"}
    if any(known.value == page.etag for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=page.body, content_type=page.content_type, charset="utf-8", headers=headers)
