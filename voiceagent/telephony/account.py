"""What the library is told of a seat's account: where it registers, and what its calls may be."""

from __future__ import annotations

from voiceagent.telephony.endpoint import SoftphoneSettings
from voiceagent.telephony.pj import pj
from voiceagent.telephony.seat import Seat


def account_config(seat: Seat, password: str, settings: SoftphoneSettings) -> pj.AccountConfig:
    """For the owner thread only."""
    config = pj.AccountConfig()
    config.idUri = f"sip:{seat.user}@{seat.registrar}"
    config.regConfig.registrarUri = f"sip:{seat.registrar}"
    config.regConfig.timeoutSec = settings.registration_life_s
    config.regConfig.retryIntervalSec = 0  # the seat sees to that, and waits longer each time
    config.regConfig.unregWaitMsec = 1000  # a registrar that is gone must not hold up our going
    config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", seat.user, 0, password))
    config.mediaConfig.lockCodecEnabled = False  # one INVITE, one answer: no UPDATE just after the answer
    config.mediaConfig.transportConfig.boundAddress = settings.address
    config.mediaConfig.transportConfig.port = settings.rtp_port
    if settings.tls_authorities is not None:
        # As outbound proxy, so that registration and every call take the one checked connection.
        config.sipConfig.proxies.append(f"sip:{seat.registrar};transport=tls;lr")
        config.mediaConfig.srtpUse, config.mediaConfig.srtpSecureSignaling = pj.PJMEDIA_SRTP_MANDATORY, 1
    if seat.route is not None:
        config.sipConfig.proxies.append(f"sip:{seat.route};lr")
    return config
