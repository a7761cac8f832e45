"""SIP as nobody should send it: a message for each way in which RFC 4475 stretches or breaks the syntax, and worse.

`MESSAGES` are written with @USER@ and @PORT@ for whom and where; @SELF@ is the sender's port, @ID@ differs each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

_SDP = "v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\n"


def _message(start: str, *headers: str, body: str = "", length: str | None = None, drop: str = "") -> bytes:
    """A request or response with the usual headers, except those named in `drop` and those that `headers` replace."""
    method = start.split(" ")[0].strip()
    usual = {
        "Via": "SIP/2.0/UDP 127.0.0.1:@SELF@;branch=z9hG4bK@ID@",
        "Max-Forwards": "70",
        "From": '"A" <sip:a@127.0.0.1>;tag=@ID@',
        "To": "<sip:@USER@@127.0.0.1>",
        "Call-ID": "@ID@@torture",
        "CSeq": f"1 {method}",
        "Contact": "<sip:a@127.0.0.1:@SELF@>",
    }
    given = {header.partition(":")[0].strip().lower() for header in headers}
    kept = [
        f"{name}: {value}" for name, value in usual.items() if name.lower() not in given | set(drop.lower().split())
    ]
    if body:
        kept.append("Content-Type: application/sdp")
    kept.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([start, *kept, *headers, "", body]).encode("utf-8", "surrogateescape")


INVITE = "INVITE sip:@USER@@127.0.0.1:@PORT@ SIP/2.0"
OPTIONS = "OPTIONS sip:@USER@@127.0.0.1:@PORT@ SIP/2.0"


def _sdp(*lines: str) -> bytes:
    return _message(INVITE, body="\r\n".join([*lines, ""]))


#: What a sound endpoint answers.
QUESTION = _message(OPTIONS)

_SESSION = ("v=0", "o=a 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0")

MESSAGES: dict[str, bytes] = {
    # syntax that is valid and seldom seen
    "folded, compact and crooked": _message(
        "INVITE sip:@USER@@127.0.0.1:@PORT@;unknown SIP/2.0",
        "v:  SIP  / 2.0 / UDP\r\n\t127.0.0.1:@SELF@ ;\r\n branch =\r\n z9hG4bK@ID@ , SIP/2.0/TCP  10.1.1.1;x=y",
        'f:"A \\"quoted\\" \\\\ B"   <  sip:a@127.0.0.1  >  ;  tag  =  @ID@',
        "t :\r\n <sip:@USER@@127.0.0.1>",
        "i:@ID@@torture",
        "cseq:\r\n 0001\r\n INVITE",
        "m:\r\n  <sip:a@127.0.0.1:@SELF@>",
        "NewFangled: new\r\n fangled",
        "s:",
        body=_SDP,
    ),
    "every character a token may have": _message(
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_odd.URI~(to-be!sure)&isn't+$/crazy?,/;*@127.0.0.1 SIP/2.0",
        "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~",
    ),
    "escapes in the user part": _message("INVITE sip:sips%3Auser%40x@127.0.0.1:@PORT@ SIP/2.0", body=_SDP),
    "escaped zeros": _message("OPTIONS sip:null-%00-null@127.0.0.1:@PORT@ SIP/2.0", "To: <sip:%00@127.0.0.1>"),
    "a percent that is no escape": _message("RE%47IST%45R sip:127.0.0.1 SIP/2.0"),
    "no space before the bracket": _message(OPTIONS, "From: caller<sip:a@127.0.0.1>;tag=@ID@"),
    "long values": _message(
        INVITE,
        f'To: "I have a user name of {"extreme " * 300}" <sip:@USER@@127.0.0.1;{"long" * 300}=x>',
        f"Call-ID: @ID@{'longcallid' * 200}",
        f"Unknown-{'Long' * 100}: {'value' * 400}",
        body=_SDP,
    ),
    "octets behind the body": _message(OPTIONS) + b"INVITE sip:somebody@127.0.0.1 SIP/2.0\r\n\r\n",
    "parameters in the user part": _message("OPTIONS sip:user;par=u%40example.net@127.0.0.1:@PORT@ SIP/2.0"),
    "unknown transports": _message(
        OPTIONS, "Via: SIP/2.0/UNKNOWN 10.0.0.1;branch=z9hG4bKx, SIP/2.0/UDP 127.0.0.1:@SELF@;branch=z9hG4bK@ID@"
    ),
    "parts in parts": _message(
        INVITE,
        'Content-Type: multipart/mixed;boundary="b"',
        body=f"--b\r\nContent-Type: application/sdp\r\n\r\n{_SDP}\r\n--b\r\n\r\n\x00\x01\x02\r\n--b--\r\n",
    ),
    "an odd reason phrase": _message("SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e", "CSeq: 1 INVITE"),
    "no reason phrase": _message("SIP/2.0 100 ", "CSeq: 1 INVITE"),
    # syntax that is broken
    "separators too many": _message(
        INVITE, "From: <sip:a@127.0.0.1>;;tag=@ID@;,;", "Contact: ,,<sip:a@b>,;", body=_SDP
    ),
    "a length beyond the end": _message(INVITE, body=_SDP, length="9999"),
    "a negative length": _message(INVITE, body=_SDP, length="-999"),
    "a length of letters": _message(INVITE, body=_SDP, length="many"),
    "numbers beyond their range": _message(
        "REGISTER sip:127.0.0.1 SIP/2.0",
        "CSeq: 36893488147419103232 REGISTER",
        "Max-Forwards: 300",
        "Expires: 1" + "0" * 200,
    ),
    "numbers beyond their range in a response": _message(
        "SIP/2.0 503 x", "CSeq: 9292394834772304023312 OPTIONS", "Retry-After: 949302838503028349304023988"
    ),
    "a quote that never ends": _message(INVITE, 'To: "Mr. J. User <sip:@USER@@127.0.0.1>', body=_SDP),
    "brackets around the target": _message("INVITE <sip:@USER@@127.0.0.1> SIP/2.0", body=_SDP),
    "a target with a space": _message("INVITE sip:@USER@@127.0.0.1; lr SIP/2.0", body=_SDP),
    "spaces in the first line": _message("INVITE  sip:@USER@@127.0.0.1  SIP/2.0", body=_SDP),
    "spaces at its end": _message(f"{OPTIONS}  "),
    "headers in the target": _message("INVITE sip:@USER@@127.0.0.1?Route=%3Csip:x@y%3E SIP/2.0", body=_SDP),
    "a date that is none": _message(INVITE, "Date: Fri, 01 Jan 2010 16:00:00 EST", body=_SDP),
    "an address with a question": _message(INVITE, "Contact: sip:user@example.com?Route=%3Csip:x@y%3E", body=_SDP),
    "spaces in an address": _message(OPTIONS, 'To: "Watson" < sip:@USER@@127.0.0.1 >'),
    "a name without quotes": _message(OPTIONS, "From: Bell, Alexander <sip:a@127.0.0.1>;tag=@ID@"),
    "another protocol": _message(
        "OPTIONS sip:@USER@@127.0.0.1 SIP/7.0", "Via: SIP/7.0/UDP 127.0.0.1:@SELF@;branch=z9hG4bK@ID@"
    ),
    "two methods": _message(OPTIONS, "CSeq: 8 INVITE"),
    "two methods nobody knows": _message("NEWMETHOD sip:@USER@@127.0.0.1 SIP/2.0", "CSeq: 8 OTHERMETHOD"),
    "a code too large": _message("SIP/2.0 4294967301 better not break the receiver", "CSeq: 1 INVITE"),
    # transactions
    "a branch that is only the cookie": _message(INVITE, "Via: SIP/2.0/UDP 127.0.0.1:@SELF@;branch=z9hG4bK", body=_SDP),
    "no branch": _message(OPTIONS, "Via: SIP/2.0/UDP 127.0.0.1:@SELF@"),
    "an ACK to nothing": _message("ACK sip:@USER@@127.0.0.1 SIP/2.0", "To: <sip:@USER@@127.0.0.1>;tag=nobody"),
    "a BYE to nothing": _message("BYE sip:@USER@@127.0.0.1 SIP/2.0", "To: <sip:@USER@@127.0.0.1>;tag=nobody"),
    "a CANCEL to nothing": _message("CANCEL sip:@USER@@127.0.0.1 SIP/2.0"),
    "an answer to nothing": _message("SIP/2.0 200 OK", "CSeq: 1 INVITE", body=_SDP),
    # what applications may stumble over
    **{
        f"without {name}": _message(INVITE, drop=name, body=_SDP)
        for name in ("Via", "From", "To", "Call-ID", "CSeq", "Contact")
    },
    "with nothing": b"INVITE sip:@USER@@127.0.0.1 SIP/2.0\r\n\r\n",
    "an unknown scheme": _message("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
    "another known scheme": _message("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
    "unknown schemes in headers": _message(
        OPTIONS, "To: <isbn:2983792873>", "From: <http://www.example.com>;tag=@ID@", "Contact: <name:x>"
    ),
    "requirements": _message(
        OPTIONS, "Require: nothingSupportsThis, nothingSupportsThisEither", "Proxy-Require: noProxiesSupportThis"
    ),
    "an unknown body": _message(INVITE, "Content-Type: application/unknownformat", body="<audio>\x00\xff</audio>"),
    "an unknown authorization": _message(
        OPTIONS, 'Authorization: NoOneKnowsThisScheme opaque-data=here, x="', "Authorization:"
    ),
    "an empty digest": _message(
        INVITE, "Authorization: Digest", "Proxy-Authorization: Digest username=,realm=", body=_SDP
    ),
    "a challenge to nobody": _message(
        "SIP/2.0 401 x", "CSeq: 1 REGISTER", 'WWW-Authenticate: Digest realm=,nonce="', drop="Contact"
    ),
    "single values twice": _message(
        INVITE,
        "CSeq: 5 INVITE",
        "CSeq: 59 BYE",
        "Call-ID: other",
        "From: <sip:b@c>;tag=2",
        "Max-Forwards: 5",
        body=_SDP,
    ),
    "two lengths": _message(OPTIONS, "Content-Length: 13", body="There's no way to know"),
    "an answer by broadcast": _message(
        "SIP/2.0 200 OK",
        "Via: SIP/2.0/UDP 127.0.0.1:@PORT@;branch=z9hG4bK@ID@",
        "Via: SIP/2.0/UDP 255.255.255.255;branch=x",
        "CSeq: 1 OPTIONS",
    ),
    "no hop left": _message(OPTIONS, "Max-Forwards: 0"),
    "a contact with parameters": _message(
        "REGISTER sip:127.0.0.1 SIP/2.0", "Contact: sip:+19725552222@gw1.example.net;unknownparam"
    ),
    "a contact with an escaped header": _message(
        "REGISTER sip:127.0.0.1 SIP/2.0", "Contact: <sip:u@e.com?Route=%3Csip:sip.example.com%3E>"
    ),
    "as of 1999": b"INVITE sip:@USER@@127.0.0.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:@SELF@\r\nFrom: sip:a@127.0.0.1\r\n"
    b"To: sip:@USER@@127.0.0.1\r\nCall-ID: @ID@\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n"
    + _SDP.encode(),
    "routes without end": _message(
        INVITE, *(f"Record-Route: <sip:p{index}.test;lr>" for index in range(60)), body=_SDP
    ),
    "headers without end": _message(OPTIONS, *(f"X-{index}: y" for index in range(1500))),
    "Replaces a call there is not": _message(INVITE, "Replaces: nothing;to-tag=1;from-tag=2", body=_SDP),
    "timers of zero": _message(
        INVITE, "Session-Expires: 0;refresher=uas", "Min-SE: 99999999999999", "Supported: timer", body=_SDP
    ),
    "100rel required": _message(INVITE, "Require: 100rel", body=_SDP),
    "a REFER to nothing": _message("REFER sip:@USER@@127.0.0.1 SIP/2.0", "Refer-To: <sip:\x00>"),
    "a NOTIFY of nothing": _message("NOTIFY sip:@USER@@127.0.0.1 SIP/2.0", "Event: ;;;", "Subscription-State: ,"),
    "a MESSAGE": _message("MESSAGE sip:@USER@@127.0.0.1 SIP/2.0", "Content-Type: text/plain", body="\x00" * 100),
    "our own header, abused": _message(
        INVITE, "X-Voiceagent-Call: ../../etc\r\nX-Voiceagent-Call: 1", "X-Voiceagent-Return: x", body=_SDP
    ),
    "a caller who is no number": _message(INVITE, "From: <sip:%0d%0aX%3a@127.0.0.1>;tag=@ID@", body=_SDP),
    # session descriptions
    "a body that is no SDP": _message(INVITE, body="not even close"),
    "no session lines": _sdp("m=audio 49170 RTP/AVP 0"),
    "a port of zero": _sdp(*_SESSION, "m=audio 0 RTP/AVP 0"),
    "a port too large": _sdp(*_SESSION, "m=audio 999999 RTP/AVP 0"),
    "a negative port": _sdp(*_SESSION, "m=audio -1 RTP/AVP 0"),
    "no formats": _sdp(*_SESSION, "m=audio 49170 RTP/AVP"),
    "formats that are none": _sdp(*_SESSION, "m=audio 49170 RTP/AVP 999 x -1 0"),
    "a map of nothing": _sdp(
        *_SESSION, "m=audio 49170 RTP/AVP 0 96", "a=rtpmap:", "a=rtpmap:96", "a=rtpmap:x PCMU/0/0", "a=fmtp:"
    ),
    "no address": _sdp("v=0", "o=a 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio 49170 RTP/AVP 0"),
    "an address that is none": _sdp(
        "v=0", "o=a 1 1 IN IP4 x", "s=-", "c=IN IP4 nowhere.invalid", "t=0 0", "m=audio 49170 RTP/AVP 0"
    ),
    "IPv6": _sdp("v=0", "o=a 1 1 IN IP6 ::1", "s=-", "c=IN IP6 ::1", "t=0 0", "m=audio 49170 RTP/AVP 0"),
    "streams without end": _sdp(*_SESSION, *["m=audio 49170 RTP/AVP 0"] * 100),
    "formats without end": _sdp(*_SESSION, "m=audio 49170 RTP/AVP " + " ".join(str(index) for index in range(256))),
    "a time of zero": _sdp(*_SESSION, "m=audio 49170 RTP/AVP 0", "a=ptime:0", "a=maxptime:-20", "a=ptime:99999999999"),
    "video only": _sdp(*_SESSION, "m=video 49170 RTP/AVP 96", "a=rtpmap:96 H264/90000"),
    "encryption we do not have": _sdp(*_SESSION, "m=audio 49170 RTP/SAVP 0", "a=crypto:1 NOBODY inline:x", "a=crypto:"),
    "an ICE of its own": _sdp(
        *_SESSION,
        "m=audio 49170 RTP/AVP 0",
        "a=ice-ufrag:",
        "a=ice-pwd:x",
        "a=candidate:x",
        "a=candidate:1 1 UDP 1 y 0 typ z",
    ),
    # no SIP at all
    "nothing": b"",
    "a zero": b"\x00",
    "empty lines": b"\r\n\r\n\r\n\r\n",
    "zeros": bytes(4000),
    "a web browser": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a first line only": b"INVITE sip:@USER@@127.0.0.1 SIP/2.0",
    "no line ends": b"INVITE sip:@USER@@127.0.0.1 SIP/2.0" + b"x" * 3000,
    "as large as it gets": _message(OPTIONS, "Subject: " + "x" * 60000),
    "bytes of no alphabet": _message(
        OPTIONS, "Subject: \udcff\udcfe\udc80", 'From: "\udcff" <sip:\udc80@127.0.0.1>;tag=@ID@'
    ),
}


def mutations(count: int, seed: int = 4475) -> Iterator[bytes]:
    """A proper call and a proper question, with some bytes changed, left out, doubled, or the end cut off."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(_message(chance.choice((INVITE, OPTIONS)), body=chance.choice((_SDP, ""))))
        for _ in range(chance.randint(1, 8)):
            at, size = chance.randrange(len(data)), chance.randint(1, 12)
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + size]
                case 2:
                    data[at:at] = data[at : at + size] * chance.randint(1, 40)
                case _:
                    data[at:at] = bytes(chance.randrange(256) for _ in range(size))
            if len(data) < 2:
                break
        yield bytes(data[: chance.randint(1, len(data))] if chance.random() < 0.1 else data)
