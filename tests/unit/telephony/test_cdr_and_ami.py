"""Guards reading Asterisk's call records and its manager protocol, without an Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.telephony.ami import AmiClient, AmiError
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import TEMPLATES, AsteriskPorts, AsteriskServer, PhoneAccount, SeatAccount
from voiceagent.telephony.cdr import CdrDisposition, read_cdr

ANSWERED = (
    '"3f-a","+5511","+5511900000001","PJSIP/seat1-00000000","PJSIP/+55-1","1795316046.702490","1795316046.911548",'
)
ANSWERED += '"1795316048.919153","2.216663","2.007605","ANSWERED","1795316046.0"\n'
MISSED = '"","seat1","+5511900000002","PJSIP/seat1-00000002","","1795316051.136518","0.000000","1795316051.137624",'
MISSED += '"0.001106","0.000000","NO ANSWER","1795316051.6"\n'


def test_records_are_read_with_fractions(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    assert read_cdr(file) == []
    file.write_text(ANSWERED + MISSED)
    first, second = read_cdr(file)
    assert (first.call_id, first.disposition, first.billed_s) == ("3f-a", CdrDisposition.ANSWERED, 2.007605)
    assert first.answered is not None
    assert (first.ended - first.answered).total_seconds() == pytest.approx(first.billed_s, abs=1e-3)
    assert (second.answered, second.disposition) == (None, CdrDisposition.NO_ANSWER)


@pytest.mark.parametrize("userfield", ["3f-a", "3f-a;3f-a", ";3f-a"])
def test_a_record_of_two_legs_with_an_id_has_one(tmp_path: Path, userfield: str) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(ANSWERED.replace("3f-a", userfield))
    assert [row.call_id for row in read_cdr(file)] == ["3f-a"]


@pytest.mark.parametrize(
    "line", ["a,b\n", ANSWERED.replace("ANSWERED", "MAYBE"), ANSWERED.replace("1795316048.919153", "soon")]
)
def test_a_damaged_record_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(MISSED + line)
    with pytest.raises(BadInputError, match="line 2"):
        read_cdr(file)


async def with_exchange(answer: Callable[[dict[str, str]], str | None], use: Callable[[AmiClient], object]) -> object:
    """Run `use` against a manager interface that answers as told; None = it closes the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/7.0.3\r\n")
        while block := (await reader.readuntil(b"\r\n\r\n")).decode():
            fields = dict(line.split(": ", 1) for line in block.strip().split("\r\n"))
            reply = answer(fields)
            if reply is None:
                writer.close()
                return
            identity = f"ActionID: {fields['ActionID']}\n" if "ActionID" in fields else ""
            writer.write((reply.replace("@ID@\n", identity) + "\n").replace("\n", "\r\n").encode())

    def forgive(task: asyncio.Task[None]) -> None:
        task.cancelled() or task.exception()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asyncio.create_task(serve(reader, writer)).add_done_callback(forgive)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    client = AmiClient("127.0.0.1", server.sockets[0].getsockname()[1], "me", "secret", timeout_s=2)
    try:
        await client.start()
        return await use(client)  # type: ignore[misc]
    finally:
        await client.close()
        server.close()


CHANNELS = """Response: Success
@ID@

Event: CoreShowChannel
@ID@
Channel: PJSIP/seat1-0000000a
ChannelStateDesc: Up
Linkedid: 7.1
Duration: 01:02:03
ChanVariable: OTHER=1
ChanVariable: VOICEAGENT_CALL=3f-a

Event: CoreShowChannel
@ID@
Channel: PJSIP/+5511900000001-0000000b
ChannelStateDesc: Up
Linkedid: 7.1
Duration: 00:00:01

Event: CoreShowChannelsComplete
@ID@
"""


def exchange(hung_up: list[str]) -> Callable[[dict[str, str]], str]:
    def answer(fields: dict[str, str]) -> str:
        match fields["Action"]:
            case "CoreShowChannels":
                return CHANNELS
            case "Hangup":
                hung_up.append(fields["Channel"])
                return (
                    "Response: Error\n@ID@\nMessage: No such channel\n"
                    if "gone" in fields["Channel"]
                    else "Response: Success\n@ID@\n"
                )
            case "Refused":
                return "Response: Error\n@ID@\nMessage: Permission denied\n"
            case _:
                return "Response: Success\n@ID@\n"

    return answer


