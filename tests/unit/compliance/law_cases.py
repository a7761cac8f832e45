"""Situations with the answer that the law's text gives, worked out by hand and by country; read by `test_law.py`.

Each is (name, at, who, expected, more): `expected` is OK, or the first rule quoted with the earliest lawful instant
(None: never). Clock times are those of the place. 20 November 2026 is a Friday and a national holiday of Brazil.
"""

from __future__ import annotations

from typing import Any

OK = ("", None)

SP, RJ, ES, PR, AM, AL = (
    "+5511987654321", "+5521987654321", "+5527987654321", "+5541987654321", "+5592987654321", "+5582987654321",
)  # fmt: skip
MG, AC, MT, MS, RO, RR, PA, AM_WEST, TOLL_FREE = (
    "+5531987654321", "+5568987654321", "+5565987654321", "+5567987654321", "+5569987654321", "+5595987654321",
    "+5591987654321", "+5597987654321", "+558001234567",
)  # fmt: skip
NY, LA, CHICAGO, DENVER, PHOENIX, HONOLULU, MIAMI, PENSACOLA, SAN_JUAN, US_FREE = (
    "+12125550123", "+12135550123", "+13125550123", "+13035550123", "+16025550123", "+18085550123", "+13055550123",
    "+18505550123", "+17875550123", "+18005550123",
)  # fmt: skip
CDMX, TIJUANA, CANCUN, JUAREZ, CHIHUAHUA, MATAMOROS, HERMOSILLO = (
    "+525512345678", "+526641234567", "+529981234567", "+526561234567", "+526141234567", "+528681234567",
    "+526621234567",
)  # fmt: skip
BOGOTA, SANTIAGO, PUNTA_ARENAS, CL_MOBILE, LIMA, QUITO, MADRID = (
    "+573001234567", "+56221234567", "+56612123456", "+56987654321", "+51987654321", "+593987654321", "+34612345678",
)  # fmt: skip


def at(place: str, state: str | None = None, city: str | None = None) -> dict[str, Any]:
    """An address."""
    return {"address": {"country": place} | ({"state": state} if state else {}) | ({"city": city} if city else {})}


def case(**facts: Any) -> dict[str, Any]:
    """Facts of the case."""
    return {"case": facts}


def past(*lines: str) -> dict[str, Any]:
    """History from "INSTANT KIND [DEBT] [OUTCOME]"; sms and email are messages."""
    history = []
    for line in lines:
        when, kind, *rest = line.split()
        channel = kind if kind in ("sms", "email") else "voice"
        entry = {"at": when, "channel": channel, "kind": "message" if kind == channel else kind}
        history.append(entry | dict(zip(("debt", "outcome"), rest, strict=False)))
    return {"history": history}


def consent(channel: str = "voice", when: str = "2026-01-05T10:00-05:00", source: str = "contract 77, cl. 4") -> dict:
    """One permission."""
    return {"consent": [{"channel": channel, "at": when, "source": source}]}


YES = consent()
SMS, EMAIL = {"channel": "sms"}, {"channel": "email"}
REMIND, CALLBACK = {"purpose": "reminder"}, {"purpose": "callback"}

