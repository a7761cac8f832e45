"""Where the payment data go: a mobile number or an address that the debtor dictated, told apart from what is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """What was dictated and is read back before it is used. Personal data: it leaves the call in erasable rows only."""

    channel: str
    """sms or email."""
    address: str
    """E.164 or an e-mail address."""


def mobile(number: str, region: str) -> str | None:
    """The number in E.164 when a text message can reach it; None for landlines, short, foreign or garbled ones."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    ours = phonenumbers.country_code_for_region(region) == parsed.country_code
    if not ours or not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) not in kinds:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def first_mobile(numbers: Iterable[str], region: str) -> str:
    """The first that a text message can reach ("" when none can)."""
    return next((found for number in numbers if (found := mobile(number, region)) is not None), "")


def national(number: str) -> str:
    """The digits of an E.164 number as people of its country say them, without the country's code."""
    import phonenumbers

    return str(phonenumbers.national_significant_number(phonenumbers.parse(number)))