def test_channels_are_found_by_seat_and_by_call() -> None:
    hung_up: list[str] = []

    async def use(ami: AmiClient) -> None:
        seat, phone = await ami.channels()
        assert (seat.endpoint, seat.call_id, seat.state, seat.seconds) == ("seat1", "3f-a", "Up", 3723)
        assert (phone.endpoint, phone.call_id) == ("+5511900000001", "")
        assert await ami.hang_up_calls_of("seat1") == 1
        assert await ami.hang_up_call("3f-a") == 1
        assert await ami.hang_up_call("") == 0, "no id is not every call"
        assert await ami.hang_up_calls_of("seat") == 0
        assert await ami.hang_up("PJSIP/gone-1") is False

    asyncio.run(with_exchange(exchange(hung_up), use))
    assert hung_up == ["PJSIP/seat1-0000000a", "PJSIP/seat1-0000000a", "PJSIP/gone-1"]


def test_refusals_are_errors_and_values_cannot_add_headers() -> None:
    hung_up: list[str] = []

    async def use(ami: AmiClient) -> None:
        with pytest.raises(AmiError, match="Permission denied"):
            await ami.action("Refused")
        await ami.hang_up("PJSIP/a-1\r\nAction: Evil")

    asyncio.run(with_exchange(exchange(hung_up), use))
    assert hung_up == ["PJSIP/a-1  Action: Evil"]


def test_a_connection_that_breaks_is_made_again() -> None:
    seen: list[str] = []

    def answer(fields: dict[str, str]) -> str | None:
        seen.append(fields["Action"])
        return None if fields["Action"] == "Break" else "Response: Success\n@ID@\n"

    async def use(ami: AmiClient) -> None:
        with pytest.raises(AmiError):
            await ami.action("Break")
        assert (await ami.action("Ping"))["Response"] == "Success"

    asyncio.run(with_exchange(answer, use))
    assert seen == ["Login", "Break", "Login", "Ping"]


def test_an_asterisk_that_is_not_there_names_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(MissingPartError, match="scripts/asterisk"):
        AsteriskProgram.find(tmp_path)


def server(home: Path) -> AsteriskServer:
    program = AsteriskProgram(("/bin/false",), Path("/modules"), Path("/data"))
    seats, phones = [SeatAccount("seat1", "9001")], [PhoneAccount("+5511900000001")]
    return AsteriskServer(program, home, seats=seats, phones=phones, ports=AsteriskPorts(5070, 5038, 20000, 20099))


def test_configuration_has_no_trunk_and_no_left_over_place(tmp_path: Path) -> None:
    built = server(tmp_path / "asterisk")
    built.write_configuration()
    texts = {path.name: path.read_text() for path in (built.home / "etc").iterdir()}
    assert {path.name for path in TEMPLATES.glob("*.conf")} <= set(texts)
    assert not [name for name, text in texts.items() if "@SIP_PORT@" in text or "@ENDPOINTS@" in text]
    code = "\n".join(line.partition(";")[0] for line in texts["pjsip.conf"].splitlines())
    assert "bind = 127.0.0.1:5070" in code
    assert "outbound_auth" not in code and "type = registration" not in code and "contact =" not in code
    assert built.seats["seat1"].password in texts["pjsip.conf"]
    assert built.seats["seat1"].password != server(tmp_path / "other").seats["seat1"].password
    assert "exten => 9001,1," in texts["extensions.conf"]
    assert "bindaddr = 127.0.0.1" in texts["manager.conf"]


@pytest.mark.parametrize("name", ["", "a b", "x]\ncontext=evil", "+", "1" * 41])
def test_account_names_cannot_write_configuration(tmp_path: Path, name: str) -> None:
    program = AsteriskProgram(("/bin/false",), Path("/modules"), Path("/data"))
    with pytest.raises(BadInputError):
        AsteriskServer(program, tmp_path, seats=[], phones=[PhoneAccount(name)])
