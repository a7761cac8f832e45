"""The library's endpoint: its settings, and the order in which it is brought up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from voiceagent.audio.format import FRAME_S, SAMPLE_RATE
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.telephony.pj import check_frame_copy, pj, silence_log

#: What trunks speak. The telephone network is G.711; anything else would only be converted on the way.
CODECS = {"PCMU": 200, "PCMA": 199}


@dataclass(frozen=True, slots=True)
class SoftphoneSettings:
    """How the softphone behaves; durations in seconds."""

    address: str = "127.0.0.1"
    """The local address SIP and RTP are bound to."""
    sip_port: int = 0
    """0 = any free one."""
    rtp_port: int = 0
    """First port for RTP; 0 = any free ones."""
    ring_timeout_s: float = 30.0
    """How long a dialled phone may ring."""
    ack_timeout_s: float = 8.0
    """How long a caller's side may take to confirm (ACK) our answer, which is sent again five times meanwhile."""
    register_timeout_s: float = 5.0
    """How long to wait for the registrar's answer."""
    registration_life_s: int = 60
    """How long a registration lasts; it is renewed a few seconds earlier, also at an exchange that was restarted."""
    media_timeout_s: float = 30.0
    """An answered call without a single RTP packet for that long is ended; 0 = never."""
    close_deadline_s: float = 10.0
    """`close` returns after this, come what may; the process should then exit."""
    retire_after_calls: int = 1000
    """The endpoint asks to be replaced after so many calls."""
    poll_s: float = 0.020
    """Longest wait for a SIP event, and so the longest delay of a command."""
    tls_authorities: Path | None = None
    """PEM file of the authorities that may have signed the exchange's certificate: SIP goes by TLS to an exchange that
    proves its name, and no call is set up without SRTP. None: UDP and plain RTP, for loopback and private networks."""
    only_registrar: bool = False
    """Hear SIP from the seats' registrar only (UDP; the same for all): the kernel drops everybody else's."""
    user_agent: str = "voiceagent"
    log_file: Path | None = None
    """The library's own log (level 4, with messages: passwords hashed, numbers in clear). For debugging only."""


def open_endpoint(settings: SoftphoneSettings) -> pj.Endpoint:
    """A started endpoint without accounts, polled by the calling thread, with a clock instead of a sound device.

    UnavailableError `port_in_use` when the SIP port or address cannot be bound; MissingPartError `no_certificates`.
    """
    check_frame_copy()
    silence_log()
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    try:
        endpoint.libInit(_configuration(settings))
        kind, transport = _transport(settings)
        try:
            endpoint.transportCreate(kind, transport)
        except pj.Error as error:
            raise UnavailableError(
                f"SIP port {settings.sip_port} at {settings.address} cannot be used ({error.reason}); "
                "choose another address or port",
                code="port_in_use",
            ) from None
        for codec in endpoint.codecEnum2():
            endpoint.codecSetPriority(codec.codecId, CODECS.get(codec.codecId.partition("/")[0], 0))
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
    except Exception:
        endpoint.libDestroy()
        raise
    return endpoint


def sip_port() -> int:
    """The local port that SIP goes by; for the owner thread only."""
    endpoint = pj.Endpoint.instance()
    return int(endpoint.transportGetInfo(endpoint.transportEnum()[0]).localAddress.rpartition(":")[2])


def _transport(settings: SoftphoneSettings) -> tuple[int, pj.TransportConfig]:
    """What signalling goes by."""
    transport = pj.TransportConfig()
    transport.boundAddress, transport.port = settings.address, settings.sip_port
    if settings.tls_authorities is None:
        return pj.PJSIP_TRANSPORT_UDP, transport
    if not settings.tls_authorities.is_file():  # the library would only fail at the first registration
        raise MissingPartError(
            f"no {settings.tls_authorities}: put the certificate of the exchange's authority there (PEM)",
            code="no_certificates",
        )
    transport.tlsConfig.CaListFile = str(settings.tls_authorities)
    transport.tlsConfig.verifyServer = True
    # 1.2 and newer; the registry's wheel knows no 1.3 and leaves it out.
    transport.tlsConfig.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2 | pj.PJ_SSL_SOCK_PROTO_TLS1_3
    return pj.PJSIP_TRANSPORT_TLS, transport


def _configuration(settings: SoftphoneSettings) -> pj.EpConfig:
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    if settings.log_file is not None:
        config.logConfig.level, config.logConfig.filename = 4, str(settings.log_file)
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.uaConfig.maxCalls = 256  # the library clips it to what it was compiled for
    config.uaConfig.userAgent = settings.user_agent
    media = config.medConfig
    media.clockRate = media.sndClockRate = SAMPLE_RATE
    media.audioFramePtime = int(FRAME_S * 1000)
    media.noVad, media.ecTailLen = True, 0
    return config
