"""What was said, as values: the slots of an utterance, and what they may be where the words leave it open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from voiceagent.base.money import Money
from voiceagent.language.amounts import bare_amount, currency_of, read_amounts
from voiceagent.language.assent import read_yes_no
from voiceagent.language.canonical import Canonical, canonical
from voiceagent.language.clocktimes import bare_hour, read_times
from voiceagent.language.dates import DateContext, next_day, read_dates
from voiceagent.language.digitstrings import read_digits
from voiceagent.language.emails import read_email
from voiceagent.language.instalments import MOST, read_instalments
from voiceagent.language.languages import lexicon_of
from voiceagent.language.lexicon import Lexicon
from voiceagent.language.readings import Outcome, Reading, Scan, compiled, settle
from voiceagent.language.repair import mend
from voiceagent.language.text import tokenise

#: Kinds of answer whose words are numbers: recogniser errors are mended only for these.
NUMERIC = frozenset({"date", "birth_date", "amount", "instalments", "digits", "time"})


@dataclass(frozen=True, slots=True)
class SlotReading:
    """The slots of one utterance in the `understand` command's form; an ambiguous one is only in `alternatives`."""

    slots: dict[str, Any] = field(default_factory=dict)
    alternatives: tuple[dict[str, Any], ...] = ()
    ambiguous: bool = False
    yes_no_confidence: float = 0.0


#: "5.20" and "14.30", as recognisers and half of Europe write the time of day; beside a currency they are money.
_DOTTED_TIME = re.compile(
    r"(?<![\d.,/$€])(?<![$€]\s)\b([01]?\d|2[0-3])\.([0-5]\d)(?![\d.,]*\d)"
    r"(?!\s?[$€]|\s+(?:rea(?:l|is)|pesos?|d[oó]lar(?:es)?|dollars?|soles|euros?|bucks)\b)"
)

_PERCENT = re.compile(r"(?<!\S)#(\d{1,3}) (?:%|por cento|por ciento|percent)(?!\S)")
#: A part of the debt is paid or forgiven; of the interest or as a down payment it is neither.
_OF_SOMETHING_ELSE = re.compile(
    r" (?:(?:de|do|dos|del?|of|in|as|a) )*(?:juros|multa|encargos|entrada|interes\w*|recargos?|enganche|anticipo|"
    r"down|deposit|fees?)(?!\S)"
)
_DISCOUNT = r"(?:descont\w+|abatimento|descuentos?|rebajas?|discounts?)"
_DISCOUNT_OF = re.compile(
    rf"(?<!\S)(?:{_DISCOUNT}(?: \S+){{0,4}}|tir\w+|abat\w+|me quit\w+|quiteme|quitame|rebaj\w+|(?:knock|take) off)"
    r"(?: (?:off|de|do|del|el|la|o|os|a|um|un|uns|unos|me|mais|mas|otro|outros|of|another|at least|like|pelo menos|"
    r"por lo menos))* $"
)
_OF_DISCOUNT = re.compile(rf" (?:(?:de|a|more|mais|mas) )*(?:{_DISCOUNT}|off|menos|less)(?!\S)")


def understand_slots(text: str, *, language: str, region: str, expect: Sequence[str], today: date) -> SlotReading:
    """Read `text` as an answer to a question about `expect` (date, birth_date, amount, instalments, digits, time, ...).

    Values that carry their own mark ("dia 15", "duzentos reais", "em tres vezes") are read whatever was asked; a bare
    number only as the one kind that was asked: the only one listed in `expect`, or the first when no other kind of
    number comes right after it ("date, intent, amount" asks for a date). A day is looked for before a number of
    instalments where `date` is the first kind of number listed.
    """
    lexicon = lexicon_of(language)
    expected = frozenset(expect)
    if "time" in expected and "amount" not in expected:
        text = _DOTTED_TIME.sub(r"\1:\2", text)
    main = expect[0] if expect and expect[0] in NUMERIC and not (len(expect) > 1 and expect[1] in NUMERIC) else ""
    found = _read(text, lexicon, region, expect, main, today)
    if expected & NUMERIC and not found.slots.keys() - {"yes_no"}:
        mended = _read(mend(text, lexicon), _confused(language), region, expect, main, today)
        if mended.slots.keys() - {"yes_no"}:
            return mended
    return found


