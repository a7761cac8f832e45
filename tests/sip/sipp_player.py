"""Far sides played by SIPp: the short scenarios of `sipp/*.xml` are spelled out here and run.

A scenario's root says which `side` it is: `called` or `caller`. Beside SIPp's own elements it has
`<reply status="180 Ringing" sdp="audio" headers="X: y"/>` (`in-dialog="yes"` after the first request,
`to="INVITE"` when it answers that one and not the last) and
`<request method="BYE" sdp="..."/>`, whose text, with a `type`, is its body.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

from voiceagent.telephony.asterisk_server import AsteriskPorts
from voiceagent.telephony.ticks import RealTicks

SCENARIOS = Path(__file__).parent / "sipp"
HOST = "127.0.0.1"

_SOUND = "a=rtpmap:0 PCMU/8000\na=rtpmap:120 telephone-event/8000\na=fmtp:120 0-15"
#: What a scenario may offer: the formats of its audio line, its attributes, its address.
_SDP = {
    "audio": ("0 120", f"{_SOUND}\na=sendrecv", HOST),
    "sendonly": ("0 120", f"{_SOUND}\na=sendonly", HOST),
    "inactive": ("0 120", f"{_SOUND}\na=inactive", HOST),
    "old hold": ("0 120", _SOUND, "0.0.0.0"),
    "g729": ("18", "a=rtpmap:18 G729/8000", HOST),
}
_CONTACT = f"Contact: <sip:far@{HOST}:[local_port]>"
_KEEP = (
    '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>'
    '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>'
)


def _body(step: ElementTree.Element) -> list[str]:
    sdp, kind = step.get("sdp"), step.get("type", "application/sdp")
    if sdp is not None:
        formats, attributes, address = _SDP[sdp]
        text = f"v=0\no=far 1 [cseq] IN IP4 {HOST}\ns=-\nc=IN IP4 {address}\nt=0 0\n"
        text += f"m=audio [rtp] RTP/AVP {formats}\n{attributes}"
    else:
        text = "\n".join(line.strip() for line in (step.text or "").strip().splitlines())
    return [f"Content-Type: {kind}", "Content-Length: [len]", "", text] if text else ["Content-Length: 0", ""]


def _reply(step: ElementTree.Element) -> list[str]:
    tag = "" if step.get("in-dialog") else ";tag=far[call_number]"
    head = [f"SIP/2.0 {step.attrib['status']}", "[last_Via:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]"]
    number = f"CSeq: [cseq] {step.attrib['to']}" if "to" in step.attrib else "[last_CSeq:]"
    return [*head, number, _CONTACT]


def _request(step: ElementTree.Element, called: bool) -> list[str]:
    if called:
        dialog = ["From:[$local];tag=far[call_number]", "To:[$remote]"]
    else:
        there = f"<sip:[service]@{HOST}:[remote_port]>"
        dialog = [f"From: <sip:far@{HOST}:[local_port]>;tag=far[call_number]", f"To: {there}[peer_tag_param]"]
    target = "[next_url]" if called or step.get("in-dialog") else f"sip:[service]@{HOST}:[remote_port]"
    method = step.attrib["method"]
    via = f"Via: SIP/2.0/UDP {HOST}:[local_port];branch={step.get('branch', '[branch]')}"
    number = f"CSeq: {step.get('cseq', '[cseq]')} {method}"
    return [f"{method} {target} SIP/2.0", via, "Max-Forwards: 70", *dialog, "Call-ID: [call_id]", number, _CONTACT]


def spelled_out(short: Path, values: Mapping[str, object]) -> str:
    """The scenario as SIPp reads it, with `values` in the place of @NAME@."""
    text = short.read_text(encoding="ascii")
    root = ElementTree.fromstring(re.sub(r"@([A-Z]+)@", lambda place: str(values[place[1]]), text))
    called = root.attrib["side"] == "called"
    lines = [f'<?xml version="1.0" encoding="us-ascii"?>\n<scenario name="{short.stem}">']
    for number, step in enumerate(root):
        if step.tag in ("reply", "request"):
            head = _reply(step) if step.tag == "reply" else _request(step, called)
            head += [step.attrib["headers"]] if "headers" in step.attrib else []
            kept = "".join(
                f' {name}="{step.attrib[name]}"' for name in ("retrans", "next", "test") if name in step.attrib
            )
            message = "\n".join([*head, *_body(step)])
            lines.append(f"<send{kept}><![CDATA[\n{message}\n]]></send>")
        elif number == 0 and called:
            lines.append(f'<recv request="INVITE" rrs="true"><action>{_KEEP}</action></recv>')
        else:
            lines.append(ElementTree.tostring(step, encoding="unicode").strip())
    if called:  # SIPp calls it a mistake when one is set and not used
        lines.append('<Reference variables="remote,local"/>')
    return "\n".join([*lines, "</scenario>\n"])


class Sipp:
    """One running SIPp, called at `port`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self._process, self.port, self._folder = process, port, folder

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:far@{HOST}:{self.port}"

    async def done(self) -> None:
        """Wait until it has played its script to the end."""
        code = await self._process.wait()
        told = "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self._folder.glob("*.log")))
        assert code == 0, f"SIPp ended with {code}:\n{told}"

    async def kill(self) -> None:
        """End it, wherever it is in its script."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


def _bound(port: int) -> bool:
    """Whether somebody holds that UDP port."""
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(row.split()[1].partition(":")[2], 16) == port for row in rows)


@asynccontextmanager
async def sipp(
    folder: Path,
    scenario: str,
    *,
    rtp: int = 9,
    calls: int = 1,
    to: tuple[str, int] | None = None,
    port: int = 0,
    **values: object,
) -> AsyncIterator[Sipp]:
    """Play `scenario`: being called, or calling `to` (user, SIP port). Its RTP address is the port `rtp`."""
    program = shutil.which("sipp")
    assert program, "install the Debian package sip-tester"
    folder = Path(tempfile.mkdtemp(prefix=f"{scenario}-", dir=folder))
    script = folder / "scenario.xml"
    script.write_text(spelled_out(SCENARIOS / f"{scenario}.xml", values))
    port = port or AsteriskPorts.free().sip
    target = [f"{HOST}:{to[1]}", "-s", to[0]] if to else []
    options = ["-sf", str(script), "-i", HOST, "-p", str(port), "-m", str(calls), "-key", "rtp", str(rtp)]
    options += ["-nostdin", "-trace_err", "-error_file", "errors.log", "-timeout", "60s", "-timeout_error", *target]
    quiet = asyncio.subprocess.DEVNULL
    with (folder / "screen.log").open("wb") as screen:
        process = await asyncio.create_subprocess_exec(
            program, *options, cwd=folder, stdin=quiet, stdout=screen, stderr=asyncio.subprocess.STDOUT
        )
    played = Sipp(process, port, folder)
    try:
        ticks = RealTicks()
        while not to and not _bound(port) and process.returncode is None:
            await ticks.next()
        if process.returncode:
            await played.done()
        yield played
    finally:
        await played.kill()
