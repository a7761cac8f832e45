"""What a list says of a case beside the debt: columns of its own, each value checked for what its name promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from voiceagent.calendars.zones import zones_of
from voiceagent.dialer import consents
from voiceagent.dialer.cells import CellError, day, refuse_formula, refuse_scientific
from voiceagent.dialer.columns import PREFIX, field_of

LONGEST = 500
_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,6})?%?", re.ASCII)
_WHOLE = re.compile(r"\d{1,5}", re.ASCII)
_PLACE = re.compile(r"(?:([A-Z]{2})-)?([A-Z]{2,3})", re.ASCII)
_PAIR = re.compile(r"\s*([A-Za-z_][\w ]{0,40}?)\s*[:=]\s*([^;|]*?)\s*(?:[;|]|$)")


def value(name: str, text: str, region: str) -> str:
    """`text` as it is kept under `name`; CellError when it is not what the name says, or damaged."""
    refuse_formula(text)
    refuse_scientific(text)
    if len(text) > LONGEST:
        raise CellError("E_LONG", f"more than {LONGEST} characters")
    read = _KINDS.get(name)
    return read(text, region) if read else text


def unpacked(text: str) -> dict[str, str]:
    """The fields within one cell: a JSON object, or `contrato: C-1; valor: 900,00`. CellError when it is neither."""
    if text.startswith("{"):
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            raise CellError("E_MORE", "not a JSON object: check quotes and commas") from None
        pairs = {str(name): _plain_text(item) for name, item in said.items()}
    else:
        pairs = {match[1]: match[2] for match in _PAIR.finditer(text)}
        if not pairs:
            raise CellError("E_MORE", "neither a JSON object nor name: value; name: value")
    found: dict[str, str] = {}
    for title, item in pairs.items():
        field = field_of(title)
        if field is not None and not field.startswith(PREFIX) and item:
            found[field] = item
    return found


def _plain_text(item: object) -> str:
    if item is None or isinstance(item, dict | list):
        return ""
    return str(item)


def _number(text: str, region: str) -> str:
    if not _NUMBER.fullmatch(text.strip()):
        raise CellError("E_NUMBER", "not a number: write it like 850 or 0.73")
    return text.strip().rstrip("%").replace(",", ".")


def _whole(text: str, region: str) -> str:
    if not _WHOLE.fullmatch(text.strip()):
        raise CellError("E_NUMBER", "not a whole number")
    return str(int(text))


def _consent(text: str, region: str) -> str:
    found = consents.told(text)
    if found is None:
        raise CellError("E_CONSENT", "consent is yes, no or channels (voz, sms); its day goes to consentimento_em")
    return found


def _yes_or_no(text: str, region: str) -> str:
    found = consents.told(text)
    if found not in ("yes", "no"):
        raise CellError("E_CONSENT", "consent to one channel is yes or no; its day goes to consentimento_em")
    return found


def _signed(text: str, region: str) -> str:
    found = consents.told(text)
    if found not in ("yes", "no"):
        raise CellError("E_SARB", "whether the creditor signed is yes or no")
    return found


def _jurisdictions(text: str, region: str) -> str:
    """BR-RJ, or RJ alone; several by blanks or commas."""
    found = []
    for word in text.upper().replace(",", " ").replace(";", " ").split():
        match = _PLACE.fullmatch(word)
        country, state = (match[1] or region, match[2]) if match else (region, "")
        if not match or not zones_of(country, state):
            raise CellError("E_STATE", "a jurisdiction is written like BR-RJ")
        found.append(f"{country}-{state}")
    return " ".join(dict.fromkeys(found))


def _day(text: str, region: str) -> str:
    return day(text, region).isoformat()


_KINDS: dict[str, Callable[[str, str], str]] = {
    "score": _number,
    "most_discount": _number,
    "most_instalments": _whole,
    "days_overdue": _whole,
    "sarb_signatory": _signed,
    "jurisdiction": _jurisdictions,
    "consent": _consent,
    "consent_voice": _yes_or_no,
    "consent_sms": _yes_or_no,
    "consent_email": _yes_or_no,
    "consent_at": _day,
}