@lru_cache(maxsize=8)
def _confused(language: str) -> Lexicon:
    """The lexicon that also reads what recognisers write for misheard numbers."""
    lexicon = lexicon_of(language)
    return replace(lexicon, code=f"{lexicon.code}+", phrases=lexicon.confusions + lexicon.phrases)


def _read(text: str, lexicon: Lexicon, region: str, expect: Sequence[str], main: str, today: date) -> SlotReading:
    expected = frozenset(expect)
    leading = next((kind for kind in expect if kind in NUMERIC), "")
    currency = currency_of(region)
    slots: dict[str, Any] = {}
    alternatives: list[dict[str, Any]] = []
    if "email" in expected or "@" in text:
        address = read_email(text, lexicon)
        if address:
            return SlotReading({"email": address})
    if "digits" in expected:
        digits = read_digits(text, lexicon)
        if digits and (len(digits) > 1 or expected <= {"digits", "intent", "yes_no"}):
            return SlotReading({"digits": digits})
    heard = canonical(text, lexicon)
    readings = _marked(heard, lexicon, region, currency, expected, leading, today)
    bare = _bare(heard, lexicon, currency, readings, expected, main, today)
    by_slot: dict[str, list[Reading]] = {}
    for reading in [*readings, *bare]:
        by_slot.setdefault(reading.slot, []).append(reading)
    for slot, group in by_slot.items():
        outcome = settle(group, heard, lexicon)
        _keep(slot, outcome, slots, alternatives)
    _settle_clash(slots, by_slot, alternatives)
    if "amount" in slots and _approximate(by_slot["amount"], heard, lexicon):
        slots["approx"] = True
    share = _share(heard, lexicon)
    if share is not None and "amount" not in slots and "instalments" not in slots:
        slots["share"] = share
    confidence = 0.0
    if "yes_no" in expected:
        answer, confidence = read_yes_no(_assent_line(text, lexicon), lexicon)
        if answer is not None:
            slots["yes_no"] = answer
    return SlotReading(slots, tuple(alternatives), bool(alternatives), confidence)


def _marked(
    heard: Canonical,
    lexicon: Lexicon,
    region: str,
    currency: str,
    expected: frozenset[str],
    leading: str,
    today: date,
) -> list[Reading]:
    """Values that carry their own mark; `leading` is the kind of number that was asked for before the others."""
    scan = Scan(heard)
    context = DateContext(today, region, month_first=region == "US")
    birth = "birth_date" in expected
    wants_date = birth or "date" in expected
    wants_parts = "instalments" in expected
    found: list[Reading] = []
    # "quinze do tres de oitenta" is a date to who asked for one, and three of eighty to who asked how to pay.
    day_first = wants_date and (not wants_parts or leading == "date")
    if day_first:
        found += read_dates(scan, lexicon, context, expected=True, birth=birth)
    found += read_instalments(scan, lexicon, currency, expected=wants_parts, day_first=day_first)
    found += read_times(scan, lexicon, expected="time" in expected)
    if not day_first:
        found += read_dates(scan, lexicon, context, expected=wants_date, birth=birth)
    found += read_amounts(scan, lexicon, currency, expected="amount" in expected)
    found += read_instalments(scan, lexicon, currency, expected=wants_parts, day_first=day_first, single=True)
    return found


def _bare(
    heard: Canonical,
    lexicon: Lexicon,
    currency: str,
    readings: list[Reading],
    expected: frozenset[str],
    main: str,
    today: date,
) -> list[Reading]:
    """Numbers alone, when nothing else was said that could make them something else."""
    scan = Scan(heard)
    for reading in readings:
        scan.consume(reading.start, reading.end)
    numbers = list(compiled(r"[#o](?P<n>\d+(?:\.\d{1,2})?)").finditer(scan.left))
    rest = re.sub(r"[#o]\d+(?:\.\d+)?", " ", scan.left.replace("~", " ")).split()
    if not numbers or any(word not in lexicon.bare_fillers for word in rest):
        return []
    made: list[Reading] = []
    for number in numbers:
        options = _options(number["n"], currency, expected, today)
        options = [option for option in options if option[0] == main] or options
        if len(numbers) == 1 and _only_article(heard, lexicon, number["n"]):
            continue
        if len(options) == 1:
            slot, value = options[0]
            made.append(Reading(slot, (value,), number.start(), number.end(), bare=True))
        else:
            made += [Reading(f"?{slot}", (value,), number.start(), number.end(), bare=True) for slot, value in options]
    return made