BRAZIL = [
    ("sp-before-close", "2026-11-19T19:59-03:00", SP, OK, {}),
    ("sp-close", "2026-11-19T20:00-03:00", SP, ("BR-10", "2026-11-21T08:00-03:00"), {}),
    ("sp-open", "2026-11-19T08:00-03:00", SP, OK, {}),
    ("sp-before-open", "2026-11-19T07:59-03:00", SP, ("BR-10", "2026-11-19T08:00-03:00"), {}),
    ("sp-saturday", "2026-11-21T13:59-03:00", SP, OK, {}),
    ("sp-saturday-close", "2026-11-21T14:00-03:00", SP, ("BR-10", "2026-11-23T08:00-03:00"), {}),
    ("sp-sunday", "2026-11-22T10:00-03:00", SP, ("BR-10", "2026-11-23T08:00-03:00"), {}),
    ("sp-national-holiday", "2026-11-20T10:00-03:00", SP, ("BR-10", "2026-11-21T08:00-03:00"), {}),
    ("sp-state-holiday", "2026-07-09T10:00-03:00", SP, ("BR-10", "2026-07-10T08:00-03:00"), {}),
    ("mg-on-the-day-of-sao-paulo", "2026-07-09T10:00-03:00", MG, OK, {}),
    ("mg-number-sp-address-holiday", "2026-07-09T10:00-03:00", MG, ("BR-10", "2026-07-10T08:00-03:00"), at("BR", "SP")),
    ("carnival-tuesday", "2026-02-17T10:00-03:00", SP, ("BR-10", "2026-02-18T08:00-03:00"), {}),
    ("corpus-christi", "2026-06-04T10:00-03:00", MG, ("BR-10", "2026-06-05T08:00-03:00"), {}),
    ("christmas-on-friday", "2026-12-25T10:00-03:00", SP, ("BR-10", "2026-12-26T08:00-03:00"), {}),
    ("asked-from-another-zone", "2026-11-19T22:59Z", SP, OK, {}),
    ("asked-from-another-zone-late", "2026-11-19T23:00Z", SP, ("BR-10", "2026-11-21T11:00Z"), {}),
    ("rj-saturday", "2026-11-21T10:00-03:00", RJ, ("BR-11", "2026-11-23T09:00-03:00"), {}),
    ("rj-before-nine", "2026-11-19T08:59-03:00", RJ, ("BR-11", "2026-11-19T09:00-03:00"), {}),
    ("rj-nine", "2026-11-19T09:00-03:00", RJ, OK, {}),
    ("rj-nineteen", "2026-11-19T19:00-03:00", RJ, ("BR-11", "2026-11-23T09:00-03:00"), {}),
    ("rj-address-of-sp-number", "2026-11-19T19:30-03:00", SP, ("BR-11", "2026-11-23T09:00-03:00"), at("BR", "RJ")),
    ("sp-address-of-rj-number", "2026-11-21T10:00-03:00", RJ, ("BR-11", "2026-11-23T09:00-03:00"), at("BR", "SP")),
    ("rj-declared", "2026-11-21T10:00-03:00", SP, ("BR-11", "2026-11-23T09:00-03:00"), {"declared": ["BR-RJ"]}),
    ("es-evening", "2026-11-18T19:00-03:00", ES, ("BR-12", "2026-11-19T08:00-03:00"), {}),
    ("es-saturday", "2026-11-21T09:00-03:00", ES, ("BR-12", "2026-11-23T08:00-03:00"), {}),
    ("es-in-time", "2026-11-18T18:59-03:00", ES, OK, {}),
    ("pr-evening", "2026-11-18T18:00-03:00", PR, ("BR-12", "2026-11-19T08:00-03:00"), {}),
    ("pr-saturday", "2026-11-21T12:59-03:00", PR, OK, {}),
    ("pr-saturday-close", "2026-11-21T13:00-03:00", PR, ("BR-12", "2026-11-23T08:00-03:00"), {}),
    ("am-morning-of-brasilia", "2026-11-19T08:30-03:00", AM, ("BR-12", "2026-11-19T08:00-04:00"), {}),
    ("am-evening", "2026-11-18T18:00-04:00", AM, ("BR-12", "2026-11-19T08:00-04:00"), {}),
    ("am-saturday", "2026-11-21T09:00-04:00", AM, ("BR-12", "2026-11-23T08:00-04:00"), {}),
    ("am-address-of-sp-number", "2026-11-19T08:30-03:00", SP, ("BR-12", "2026-11-19T08:00-04:00"), at("BR", "AM")),
    ("sp-address-of-am-number", "2026-11-19T18:30-04:00", AM, ("BR-12", "2026-11-23T08:00-04:00"), at("BR", "SP")),
    ("west-of-am", "2026-11-19T08:30-04:00", AM_WEST, ("BR-12", "2026-11-19T08:00-05:00"), {}),
    ("ac-two-hours-behind", "2026-11-19T09:59-03:00", AC, ("BR-10", "2026-11-19T08:00-05:00"), {}),
    ("ac-evening", "2026-11-18T21:59-03:00", AC, OK, {}),
    ("ac-close", "2026-11-18T22:00-03:00", AC, ("BR-10", "2026-11-19T08:00-05:00"), {}),
    ("mt", "2026-11-19T08:30-03:00", MT, ("BR-10", "2026-11-19T08:00-04:00"), {}),
    ("ms-evening", "2026-11-18T20:30-03:00", MS, OK, {}),
    ("ro", "2026-11-19T08:59-03:00", RO, ("BR-10", "2026-11-19T08:00-04:00"), {}),
    ("rr", "2026-11-19T09:00-03:00", RR, OK, {}),
    ("pa-as-brasilia", "2026-11-19T08:00-03:00", PA, OK, {}),
    ("noronha-evening", "2026-11-18T19:30-03:00", None, ("BR-10", "2026-11-19T08:00-02:00"), at("BR", "FN") | EMAIL),
    ("pe-mainland-evening", "2026-11-18T19:30-03:00", "+5581987654321", OK, {}),
    ("al-text", "2026-11-19T20:30-03:00", AL, ("BR-10", "2026-11-21T08:00-03:00"), SMS),
    ("no-state-is-every-state", "2026-11-19T09:30-03:00", TOLL_FREE, ("BR-10", "2026-11-19T08:00-05:00"), {}),
    ("no-state-but-address", "2026-11-19T09:30-03:00", TOLL_FREE, OK, at("BR", "MG")),
    ("email-country-only", "2026-11-19T18:30-03:00", None, ("BR-12", "2026-11-23T08:00-05:00"), at("BR") | EMAIL),
    ("unknown-state-in-address", "2026-11-19T08:00-03:00", SP, OK, at("BR", "XX")),
    ("three-dials-today", "2026-11-18T16:00-03:00", SP, ("policy.dials_per_day", "2026-11-19T08:00-03:00"),
     past("2026-11-18T09:00-03:00 attempt", "2026-11-18T11:00-03:00 attempt", "2026-11-18T13:00-03:00 attempt")),
    ("three-dials-before-holiday", "2026-11-19T16:00-03:00", SP, ("policy.dials_per_day", "2026-11-21T08:00-03:00"),
     past("2026-11-19T09:00-03:00 attempt", "2026-11-19T11:00-03:00 attempt", "2026-11-19T13:00-03:00 attempt")),
    ("two-dials-today", "2026-11-18T16:00-03:00", SP, OK,
     past("2026-11-18T09:00-03:00 attempt", "2026-11-18T11:00-03:00 attempt")),
    ("three-dials-for-other-debts", "2026-11-18T16:00-03:00", SP, ("policy.dials_per_day", "2026-11-19T08:00-03:00"),
     {"debt": "D1"} | past(*(f"2026-11-18T{h}:00-03:00 attempt D{h}" for h in ("09", "10", "11")))),
    ("twelve-dials-this-week", "2026-11-18T16:00-03:00", SP, ("policy.dials_per_week", "2026-11-19T08:00-03:00"),
     past(*(f"2026-11-{d}T{h}:00-03:00 attempt" for d in (12, 13, 14, 16, 17) for h in ("09", "11")),
          "2026-11-12T13:00-03:00 attempt", "2026-11-13T13:00-03:00 attempt")),
    ("talk-this-morning", "2026-11-18T16:00-03:00", SP, ("policy.after_conversation", "2026-11-19T08:00-03:00"),
     past("2026-11-18T09:00-03:00 conversation")),
    ("talk-yesterday", "2026-11-18T16:00-03:00", SP, OK, past("2026-11-17T19:50-03:00 conversation")),
    ("text-after-talk", "2026-11-18T16:00-03:00", SP, OK, past("2026-11-18T09:00-03:00 conversation") | SMS),
    ("second-text-today", "2026-11-18T16:00-03:00", SP, ("policy.message_gap", "2026-11-19T08:00-03:00"),
     past("2026-11-18T09:00-03:00 sms") | SMS),
    ("fourth-text-this-week", "2026-11-18T16:00-03:00", SP, ("policy.messages_per_week", "2026-11-19T08:00-03:00"),
     past("2026-11-12T09:00-03:00 sms", "2026-11-14T09:00-03:00 email", "2026-11-16T09:00-03:00 sms") | SMS),
    ("old-debt", "2026-11-18T16:00-03:00", SP, ("BR-04", None), case(days_overdue=1826)),
    ("old-debt-of-a-stranger", "2026-11-18T16:00-03:00", SP, OK,
     case(days_overdue=1826) | {"creditor": {"sarb_signatory": False}}),
    ("debt-of-five-years", "2026-11-18T16:00-03:00", SP, OK,
     case(days_overdue=1825) | {"creditor": {"sarb_signatory": True}}),
    ("debt-too-old-tomorrow", "2026-11-18T20:00-03:00", SP, ("BR-10", None), case(days_overdue=1825)),
    ("old-debt-by-text", "2026-11-18T16:00-03:00", SP, OK, case(days_overdue=1826) | SMS),
    ("over-indebted", "2026-11-18T16:00-03:00", SP, ("over_indebtedness", None), case(stops=["over_indebtedness"])),
    ("wrong-number", "2026-11-18T16:00-03:00", SP, ("wrong_number", None), case(stops=["wrong_number"])),
    ("stops-in-order", "2026-11-18T16:00-03:00", SP, ("deceased", None), case(stops=["paid", "dispute", "deceased"])),
    ("stop-before-hours", "2026-11-22T03:00-03:00", SP, ("cease", None), case(stops=["cease"])),
    ("legal-stage", "2026-11-18T16:00-03:00", SP, ("legal", None), case(stage="legal")),
    ("pre-legal-call", "2026-11-18T16:00-03:00", SP, ("pre_legal", None), case(stage="pre_legal")),
    ("pre-legal-mail", "2026-11-18T16:00-03:00", SP, OK, case(stage="pre_legal") | EMAIL),
    ("cooloff", "2026-11-18T16:00-03:00", SP, ("cooloff", "2026-11-23T08:00-03:00"),
     case(cooloff_until="2026-11-22T16:00-03:00")),
    ("cooloff-over", "2026-11-18T16:00-03:00", SP, OK, case(cooloff_until="2026-11-18T16:00-03:00")),
    ("cooloff-for-years", "2026-11-18T16:00-03:00", SP, ("cooloff", "2029-01-02T08:00-03:00"),
     case(cooloff_until="2029-01-01T00:00-03:00")),
    ("not-yet-due", "2026-11-17T10:00-03:00", SP, ("preventive", "2026-11-21T08:00-03:00"),
     case(stage="preventive", days_overdue=-3)),
    ("not-yet-due-reminder", "2026-11-17T10:00-03:00", SP, OK, case(stage="preventive", days_overdue=-3) | REMIND),
    ("not-yet-due-reminder-at-night", "2026-11-17T21:00-03:00", SP, ("BR-10", "2026-11-18T08:00-03:00"),
     case(stage="preventive", days_overdue=-3) | REMIND),
    ("promise-collection", "2026-12-01T10:00-03:00", SP, ("open_promise", "2026-12-08T08:00-03:00"),
     case(open_promise_due="2026-12-07")),
    ("promise-reminder-day-before", "2026-12-08T10:00-03:00", SP, OK, case(open_promise_due="2026-12-09") | REMIND),
    ("promise-reminder-too-early", "2026-12-01T10:00-03:00", SP, ("open_promise", "2026-12-08T08:00-03:00"),
     case(open_promise_due="2026-12-09") | REMIND),
    ("promise-reminder-by-text", "2026-12-08T10:00-03:00", SP, OK, case(open_promise_due="2026-12-09") | REMIND | SMS),
    ("promise-reminded-already", "2026-12-08T15:00-03:00", SP, ("open_promise", None),
     case(open_promise_due="2026-12-09") | REMIND | past("2026-12-08T09:00-03:00 sms")),
    ("promise-reminder-outside-hours", "2026-12-08T20:30-03:00", SP, ("BR-10", "2026-12-09T08:00-03:00"),
     case(open_promise_due="2026-12-09") | REMIND),
    ("callback-at-its-hour", "2026-11-18T18:00-03:00", SP, OK,
     case(debtor_asked_for="2026-11-18T18:00-03:00", cooloff_until="2026-11-25T00:00-03:00") | CALLBACK
     | past("2026-11-18T09:00-03:00 conversation", "2026-11-18T09:01-03:00 callback_asked")),
    ("callback-early", "2026-11-18T17:00-03:00", SP, ("callback_early", "2026-11-18T18:00-03:00"),
     case(debtor_asked_for="2026-11-18T18:00-03:00") | CALLBACK),
    ("callback-named-after-hours", "2026-11-18T21:00-03:00", SP, ("BR-10", "2026-11-19T08:00-03:00"),
     case(debtor_asked_for="2026-11-18T21:00-03:00") | CALLBACK),
    ("callback-nobody-asked-for", "2026-11-18T18:00-03:00", SP, ("cooloff", "2026-11-25T08:00-03:00"),
     case(cooloff_until="2026-11-25T00:00-03:00") | CALLBACK),
    ("callback-against-a-stop", "2026-11-18T18:00-03:00", SP, ("cease", None),
     case(debtor_asked_for="2026-11-18T18:00-03:00", stops=["cease"]) | CALLBACK),
    ("softer-than-the-law", "2026-11-18T16:00-03:00", SP, ("policy.intensity", "2026-11-19T08:00-03:00"),
     past("2026-11-18T09:00-03:00 attempt") | {"intensity": {"per_day": 1}}),
    ("softer-week", "2026-11-18T16:00-03:00", SP, ("policy.intensity", "2026-11-21T08:00-03:00"),
     past("2026-11-13T09:00-03:00 sms", "2026-11-14T09:00-03:00 attempt") | {"intensity": {"per_week": 2}}),
    ("softer-gap", "2026-11-18T16:00-03:00", SP, ("policy.intensity", "2026-11-19T09:00-03:00"),
     past("2026-11-17T09:00-03:00 attempt") | {"intensity": {"gap_hours": 48}}),
    ("softer-is-not-above-the-law", "2026-11-18T16:00-03:00", SP, ("policy.dials_per_day", "2026-11-19T08:00-03:00"),
     past(*(f"2026-11-18T{h}:00-03:00 attempt" for h in ("09", "10", "11"))) | {"intensity": {"per_day": 9}}),
    ("softer-but-asked-for", "2026-11-18T18:00-03:00", SP, OK,
     past("2026-11-18T09:00-03:00 attempt") | {"intensity": {"per_day": 1}} | CALLBACK
     | case(debtor_asked_for="2026-11-18T18:00-03:00")),
    ("guarded", "2026-11-19T19:57-03:00", SP, ("BR-10", "2026-11-21T08:00-03:00"), {"guard_s": 240}),
]  # fmt: skip

