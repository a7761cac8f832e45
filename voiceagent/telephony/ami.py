"""AMI: a small asyncio client of Asterisk's manager interface, for watching channels and hanging them up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from voiceagent.base.errors import UnavailableError

log = logging.getLogger(__name__)

Message = dict[str, str]

#: A CR or LF in a value would begin a new header of our choosing.
_BREAKS = re.compile(r"[\r\n]")
#: What a message ends with, and the most bytes of one.
_END, _LONGEST = b"\r\n\r\n", 1 << 20


class AmiError(UnavailableError):
    """Asterisk's manager interface refused or does not answer."""

    code = "ami_unavailable"


@dataclass(frozen=True, slots=True)
class Channel:
    """One leg of a call in Asterisk."""

    name: str
    """For example PJSIP/seat1-00000012."""
    endpoint: str
    """The PJSIP endpoint of that leg: the seat's or the phone's name."""
    state: str
    """Asterisk's word: Down, Ring, Ringing, Up, Busy."""
    call_id: str
    """The X-Voiceagent-Call of the call, empty on legs that carry none."""
    linked_id: str
    """The same on every leg of one call."""
    seconds: float
    """How long the leg exists (whole seconds)."""


class AmiClient:
    """A connection that is kept up: it logs in again with back-off whenever it breaks.

    `start` returns at once after the first login or raises AmiError; actions wait up to `timeout_s` for a connection.
    """

    #: Seconds between attempts: doubled from the first to the second figure.
    BACK_OFF = (0.2, 5.0)

    def __init__(self, host: str, port: int, user: str, secret: str, *, timeout_s: float = 5.0) -> None:
        self.host, self.port = host, port
        self._user, self._secret = user, secret
        self._timeout_s = timeout_s
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self.booted = asyncio.Event()
        """Set once Asterisk has said that every module is up."""
        self._task: asyncio.Task[None] | None = None
        self._next_id = 0
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._lists: dict[str, list[Message]] = {}
        self._listeners: list[Callable[[Message], None]] = []

    async def __aenter__(self) -> AmiClient:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        """Whether a login holds now."""
        return self._connected.is_set()

    async def start(self) -> None:
        """Log in; from then on the connection is kept up until `close`."""
        reader = await self._login()
        self._task = asyncio.create_task(self._keep_up(reader), name="ami")

    def start_soon(self) -> None:
        """Log in as soon as somebody answers, and keep the connection up until `close`."""
        self._task = asyncio.create_task(self._keep_up(None), name="ami")

    async def close(self) -> None:
        """Log off and stop; harmless when closed."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._drop()

    async def action(self, name: str, **fields: str) -> Message:
        """Send one action and return its response; AmiError when refused, or when no answer comes in time."""
        return (await self._ask(name, None, fields))[0]

    async def list_action(self, name: str, complete: str, **fields: str) -> list[Message]:
        """Send an action that answers with events; returns them up to the event named `complete`, without it."""
        return (await self._ask(name, complete, fields))[1]

    @contextlib.asynccontextmanager
    async def events(self) -> AsyncIterator[asyncio.Queue[Message]]:
        """Every manager event from now on, in a queue, for as long as the context is open."""
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._listeners.append(queue.put_nowait)
        try:
            yield queue
        finally:
            self._listeners.remove(queue.put_nowait)

    async def channels(self) -> list[Channel]:
        """Every leg that exists now."""
        rows = await self.list_action("CoreShowChannels", "CoreShowChannelsComplete")
        return [_channel(row) for row in rows]

    async def hang_up(self, channel: str, cause: int = 16) -> bool:
        """Hang up one leg (16 = normal clearing); False when it had already gone."""
        try:
            await self.action("Hangup", Channel=channel, Cause=str(cause))
        except AmiError as error:
            if "No such channel" in error.message:
                return False
            raise
        return True

    async def hang_up_calls_of(self, endpoint: str) -> int:
        """Hang up every leg of a seat or phone; returns how many. The other legs of those calls end with them."""
        return await self._hang_up_where(lambda channel: channel.endpoint == endpoint)

    async def hang_up_call(self, call_id: str) -> int:
        """Hang up the legs that carry this X-Voiceagent-Call; returns how many."""
        return await self._hang_up_where(lambda channel: bool(call_id) and channel.call_id == call_id)

    async def _hang_up_where(self, matches: Callable[[Channel], bool]) -> int:
        doomed = [channel.name for channel in await self.channels() if matches(channel)]
        return sum([await self.hang_up(name) for name in doomed])

    async def _ask(self, name: str, complete: str | None, fields: dict[str, str]) -> tuple[Message, list[Message]]:
        try:
            await asyncio.wait_for(self._connected.wait(), self._timeout_s)
        except TimeoutError:
            raise self._silent() from None
        self._next_id += 1
        key = f"{name}-{self._next_id}"
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        finished: asyncio.Future[Message] | None = None
        self._replies[key] = reply
        if complete is not None:
            self._lists[key] = []
            finished = self._replies[f"{key}:{complete}"] = asyncio.get_running_loop().create_future()
        try:
            self._send({"Action": name, "ActionID": key, **fields})
            response = await asyncio.wait_for(reply, self._timeout_s)
            if response.get("Response") == "Error":
                raise AmiError(f"Asterisk refused {name}: {response.get('Message', 'no reason given')}")
            if finished is not None:
                await asyncio.wait_for(finished, self._timeout_s)
            return response, self._lists.get(key, [])
        except TimeoutError:
            raise self._silent() from None
        finally:
            self._replies.pop(key, None)
            self._lists.pop(key, None)
            if complete is not None:
                self._replies.pop(f"{key}:{complete}", None)

    def _silent(self) -> AmiError:
        return AmiError(
            f"Asterisk's manager interface at {self.host}:{self.port} does not answer; check that Asterisk runs"
        )

    def _send(self, fields: dict[str, str]) -> None:
        if self._writer is None:
            raise self._silent()
        lines = [f"{_BREAKS.sub(' ', key)}: {_BREAKS.sub(' ', value)}\r\n" for key, value in fields.items()]
        self._writer.write("".join([*lines, "\r\n"]).encode())

    async def _login(self) -> asyncio.StreamReader:
        try:
            reader, self._writer = await asyncio.wait_for(
                asyncio.open_connection(self.host, self.port, limit=_LONGEST), self._timeout_s
            )
            await asyncio.wait_for(reader.readline(), self._timeout_s)  # the greeting
            self._send({"Action": "Login", "Username": self._user, "Secret": self._secret})
            response = await asyncio.wait_for(_read(reader), self._timeout_s)
        except (TimeoutError, OSError, EOFError) as error:
            self._drop()
            raise self._silent() from error
        if response.get("Response") != "Success":
            self._drop()
            raise AmiError(
                "Asterisk's manager interface refused the login; check its user and secret", code="ami_login_refused"
            )
        self._connected.set()
        return reader

    async def _keep_up(self, reader: asyncio.StreamReader | None) -> None:
        while True:
            if reader is not None:
                with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
                    while True:
                        self._dispatch(await _read(reader))
                self._drop()
                log.warning("the manager interface at %s:%d went away; logging in again", self.host, self.port)
            pause, longest = self.BACK_OFF
            while not self.connected:
                await asyncio.sleep(pause)
                with contextlib.suppress(AmiError):
                    reader = await self._login()
                pause = min(pause * 2, longest)

    def _drop(self) -> None:
        self._connected.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for future in self._replies.values():
            if not future.done():
                future.set_exception(self._silent())
                future.exception()  # whoever still waits sees it; nobody waiting is no fault

    def _dispatch(self, message: Message) -> None:
        key = message.get("ActionID", "")
        if "Response" in message:
            _settle(self._replies.get(key), message)
            return
        event = message.get("Event", "")
        if event == "FullyBooted":
            self.booted.set()
        if key in self._lists:
            if not _settle(self._replies.get(f"{key}:{event}"), message):
                self._lists[key].append(message)
            return
        for listener in list(self._listeners):
            listener(message)


def _settle(future: asyncio.Future[Message] | None, message: Message) -> bool:
    if future is None or future.done():
        return False
    future.set_result(message)
    return True


async def _read(reader: asyncio.StreamReader) -> Message:
    """One message; EOFError at the end of the stream. A key that repeats (ChanVariable) is joined with newlines."""
    message: Message = {}
    while not message:
        # Whole, not line by line: every worker hears of every channel.
        for text in (await reader.readuntil(_END)).decode("utf-8", "replace").split("\r\n"):
            key, _, value = text.partition(":")
            if text:
                value = value.strip()
                message[key] = f"{message[key]}\n{value}" if key in message else value
    return message


def call_of(message: Message) -> str:
    """The X-Voiceagent-Call of the channel that an event is about; empty when it carries none."""
    variables = dict(part.partition("=")[::2] for part in message.get("ChanVariable", "").split("\n"))
    return variables.get("VOICEAGENT_CALL", "")


def _channel(row: Message) -> Channel:
    name = row.get("Channel", "")
    hours, minutes, seconds = ([0, 0, 0] + [int(part) for part in row.get("Duration", "0").split(":")])[-3:]
    return Channel(
        name=name,
        endpoint=name.partition("/")[2].rpartition("-")[0],
        state=row.get("ChannelStateDesc", ""),
        call_id=call_of(row),
        linked_id=row.get("Linkedid", ""),
        seconds=hours * 3600 + minutes * 60 + seconds,
    )