def _only_article(heard: Canonical, lexicon: Lexicon, number: str) -> bool:
    """Whether a "one" is the article of something else rather than an answer."""
    return number == "1" and len(heard.text.split()) > 3


def _options(number: str, currency: str, expected: frozenset[str], today: date) -> list[tuple[str, Any]]:
    whole = "." not in number
    value = int(number) if whole else 0
    options: list[tuple[str, Any]] = []
    if "date" in expected and whole and 1 <= value <= 31:
        day = next_day(value, today)
        options += [("date", day)] if day else []
    if "instalments" in expected and whole and 1 <= value <= MOST and number[0] != "0":
        options.append(("instalments", value))
    if "time" in expected and whole and 1 <= value <= 24:
        hour = bare_hour(value)
        options += [("time", hour)] if hour else []
    if "amount" in expected:
        amount = bare_amount(number, currency)
        options += [("amount", amount)] if amount else []
    if "amount" in expected and "instalments" in expected and value > 48:
        options = [option for option in options if option[0] != "instalments"]
    if "amount" in expected and "date" in expected and value > 31:
        options = [option for option in options if option[0] == "amount"]
    return options


def _keep(slot: str, outcome: Outcome, slots: dict[str, Any], alternatives: list[dict[str, Any]]) -> None:
    if outcome.value is not None and not slot.startswith("?"):
        slots[slot] = _plain(outcome.value)
        return
    values = outcome.candidates if outcome.value is None else (outcome.value,)
    for value in values:
        name = slot.lstrip("?")
        alternatives.append({"slot": name, "value": _plain(value), "confidence": round(1 / max(2, len(values)), 2)})


def _settle_clash(slots: dict[str, Any], by_slot: dict[str, list[Reading]], alternatives: list[dict[str, Any]]) -> None:
    """A whole month or week named beside a sure day adds nothing."""
    if "date" in slots or any(option["slot"] == "date" for option in alternatives):
        slots.pop("month", None)
        slots.pop("week", None)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Money) else value


def _approximate(readings: list[Reading], heard: Canonical, lexicon: Lexicon) -> bool:
    before = re.compile(rf"(?:^|\s)(?:{lexicon.approx})(?: r\$)?\s*$")
    after = re.compile(rf"^\s*(?:[a-z$]+ )?(?:{lexicon.approx_after})(?=\s|$)")
    return any(before.search(heard.text[: r.start]) or after.search(heard.text[r.end :]) for r in readings) or any(
        re.match(rf"(?:{lexicon.approx})\s", heard.text[r.start : r.end]) for r in readings
    )


def discount_asked(text: str, language: str) -> bool:
    """Whether the part that `text` names is one to be forgiven ("dez por cento de desconto"), not one to be paid."""
    found = _part(canonical(text, lexicon_of(language)), lexicon_of(language))
    return found is not None and found[1]


def _share(heard: Canonical, lexicon: Lexicon) -> float | None:
    """What of the whole would be paid."""
    found = _part(heard, lexicon)
    if found is None:
        return None
    part, forgiven = found
    return round(1 - part, 4) or None if forgiven else part


def _part(heard: Canonical, lexicon: Lexicon) -> tuple[float, bool] | None:
    """The part of the whole that is named, and whether it is to be forgiven."""
    percent = _PERCENT.search(heard.text)
    if percent and 0 < int(percent[1]) <= 100:
        if _OF_SOMETHING_ELSE.match(heard.text[percent.end() :]):
            return None
        return int(percent[1]) / 100, _forgiven(heard.text, percent)
    for pattern, share in lexicon.share_patterns:
        match = compiled(pattern).search(heard.text)
        if match and not re.search(rf"(?:^|\s)(?:{lexicon.retract_before})\s*$", heard.text[: match.start()]):
            return share, share < 1 and _forgiven(heard.text, match)
    return None


def _forgiven(text: str, part: re.Match[str]) -> bool:
    return bool(_DISCOUNT_OF.search(text[: part.start()]) or _OF_DISCOUNT.match(text[part.end() :]))


def _assent_line(text: str, lexicon: Lexicon) -> str:
    """The words with "," where punctuation stood; a trailing question is not an answer and is left out."""
    tokens = tokenise(text)
    if text.rstrip().endswith("?"):
        last = max((index for index, token in enumerate(tokens) if token.pause), default=0)
        tokens = tokens[:last]
    pieces: list[str] = []
    for token in tokens:
        if token.pause and pieces:
            pieces.append(",")
        pieces.append(token.text)
    return " ".join(pieces)