UNITED_STATES = [
    ("ny-open", "2026-11-18T08:00-05:00", NY, OK, YES),
    ("ny-before-open", "2026-11-18T07:59-05:00", NY, ("US-01", "2026-11-18T08:00-05:00"), YES),
    ("ny-close", "2026-11-18T21:00-05:00", NY, ("US-01", "2026-11-19T08:00-05:00"), YES),
    ("ny-in-time", "2026-11-18T20:59-05:00", NY, OK, YES),
    ("sunday-off-by-policy", "2026-11-22T12:00-05:00", NY, ("US-01", "2026-11-23T08:00-05:00"), YES),
    ("thanksgiving", "2026-11-26T12:00-05:00", NY, ("US-01", "2026-11-27T08:00-05:00"), YES),
    ("la-at-ny-morning", "2026-11-18T10:59-05:00", LA, ("US-01", "2026-11-18T08:00-08:00"), YES),
    ("ny-number-ca-address", "2026-11-18T09:00-05:00", NY, ("US-01", "2026-11-18T08:00-08:00"), YES | at("US", "CA")),
    ("ca-number-ny-address-late", "2026-11-18T18:30-08:00", LA, ("US-01", "2026-11-19T08:00-08:00"),
     YES | at("US", "NY")),
    ("chicago", "2026-11-18T08:30-05:00", CHICAGO, ("US-01", "2026-11-18T08:00-06:00"), YES),
    ("denver-evening", "2026-11-18T22:30-05:00", DENVER, OK, YES),
    ("phoenix-in-summer", "2026-07-15T10:30-04:00", PHOENIX, ("US-01", "2026-07-15T08:00-07:00"), YES),
    ("phoenix-in-winter", "2026-11-18T10:00-05:00", PHOENIX, OK, YES),
    ("honolulu", "2026-11-18T12:59-05:00", HONOLULU, ("US-01", "2026-11-18T08:00-10:00"), YES),
    ("miami-in-florida", "2026-11-18T08:00-05:00", MIAMI, OK, YES | at("US", "FL")),
    ("pensacola-may-be-either", "2026-11-18T08:30-05:00", PENSACOLA, ("US-01", "2026-11-18T08:00-06:00"), YES),
    ("florida-without-a-number", "2026-11-18T08:30-05:00", None, ("US-01", "2026-11-18T08:00-06:00"),
     at("US", "FL") | EMAIL),
    ("gary-is-central", "2026-11-18T08:30-05:00", "+12195550123", ("US-01", "2026-11-18T08:00-06:00"), YES),
    ("puerto-rico", "2026-11-18T08:00-04:00", SAN_JUAN, OK, YES),
    ("puerto-rico-close", "2026-11-18T21:00-04:00", SAN_JUAN, ("US-01", "2026-11-20T08:00-04:00"), YES),
    ("toll-free-is-every-zone", "2026-11-18T12:30-05:00", US_FREE, ("US-01", "2026-11-18T13:00-05:00"), YES),
    ("day-clocks-spring-forward", "2026-03-09T07:30-04:00", NY, ("US-01", "2026-03-09T08:00-04:00"), YES),
    ("over-the-autumn-change", "2026-10-31T21:00-04:00", NY, ("US-01", "2026-11-02T08:00-05:00"), YES),
    ("no-consent-list", "2026-11-18T12:00-05:00", NY, ("US-08", None), {}),
    ("consent-for-text-only", "2026-11-18T12:00-05:00", NY, ("US-08", None), consent("sms")),
    ("consent-without-proof", "2026-11-18T12:00-05:00", NY, ("US-08", None), consent(source="")),
    ("consent-given-later", "2026-11-18T12:00-05:00", NY, ("US-08", None), consent(when="2027-01-05T10:00-05:00")),
    ("text-needs-none", "2026-11-18T12:00-05:00", NY, OK, SMS),
    ("seven-dials-on-a-debt", "2026-11-19T15:00-05:00", NY, ("US-02", "2026-11-20T08:00-05:00"),
     YES | {"debt": "D1"} | past(*(f"2026-11-{d}T10:00-05:00 attempt D1 NA" for d in range(13, 20)))),
    ("seven-dials-on-another", "2026-11-19T15:00-05:00", NY, OK,
     YES | {"debt": "D2"} | past(*(f"2026-11-{d}T10:00-05:00 attempt D1 NA" for d in range(13, 20)))),
    ("six-dials", "2026-11-19T15:00-05:00", NY, OK,
     YES | {"debt": "D1"} | past(*(f"2026-11-{d}T10:00-05:00 attempt D1 NA" for d in range(14, 20)))),
    ("seven-dials-not-connected", "2026-11-19T15:00-05:00", NY, OK,
     YES | {"debt": "D1"} | past(*(f"2026-11-{d}T10:00-05:00 attempt D1 DC" for d in range(13, 20)))),
    ("talk-day-is-day-one", "2026-11-16T15:00-05:00", NY, ("US-02", "2026-11-23T08:00-05:00"),
     YES | {"debt": "D1"} | past("2026-11-16T10:00-05:00 conversation D1")),
    ("last-day-of-quiet", "2026-11-22T15:00-05:00", NY, ("US-02", "2026-11-23T08:00-05:00"),
     YES | {"debt": "D1"} | past("2026-11-16T10:00-05:00 conversation D1")),
    ("quiet-is-over", "2026-11-23T08:00-05:00", NY, OK,
     YES | {"debt": "D1"} | past("2026-11-16T10:00-05:00 conversation D1")),
    ("quiet-of-another-debt", "2026-11-18T15:00-05:00", NY, OK,
     YES | {"debt": "D2"} | past("2026-11-16T10:00-05:00 conversation D1")),
    ("two-dials-today", "2026-11-18T15:00-05:00", NY, ("policy.dials_per_day", "2026-11-19T08:00-05:00"),
     YES | {"debt": "D1"} | past("2026-11-18T09:00-05:00 attempt D2", "2026-11-18T11:00-05:00 attempt D3")),
    ("asked-within-the-week", "2026-11-18T15:00-05:00", NY, OK,
     YES | {"debt": "D1"} | CALLBACK
     | past("2026-11-16T10:00-05:00 conversation D1", "2026-11-16T10:01-05:00 callback_asked")),
    ("asked-too-long-ago", "2026-11-24T15:00-05:00", NY, ("US-02", "2026-11-27T08:00-05:00"),
     YES | {"debt": "D1"} | CALLBACK
     | past("2026-11-16T10:00-05:00 callback_asked", "2026-11-20T10:00-05:00 conversation D1")),
    ("named-an-unusual-hour", "2026-11-18T21:30-05:00", NY, OK,
     YES | CALLBACK | case(debtor_asked_for="2026-11-18T21:30-05:00") | past("2026-11-17T10:00-05:00 callback_asked")),
    ("cease-letter", "2026-11-18T12:00-05:00", NY, ("cease", None), YES | case(stops=["cease"])),
    ("attorney", "2026-11-18T12:00-05:00", NY, ("attorney", None), YES | case(stops=["attorney"]) | SMS),
    ("dispute", "2026-11-18T12:00-05:00", NY, ("dispute", None), YES | case(stops=["dispute"]) | EMAIL),
    ("no-federal-age-of-debt", "2026-11-18T12:00-05:00", NY, OK, YES | case(days_overdue=4000)),
    ("brazilian-address", "2026-11-18T20:00-03:00", NY, ("BR-10", "2026-11-19T08:00-05:00"), YES | at("BR", "SP")),
]  # fmt: skip

