"""What stops dialing by itself, from what an installation and a campaign say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from voiceagent.dialer.brakes import Breaker, Canary, ShortCalls
from voiceagent.dialer.floor import Guards
from voiceagent.dialer.limits import Limits


def guards_of(told: Mapping[str, Any]) -> Guards:
    """From the values of the settings' section `guards`; what is absent is the default."""
    own = Guards()

    def given(**names: str) -> dict[str, Any]:
        return {field: told[name] for field, name in names.items() if name in told}

    breaker: Breaker = replace(own.breaker, **given(calls="trunk_calls", share="trunk_failures"))
    if "trunk_rest_s" in told:
        breaker = replace(breaker, pause=timedelta(seconds=told["trunk_rest_s"]))
    short: ShortCalls = replace(
        own.short_calls,
        **given(alarm="short_alarm", stop="short_stop", at_least="short_at_least", month_alarm="short_month"),
    )
    canary: Canary = replace(
        own.canary,
        **given(calls="canary_calls", at_least="canary_at_least"),
        **given(**{sign: sign for sign in Limits.BRAKES}),
    )
    return Guards(breaker, short, canary, **given(kept_for_inbound="kept_for_inbound"))


def canary_of(guards: Guards, limits: Limits) -> Canary:
    """The brakes of one campaign: the installation's, with what the campaign says otherwise."""
    own: dict[str, Any] = dict(limits.brakes)
    return replace(guards.canary, **own)
