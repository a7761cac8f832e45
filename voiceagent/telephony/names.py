"""Names of exchanges: looked up once, because the SIP library would stop for each question to a name server."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from voiceagent.base.errors import UnavailableError

#: Patience with a name server, seconds.
LOOK_UP_S = 5.0


async def route_to(registrar: str) -> str | None:
    """`registrar` (host[:port]) with an IPv4 address in the place of its name; None when it has one already.

    UnavailableError `registrar_unknown` when nobody knows the name.
    """
    host, _, port = registrar.partition(":")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return None
    asking = asyncio.get_running_loop().getaddrinfo(host, int(port or 5060), family=socket.AF_INET)
    try:
        found = await asyncio.wait_for(asking, LOOK_UP_S)
    except (OSError, TimeoutError):
        raise UnavailableError(
            f"nobody knows the name {host} of the SIP registrar; check the name server, or write its address",
            code="registrar_unknown",
        ) from None
    return "{}:{}".format(*found[0][4])