MEXICO = [
    ("open", "2026-11-18T07:00-06:00", CDMX, OK, {}),
    ("before-open", "2026-11-18T06:59-06:00", CDMX, ("MX-01", "2026-11-18T07:00-06:00"), {}),
    ("late-but-lawful", "2026-11-18T21:59-06:00", CDMX, OK, {}),
    ("friday-close", "2026-11-20T22:00-06:00", CDMX, ("MX-01", "2026-11-23T07:00-06:00"), {}),
    ("saturday", "2026-11-21T12:00-06:00", CDMX, ("MX-01", "2026-11-23T07:00-06:00"), {}),
    ("revolution-day", "2026-11-16T12:00-06:00", CDMX, ("MX-01", "2026-11-17T07:00-06:00"), {}),
    ("tijuana-is-two-hours-behind", "2026-11-18T08:30-06:00", TIJUANA, ("MX-01", "2026-11-18T07:00-08:00"), {}),
    ("tijuana-in-summer", "2026-07-15T08:00-06:00", TIJUANA, OK, {}),
    ("cancun-closes-first", "2026-11-18T21:30-06:00", CANCUN, ("MX-01", "2026-11-19T07:00-05:00"), {}),
    ("juarez-in-winter", "2026-11-18T07:30-06:00", JUAREZ, ("MX-01", "2026-11-18T07:00-07:00"), {}),
    ("juarez-in-summer", "2026-07-15T07:00-06:00", JUAREZ, OK, {}),
    ("chihuahua-is-central", "2026-11-18T22:00-06:00", CHIHUAHUA, ("MX-01", "2026-11-19T07:00-06:00"), {}),
    ("matamoros-in-summer", "2026-07-15T21:30-06:00", MATAMOROS, ("MX-01", "2026-07-16T07:00-05:00"), {}),
    ("hermosillo", "2026-11-18T07:30-06:00", HERMOSILLO, ("MX-01", "2026-11-18T07:00-07:00"), {}),
    ("cdmx-number-in-tijuana", "2026-11-18T08:00-06:00", CDMX, ("MX-01", "2026-11-18T07:00-08:00"), at("MX", "BC")),
    ("state-of-chihuahua", "2026-11-18T07:30-06:00", None, ("MX-01", "2026-11-18T07:00-07:00"),
     at("MX", "CHH") | EMAIL),
    ("no-place-but-the-country", "2026-11-18T08:30-06:00", None, ("MX-01", "2026-11-18T09:00-06:00"), at("MX") | EMAIL),
    ("talk-today", "2026-11-18T15:00-06:00", CDMX, ("policy.after_conversation", "2026-11-19T07:00-06:00"),
     past("2026-11-18T09:00-06:00 conversation")),
]  # fmt: skip

