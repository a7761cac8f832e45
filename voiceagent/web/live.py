"""Live updates: one poll a second of the database for everyone who watches a day, sent as server-sent events."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from aiohttp import web
from pydantic import BaseModel

from voiceagent.base.errors import VoiceagentError
from voiceagent.web import store, views
from voiceagent.web.api import board_of, day_of
from voiceagent.web.context import CONTEXT, Context
from voiceagent.web.lines import lines_of_day
from voiceagent.web.measures import measures_of
from voiceagent.web.store import Span

log = logging.getLogger(__name__)

#: Seconds between looks at the database, and between signs of life to a browser when nothing changes.
POLL_S = 1.0
QUIET_S = 15.0


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown of a day at one moment."""

    position: int
    board: views.Board
    total: int
    rows: dict[str, dict[str, Any]]
    measures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """One server-sent event."""

    name: str
    data: str

    def encode(self) -> bytes:
        """As the stream carries it; JSON has no line breaks."""
        return f"event: {self.name}\ndata: {self.data}\n\n".encode()


def take_picture(connection: sa.Connection, context: Context, span: Span, last: Picture | None) -> Picture:
    """Look at the database; what cannot have changed since `last` is taken from it."""
    position, board = store.journal_position(connection), board_of(connection, context)
    if last is not None and last.position == position:
        return Picture(position, board, last.total, last.rows, last.measures)
    lines = lines_of_day(connection, context.tenant, span)
    return Picture(
        position,
        board,
        store.count_calls(connection, context.tenant, span),
        {str(line.row.id): line.row.model_dump(mode="json") for line in lines},
        measures_of(connection, context.tenant, span, span).model_dump(mode="json"),
    )


def updates(context: Context, span: Span, before: Picture | None, now: Picture) -> list[Update]:
    """What someone who saw `before` must be told; everything when they saw nothing."""
    told = []
    if before is None or before.board.seats != now.board.seats:
        told.append(_update("seats", now.board))
    changed = list(now.rows.values())
    if before is not None:
        changed = [row for key, row in now.rows.items() if before.rows.get(key) != row]
    if before is None or changed or before.total != now.total:
        calls = {
            "day": span.day.isoformat(),
            "time_zone": context.zone.key,
            "total": now.total,
            "whole": before is None,
            "calls": changed,
        }
        told.append(Update("calls", json.dumps(calls)))
    if before is None or before.measures != now.measures:
        told.append(Update("kpis", json.dumps(now.measures)))
    return told


@dataclass(slots=True)
class Watch:
    """The polling of one day, while anybody watches it."""

    context: Context
    span: Span
    picture: Picture | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: int = 0
    task: asyncio.Task[None] | None = None

    async def poll(self) -> None:
        """Look once a second; after whatever went wrong, a database that cannot be had or another, again."""
        while True:
            try:
                self.picture = await self.context.read(take_picture, self.context, self.span, self.picture)
            except VoiceagentError as error:
                log.warning("live view: %s", error)
            except Exception:
                # Nobody awaits this task before the last watcher leaves: were it to end, the board would stand still.
                log.exception("live view: looked at again")
            else:
                self.changed.set()
                self.changed = asyncio.Event()
            await asyncio.sleep(POLL_S)


class Live:
    """Every watch of one server; `close` ends the streams."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watches: dict[Span, Watch] = {}
        self.closing = asyncio.Event()

    @property
    def watchers(self) -> int:
        """Open streams."""
        return sum(watch.watchers for watch in self._watches.values())

    def join(self, span: Span) -> Watch:
        """Watch a day."""
        watch = self._watches.get(span)
        if watch is None:
            watch = self._watches[span] = Watch(self._context, span)
            watch.task = asyncio.create_task(watch.poll(), name=f"live {span.day}")
        watch.watchers += 1
        return watch

    def leave(self, watch: Watch) -> None:
        """Stop watching; the last one out ends the polling."""
        watch.watchers -= 1
        if watch.watchers == 0:
            del self._watches[watch.span]
            if watch.task is not None:
                watch.task.cancel()

    def close(self) -> None:
        """End every stream soon."""
        self.closing.set()


LIVE = web.AppKey("live", Live)


async def stream(request: web.Request) -> web.StreamResponse:
    """GET /v1/live?day=: events `seats`, `calls` (changed rows, masked) and `kpis`; everything first, then changes."""
    context, live = request.app[CONTEXT], request.app[LIVE]
    span = context.span(day_of(request, "day"))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    await response.write(b"retry: 2000\n\n")
    watch = live.join(span)
    closing = asyncio.create_task(live.closing.wait())
    seen: Picture | None = None
    quiet_since = asyncio.get_running_loop().time()
    try:
        while not live.closing.is_set():
            changed = asyncio.create_task(watch.changed.wait())
            picture = watch.picture
            if picture is not None and picture is not seen:
                told = updates(context, span, seen, picture)
                seen = picture
                now = asyncio.get_running_loop().time()
                if told:
                    await response.write(b"".join(update.encode() for update in told))
                    quiet_since = now
                elif now - quiet_since > QUIET_S:
                    await response.write(b": quiet\n\n")
                    quiet_since = now
            await asyncio.wait({changed, closing}, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
    except ConnectionResetError:
        pass
    finally:
        closing.cancel()
        live.leave(watch)
    return response


def _update(name: str, model: BaseModel) -> Update:
    return Update(name, model.model_dump_json())
