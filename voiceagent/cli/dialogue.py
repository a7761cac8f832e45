"""What the commands about conversations share: the day of a call, and its briefing."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from voiceagent.base.clock import SystemClock
from voiceagent.base.errors import UsageError
from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, DECIMALS, Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.calendars.zones import default_zone, zone_of
from voiceagent.debt.case import Case, Debt
from voiceagent.debt.offer import Offer
from voiceagent.debt.policy import Policy
from voiceagent.dialogue.delivery import first_mobile
from voiceagent.dialogue.state import Briefing
from voiceagent.settings.spokenlaw import law_of

#: A conversation as text begins at this time of its day when only the day was given.
_MORNING = time(10, 0)


def call_day(today: object, case: Case) -> datetime:
    """The start of a call: at ten on the day given, else now; aware, in the debtor's zone."""
    zone = ZoneInfo(zone_of(case.region, case.state) or default_zone(case.region) or "UTC")
    if today is None:
        return SystemClock().now().astimezone(zone)
    try:
        return datetime.combine(date.fromisoformat(str(today)), _MORNING, tzinfo=zone)
    except ValueError as error:
        raise UsageError(f"not a day: {today!r}; write it like 2026-11-18") from error


#: What a law may want said of the caller, for conversations outside a campaign.
ADDRESS, RETURN_NUMBER = "Avenida Central 100", "5550100200"


def brief(
    case: Case,
    policy: Policy,
    started: datetime,
    dialplans: Path,
    *,
    company: str = "Atende Mais",
    first_contact: bool = True,
    open_offer: Offer | None = None,
) -> Briefing:
    """The briefing of a conversation outside a campaign; its protocol is made of the instant."""
    return Briefing(
        case=case,
        policy=policy,
        started=started,
        business=BusinessCalendar(case.region, case.state),
        company=company,
        protocol=started.strftime("%y%m%d%H%M"),
        return_number=RETURN_NUMBER,
        address=ADDRESS,
        law=law_of(dialplans, case.language, case.region, case.state, started.date()),
        first_contact=first_contact,
        open_offer=open_offer,
        text_number=first_mobile(case.phones, case.region),
    )


def sample_case(language: Language, region: str | None) -> Case:
    """An invented debtor for trying a script: born on 15 March, document beginning 123, owing three months' worth."""
    region = region or language.default_region
    currency = CURRENCY_OF_REGION.get(region)
    if currency is None:
        raise UsageError(f"unknown region {region!r}: one of {', '.join(sorted(CURRENCY_OF_REGION))}")
    unit = 10 ** DECIMALS[currency] * {"COP": 1000, "CLP": 500}.get(currency, 1)
    debt = Debt(
        "00987654", "Loja Aurora", "", Money(900 * unit, currency), Money(300 * unit, currency), date(2026, 3, 10)
    )
    phone = _SAMPLE_PHONES.get(region, "")
    return Case("Marina Souza", "12345678909", language, region, (debt,), date(1985, 3, 15), (phone,) if phone else ())


#: Numbers that belong to nobody, or to whoever tries the program.
_SAMPLE_PHONES = {"BR": "+5511987650001", "MX": "+525587650001", "CO": "+573005550001", "US": "+15125550001"}


def default_policy(dialplans: Path, case: Case) -> str:
    """The demonstration policy of the case's region."""
    name = f"demo-{case.region.lower()}"
    if (dialplans / "policies" / f"{name}.yaml").is_file():
        return name
    raise UsageError(f"no policy for region {case.region}: give one with --policy")