COLOMBIA = [
    ("open", "2026-11-18T07:00-05:00", BOGOTA, OK, {}),
    ("close", "2026-11-18T19:00-05:00", BOGOTA, ("CO-01", "2026-11-19T07:00-05:00"), {}),
    ("saturday-open", "2026-11-21T08:00-05:00", BOGOTA, OK, {}),
    ("saturday-before-open", "2026-11-21T07:30-05:00", BOGOTA, ("CO-01", "2026-11-21T08:00-05:00"), {}),
    ("saturday-close", "2026-11-21T15:01-05:00", BOGOTA, ("CO-01", "2026-11-23T07:00-05:00"), {}),
    ("holiday-monday", "2026-11-16T10:00-05:00", BOGOTA, ("CO-01", "2026-11-17T07:00-05:00"), {}),
    ("sunday", "2026-11-22T10:00-05:00", BOGOTA, ("CO-01", "2026-11-23T07:00-05:00"), {}),
    ("second-channel", "2026-11-19T10:00-05:00", BOGOTA, ("CO-01", "2026-11-24T07:00-05:00"),
     past("2026-11-17T10:00-05:00 attempt") | SMS),
    ("voice-after-text", "2026-11-19T10:00-05:00", BOGOTA, ("CO-01", "2026-11-24T07:00-05:00"),
     past("2026-11-17T10:00-05:00 sms")),
    ("same-channel-next-day", "2026-11-19T10:00-05:00", BOGOTA, OK, past("2026-11-18T10:00-05:00 attempt")),
    ("once-a-day", "2026-11-18T15:00-05:00", BOGOTA, ("CO-01", "2026-11-19T07:00-05:00"),
     past("2026-11-18T10:00-05:00 attempt")),
    ("week-after-a-talk", "2026-11-20T10:00-05:00", BOGOTA, ("CO-01", "2026-11-24T07:00-05:00"),
     past("2026-11-17T10:00-05:00 conversation")),
    ("text-in-the-week-after-a-talk", "2026-11-20T10:00-05:00", BOGOTA, ("CO-01", "2026-11-24T07:00-05:00"),
     past("2026-11-17T10:00-05:00 conversation") | SMS),
    ("week-is-over", "2026-11-24T07:00-05:00", BOGOTA, OK, past("2026-11-17T10:00-05:00 conversation")),
    ("voice-not-authorised", "2026-11-18T10:00-05:00", BOGOTA, ("CO-01", None), consent("sms")),
    ("text-authorised", "2026-11-18T10:00-05:00", BOGOTA, OK, consent("sms") | SMS),
    ("nothing-authorised", "2026-11-18T10:00-05:00", BOGOTA, ("CO-01", None), {"consent": []} | SMS),
    ("asked-for-a-callback", "2026-11-19T16:00-05:00", BOGOTA, OK,
     case(debtor_asked_for="2026-11-19T16:00-05:00") | CALLBACK
     | past("2026-11-18T10:00-05:00 conversation", "2026-11-18T10:01-05:00 callback_asked")),
]  # fmt: skip

