"""Spanish said: phrase-bank units for money, dates, counts, times and digits."""

from __future__ import annotations

from datetime import date

from voiceagent.language.dictated import all_pairs, pairs
from voiceagent.language.text import listed

_ONES = listed(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis "
    "veintisiete veintiocho veintinueve"
)
_TENS = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
_HUNDREDS = [
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
]
_MONTHS = listed("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")
_WEEKDAYS = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]
_YEARS = range(2024, 2041)
_NOUNS = {
    "MXN": ("peso", "pesos", "centavo", "centavos"),
    "COP": ("peso", "pesos", "centavo", "centavos"),
    "CLP": ("peso", "pesos", "centavo", "centavos"),
    "ARS": ("peso", "pesos", "centavo", "centavos"),
    "PEN": ("sol", "soles", "céntimo", "céntimos"),
    "USD": ("dólar", "dólares", "centavo", "centavos"),
    "EUR": ("euro", "euros", "céntimo", "céntimos"),
    "BRL": ("real", "reales", "centavo", "centavos"),
}


#: The nouns said in one breath with their number; the others stand alone, there are too many.
_BANKED = _NOUNS["MXN"]


def small(number: int) -> str:
    """0-99 in words."""
    if number < 30:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 3] + (f" y {_ONES[ones]}" if ones else "")


def _before_noun(number: int) -> str:
    """0-99 as said before a masculine noun: "veintiún", "treinta y un"."""
    words = small(number)
    if words == "veintiuno":
        return "veintiún"
    return words[:-1] if words.endswith("uno") else words


def _feminine(number: int) -> str:
    words = small(number)
    return words[:-1] + "a" if words.endswith("uno") else words


#: The last units of a whole number that have one with the banked noun as well.
_LAST = frozenset(["cien", *_HUNDREDS[1:], *(_before_noun(n) for n in range(1, 100))])


def _below_thousand(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    if not rest and hundreds == 1:
        return ["cien"]
    units = [_HUNDREDS[hundreds - 1]] if hundreds else []
    return [*units, _before_noun(rest)] if rest else units


def _whole(number: int) -> list[str]:
    millions, number = divmod(number, 10**6)
    thousands, rest = divmod(number, 1000)
    units: list[str] = []
    if millions:
        units += ["un millón"] if millions == 1 else [*_below_thousand(millions), "millones"]
    if thousands == 1:
        units.append("mil")
    elif thousands:
        hundreds, tens = divmod(thousands, 100)
        if hundreds:
            units += [_HUNDREDS[hundreds - 1]] if tens else _below_thousand(hundreds * 100)
        units.append(f"{_before_noun(tens)} mil" if tens else "mil")
    return units + (_below_thousand(rest) if rest else [])


def money(minor: int, currency: str) -> list[str]:
    """Units of an amount in minor units of its currency, zero or more."""
    one, many, cent, cents = _NOUNS[currency]
    whole, part = (minor, 0) if currency == "CLP" else divmod(minor, 100)
    if not whole and part:
        return [_before_noun(part), cent if part == 1 else cents]
    units = _whole(whole) if whole else ["cero"]
    noun = one if whole == 1 else f"de {many}" if whole and whole % 10**6 == 0 else many
    units = [*units[:-1], f"{units[-1]} {noun}"] if many == _BANKED[1] and units[-1] in _LAST else [*units, noun]
    if not part:
        return units
    spoken, cent = _before_noun(part), cent if part == 1 else cents
    return [*units, f"con {spoken} {cent}"] if cents == _BANKED[3] else [*units, "con", spoken, cent]


def calendar_day(day: date, *, weekday: bool, year: bool) -> list[str]:
    """Units of a date: weekday, day and month, year."""
    units = [f"{_WEEKDAYS[day.weekday()]},"] if weekday else []
    units += ["primero" if day.day == 1 else small(day.day), f"de {_MONTHS[day.month - 1]}"]
    return [*units, *_year(day.year)] if year else units


def _year(year: int) -> list[str]:
    if year in _YEARS:
        return [f"de dos mil {small(year - 2000)}"]
    if 2000 <= year < 2100:
        return ["de", "dos mil", *([small(year - 2000)] if year > 2000 else [])]
    return ["de", "mil", "novecientos", *([small(year % 100)] if year % 100 else [])]


def count(number: int, what: str) -> list[str]:
    """Units of "tres pagos", "tres veces": `what` is instalments or times; 1-999."""
    if what == "instalments":
        return [*_below_thousand(number), "pago" if number == 1 else "pagos"]
    hundreds, rest = divmod(number, 100)
    units = [_HUNDREDS[hundreds - 1].replace("tos", "tas") if rest or hundreds > 1 else "cien"] if hundreds else []
    return [*units, *([_feminine(rest)] if rest else []), "vez" if number == 1 else "veces"]


def clock(hour: int, minute: int) -> list[str]:
    """Units of a time of day: "a las nueve" "de la mañana", "a las nueve" "y media" "de la mañana"."""
    if hour in (0, 12) and not minute:
        return ["a medianoche" if hour == 0 else "al mediodía"]
    shown = hour % 12 or 12
    head = "a la una" if shown == 1 else f"a las {small(shown)}"
    part = "de la mañana" if hour < 12 else "de la tarde" if hour < 19 else "de la noche"
    if hour == 0:
        part = "de la noche"
    return [head, *([] if not minute else ["y media"] if minute == 30 else ["y", small(minute)]), part]


#: How the signs of an e-mail address are said.
EMAIL_SIGNS = {"@": "arroba", ".": "punto", "_": "guion bajo", "-": "guion", "+": "más"}


def digits(text: str) -> list[str]:
    """Units of a digit string."""
    return pairs(text, _ONES[:10])


def bank() -> list[str]:
    """Every unit the functions above can emit."""
    units = (
        [small(n) for n in range(100)]
        + [_before_noun(n) for n in range(1, 100)]
        + [_feminine(n) for n in range(1, 100)]
    )
    units += [
        "cien",
        *_HUNDREDS,
        *[word.replace("tos", "tas") for word in _HUNDREDS],
        "mil",
        "un mil",
        "un millón",
        "millones",
    ]
    units += [f"{_before_noun(n)} mil" for n in range(2, 100)]
    units += [f"{last} {_BANKED[1]}" for last in sorted(_LAST - {"un"})] + [f"un {_BANKED[0]}", f"un {_BANKED[1]}"]
    units += [f"con {_before_noun(n)} {_BANKED[2] if n == 1 else _BANKED[3]}" for n in range(1, 100)]
    units += [noun for nouns in _NOUNS.values() for noun in (*nouns, f"de {nouns[1]}")]
    units += ["con", "y", "de", "dos mil", "primero", "pago", "pagos", "vez", "veces", "y media"]
    units += [f"{word}," for word in _WEEKDAYS] + [f"de {word}" for word in _MONTHS]
    units += [f"de dos mil {small(year - 2000)}" for year in _YEARS]
    units += [unit for hour in range(24) for minute in (0, 30) for unit in clock(hour, minute)]
    return list(dict.fromkeys(units + all_pairs(_ONES[:10])))
