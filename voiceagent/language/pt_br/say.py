"""Brazilian Portuguese said: phrase-bank units for money, dates, counts, times and digits."""

from __future__ import annotations

from datetime import date

from voiceagent.language.dictated import all_pairs, pairs
from voiceagent.language.text import listed

_ONES = listed(
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete "
    "dezoito dezenove")  # fmt: skip
_TENS = ["vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"]
_HUNDREDS = [
    "cento",
    "duzentos",
    "trezentos",
    "quatrocentos",
    "quinhentos",
    "seiscentos",
    "setecentos",
    "oitocentos",
    "novecentos",
]
_MONTHS = listed("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro")
_WEEKDAYS = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")
_YEARS = range(2024, 2041)


def small(number: int) -> str:
    """0-99 in words."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f" e {_ONES[ones]}" if ones else "")


def _feminine(number: int) -> str:
    words = small(number)
    return {"um": "uma", "dois": "duas"}.get(words) or words.replace(" e um", " e uma").replace(" e dois", " e duas")


def _below_thousand(number: int, noun: str, link: str = "") -> list[str]:
    """Units of 1-999 with their noun. A break stands before an "e", never after it: it belongs to what follows."""
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return [f"{link}{small(rest)} {noun}"]
    if not rest:
        return [f"{link}{'cem' if hundreds == 1 else _HUNDREDS[hundreds - 1]} {noun}"]
    return [_HUNDREDS[hundreds - 1], f"e {small(rest)} {noun}"]


def _whole(number: int, noun: str) -> list[str]:
    """Units of a positive number followed by a noun in the plural."""
    if number == 1:
        return ["um real"]
    millions, number = divmod(number, 10**6)
    thousands, rest = divmod(number, 1000)
    units = _millions(millions)
    if millions and not number:
        return [*units, f"de {noun}"]
    if thousands:
        link = ["e"] if millions and not rest and (thousands < 100 or thousands % 100 == 0) else []
        units += [*link, *_thousands(thousands)]
    if not rest:
        return [*units, noun]
    return units + _below_thousand(rest, noun, "e " if units and (rest < 100 or rest % 100 == 0) else "")


def _millions(count: int) -> list[str]:
    hundreds, rest = divmod(count, 100)
    if count <= 1:
        return ["um milhão"] * count
    if not rest:
        return ["cem" if hundreds == 1 else _HUNDREDS[hundreds - 1], "milhões"]
    return [*([_HUNDREDS[hundreds - 1], "e"] if hundreds else []), small(rest), "milhões"]


def _thousands(count: int) -> list[str]:
    if count == 1:
        return ["mil"]
    hundreds, rest = divmod(count, 100)
    if not rest:
        return ["cem" if hundreds == 1 else _HUNDREDS[hundreds - 1], "mil"]
    units = [_HUNDREDS[hundreds - 1], "e"] if hundreds else []
    if rest > 20 and rest % 10:
        return [*units, _TENS[rest // 10 - 2], f"e {small(rest % 10)} mil"]
    return [*units, "um mil" if rest == 1 else f"{small(rest)} mil"]


def money(minor: int, currency: str) -> list[str]:
    """Units of an amount in centavos, zero or more."""
    whole, cents = divmod(minor, 100)
    if not whole and not cents:
        return ["zero", "reais"]
    if not whole:
        return [small(cents), "centavo" if cents == 1 else "centavos"]
    units = _whole(whole, "reais")
    return [*units, f"e {small(cents)} {'centavo' if cents == 1 else 'centavos'}"] if cents else units


def calendar_day(day: date, *, weekday: bool, year: bool) -> list[str]:
    """Units of a date: weekday, day and month, year."""
    number = "primeiro" if day.day == 1 else small(day.day)
    units = [f"{_WEEKDAYS[day.weekday()]},"] if weekday else []
    units += [number, f"de {_MONTHS[day.month - 1]}"]
    return [*units, *_year(day.year)] if year else units


def _year(year: int) -> list[str]:
    if year in _YEARS:
        return [f"de dois mil e {small(year - 2000)}"]
    if 2000 <= year < 2100:
        return ["de", "dois mil" + (" e" if year > 2000 else ""), *([small(year - 2000)] if year > 2000 else [])]
    return ["de", "mil", "novecentos", *(["e", small(year % 100)] if year % 100 else [])]


def count(number: int, what: str) -> list[str]:
    """Units of "três parcelas", "3 vezes": `what` is instalments or times; 1-999."""
    one, many = {"instalments": ("parcela", "parcelas"), "times": ("vez", "vezes")}[what]
    noun = one if number == 1 else many
    hundreds, rest = divmod(number, 100)
    units = []
    if hundreds:
        if not rest:
            return ["cem" if hundreds == 1 else _HUNDREDS[hundreds - 1].replace("tos", "tas"), noun]
        head = _HUNDREDS[hundreds - 1]
        units += [head if hundreds == 1 else head.replace("tos", "tas"), "e"]
    if rest > 24 and rest % 10:
        units += [_TENS[rest // 10 - 2], "e"]
        rest %= 10
    return [*units, f"{_feminine(rest)} {many if number > 1 else one}"]


def clock(hour: int, minute: int) -> list[str]:
    """Units of a time of day: "às nove horas", "às nove" "e meia"."""
    if hour in (0, 12):
        head = "à meia-noite" if hour == 0 else "ao meio-dia"
        return [head] if not minute else [head, *_minutes(minute)]
    head = f"{'à' if hour == 1 else 'às'} {_feminine(hour)}"
    return [head, *_minutes(minute)] if minute else [f"{head} {'hora' if hour == 1 else 'horas'}"]


def _minutes(minute: int) -> list[str]:
    return ["e meia"] if minute == 30 else ["e", small(minute)]


#: How the signs of an e-mail address are said.
EMAIL_SIGNS = {"@": "arroba", ".": "ponto", "_": "underline", "-": "traço", "+": "mais"}


def digits(text: str) -> list[str]:
    """Units of a digit string."""
    return pairs(text, _ONES[:10])


def bank() -> list[str]:
    """Every unit the functions above can emit."""
    units = [small(n) for n in range(100)]
    units += ["um real"] + [f"{small(n)} reais" for n in range(2, 100)] + [f"e {small(n)} reais" for n in range(1, 100)]
    units += [f"e {small(n)} {'centavo' if n == 1 else 'centavos'}" for n in range(1, 100)]
    units += ["reais", "de reais", "centavo", "centavos", "um milhão", "milhões", "e", "de", "cem", "primeiro", "cento"]
    units += [*_HUNDREDS, *(f"{link}{word} reais" for link in ("", "e ") for word in ("cem", *_HUNDREDS[1:]))]
    units += ["mil", "um mil", *(f"{small(count)} mil" for count in [*range(2, 21), *range(30, 100, 10)])]
    units += [f"e {small(count)} mil" for count in range(1, 10)]
    units += [f"{word}," for word in _WEEKDAYS] + [f"de {word}" for word in _MONTHS]
    units += [f"de dois mil e {small(year - 2000)}" for year in _YEARS]
    units += [
        unit
        for n in [*range(1, 25), *range(30, 100, 10)]
        for what in ("instalments", "times")
        for unit in count(n, what)
    ]
    units += ["parcelas", "vezes", "uma parcelas", "uma vezes"]
    units += [word.replace("tos", "tas") for word in _HUNDREDS[1:]]
    units += [unit for hour in range(24) for minute in (0, 30) for unit in clock(hour, minute)]
    return list(dict.fromkeys(units + all_pairs(_ONES[:10])))