CHILE = [
    ("open", "2026-11-18T08:00-03:00", SANTIAGO, OK, {}),
    ("saturday-evening", "2026-11-21T19:59-03:00", SANTIAGO, OK, {}),
    ("saturday-close", "2026-11-21T20:00-03:00", SANTIAGO, ("CL-01", "2026-11-23T08:00-03:00"), {}),
    ("immaculate-conception", "2026-12-08T10:00-03:00", SANTIAGO, ("CL-01", "2026-12-09T08:00-03:00"), {}),
    ("effective-call-this-week", "2026-11-19T10:00-03:00", SANTIAGO, ("CL-01", "2026-11-23T08:00-03:00"),
     past("2026-11-16T10:00-03:00 conversation")),
    ("effective-call-a-week-ago", "2026-11-23T10:00-03:00", SANTIAGO, OK, past("2026-11-16T10:00-03:00 conversation")),
    ("unanswered-this-week", "2026-11-19T10:00-03:00", SANTIAGO, OK, past("2026-11-16T10:00-03:00 attempt")),
    ("five-dials-this-week", "2026-11-19T10:00-03:00", SANTIAGO, ("policy.dials_per_week", "2026-11-20T08:00-03:00"),
     past(*(f"2026-11-{d}T10:00-03:00 attempt" for d in (13, 14, 16, 17, 18)))),
    ("text-the-next-day", "2026-11-18T10:00-03:00", SANTIAGO, ("CL-01", "2026-11-20T08:00-03:00"),
     past("2026-11-17T10:00-03:00 sms") | SMS),
    ("two-clear-days", "2026-11-20T10:00-03:00", SANTIAGO, OK, past("2026-11-17T10:00-03:00 sms") | SMS),
    ("third-text-this-week", "2026-11-23T10:00-03:00", SANTIAGO, ("CL-01", "2026-11-24T08:00-03:00"),
     past("2026-11-17T10:00-03:00 sms", "2026-11-20T10:00-03:00 sms") | SMS),
    ("mail-counts-as-message", "2026-11-18T10:00-03:00", SANTIAGO, ("CL-01", "2026-11-20T08:00-03:00"),
     past("2026-11-17T10:00-03:00 sms") | EMAIL),
    ("text-after-a-call", "2026-11-17T10:00-03:00", SANTIAGO, OK, past("2026-11-16T10:00-03:00 conversation") | SMS),
    ("spring-forward-on-sunday", "2026-09-05T20:00-04:00", SANTIAGO, ("CL-01", "2026-09-07T08:00-03:00"), {}),
    ("fall-back-on-sunday", "2026-04-04T20:30-03:00", SANTIAGO, ("CL-01", "2026-04-06T08:00-04:00"), {}),
    ("magallanes-in-winter", "2026-07-15T19:30-04:00", PUNTA_ARENAS, ("CL-01", "2026-07-17T08:00-03:00"), {}),
    ("santiago-in-winter", "2026-07-15T19:30-04:00", SANTIAGO, OK, {}),
    ("mobile-in-winter", "2026-07-15T19:30-04:00", CL_MOBILE, OK, at("CL", "RM")),
    ("aysen-in-winter", "2026-07-15T19:30-04:00", CL_MOBILE, ("CL-01", "2026-07-17T08:00-04:00"), at("CL", "AI")),
]  # fmt: skip

ANDES = [
    ("pe-open", "2026-11-18T07:00-05:00", LIMA, OK, {}),
    ("pe-close", "2026-11-18T20:00-05:00", LIMA, ("PE-01", "2026-11-19T07:00-05:00"), {}),
    ("pe-saturday", "2026-11-21T10:00-05:00", LIMA, ("PE-01", "2026-11-23T07:00-05:00"), {}),
    ("pe-two-holidays", "2026-07-28T10:00-05:00", LIMA, ("PE-01", "2026-07-30T07:00-05:00"), {}),
    ("pe-in-time", "2026-11-18T19:59-05:00", LIMA, OK, {}),
    ("ec-open", "2026-11-18T07:00-05:00", QUITO, OK, {}),
    ("ec-once-a-day", "2026-11-18T15:00-05:00", QUITO, ("EC-01", "2026-11-19T07:00-05:00"),
     past("2026-11-18T09:00-05:00 attempt")),
    ("ec-text-after-call", "2026-11-18T15:00-05:00", QUITO, ("EC-01", "2026-11-19T07:00-05:00"),
     past("2026-11-18T09:00-05:00 attempt") | SMS),
    ("ec-weekend", "2026-11-20T20:00-05:00", QUITO, ("EC-01", "2026-11-23T07:00-05:00"), {}),
]  # fmt: skip

NOWHERE = [
    ("no-rules-for-spain", "2026-11-18T12:00+01:00", MADRID, ("fail_closed", None), {}),
    ("no-rules-for-canada", "2026-11-18T12:00-05:00", "+14165550123", ("fail_closed", None), YES),
    ("spanish-address", "2026-11-18T12:00-03:00", SP, ("fail_closed", None), at("ES")),
    ("no-such-country-code", "2026-11-18T12:00-03:00", "+999123456", ("fail_closed", None), {}),
    ("number-without-country", "2026-11-18T12:00-03:00", "11987654321", ("fail_closed", None), {}),
    ("nothing-known", "2026-11-18T12:00-03:00", None, ("fail_closed", None), EMAIL),
    ("declared-nowhere", "2026-11-18T12:00-03:00", SP, ("fail_closed", None), {"declared": ["XX"]}),
    ("unknown-stop", "2026-11-18T12:00-03:00", SP, ("fail_closed", None), case(stops=["asleep"])),
    ("unknown-stage", "2026-11-18T12:00-03:00", SP, ("fail_closed", None), case(stage="odd")),
    ("clock-off", "2026-11-18T12:00-03:00", SP, ("fail_closed", None), {"clock_skew_s": 61}),
    ("history-of-the-future", "2026-11-18T12:00-03:00", SP, ("fail_closed", None),
     past("2026-11-18T12:02-03:00 attempt")),
    ("before-the-law", "2020-01-15T10:00-05:00", BOGOTA, ("fail_closed", None), {}),
]  # fmt: skip

CASES = {
    f"{country}/{name}": rest
    for country, table in (
        ("br", BRAZIL), ("us", UNITED_STATES), ("mx", MEXICO), ("co", COLOMBIA), ("cl", CHILE), ("andes", ANDES),
        ("nowhere", NOWHERE),
    )
    for name, *rest in table
}  # fmt: skip
