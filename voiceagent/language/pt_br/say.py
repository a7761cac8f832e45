"""Brazilian Portuguese said: phrase-bank units for money, dates, counts, times and digits."""

from __future__ import annotations

from datetime import date

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


def _below_thousand(number: int, noun: str) -> list[str]:
    """Units of 1-999 followed by a noun, which is spoken with the last of them ("" for none)."""
    hundreds, rest = divmod(number, 100)
    tail = f" {noun}" if noun else ""
    if not hundreds:
        return [small(rest) + tail]
    if not rest:
        return [("cem" if hundreds == 1 else _HUNDREDS[hundreds - 1]) + tail]
    return [f"{_HUNDREDS[hundreds - 1]} e", small(rest) + tail]


def _whole(number: int, noun: str) -> list[str]:
    """Units of a positive number followed by a noun."""
    millions, number = divmod(number, 10**6)
    thousands, rest = divmod(number, 1000)
    units: list[str] = []
    if millions:
        units += ["um milhão"] if millions == 1 else [*_below_thousand(millions, ""), "milhões"]
        if not thousands and not rest:
            return [*units, f"de {noun}"]
        if not rest and (thousands < 100 or thousands % 100 == 0):
            units.append("e")
    if thousands:
        link = " e" if rest and (rest < 100 or rest % 100 == 0) else ""
        units += _thousands(thousands, link)
        if not rest:
            return [*units, noun]
    elif rest and millions and (rest < 100 or rest % 100 == 0):
        units.append("e")
    return units + _below_thousand(rest, "reais" if number > 1 or millions else "real")


def _thousands(count: int, link: str) -> list[str]:
    if count == 1:
        return [f"mil{link}"]
    hundreds, rest = divmod(count, 100)
    units = []
    if hundreds:
        units.append(f"{_HUNDREDS[hundreds - 1]} e" if rest else "cem" if hundreds == 1 else _HUNDREDS[hundreds - 1])
    if not rest:
        return [*units, f"mil{link}"]
    if rest > 20 and rest % 10:
        units.append(f"{_TENS[rest // 10 - 2]} e")
        rest %= 10
    return [*units, "um mil" + link if rest == 1 else f"{small(rest)} mil{link}"]


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
    return ["de", "mil", "novecentos e" if year % 100 else "novecentos", *([small(year % 100)] if year % 100 else [])]


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
        units.append(f"{head if hundreds == 1 else head.replace('tos', 'tas')} e")
    if rest > 24 and rest % 10:
        units.append(f"{_TENS[rest // 10 - 2]} e")
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


def digits(text: str) -> list[str]:
    """Units of a digit string, one by one."""
    return [_ONES[int(digit)] for digit in text]


def bank() -> list[str]:
    """Every unit the functions above can emit."""
    units = [small(n) for n in range(100)]
    units += [f"{small(n)} {'real' if n == 1 else 'reais'}" for n in range(1, 100)]
    units += [f"e {small(n)} {'centavo' if n == 1 else 'centavos'}" for n in range(1, 100)]
    units += [
        "um reais",
        "uma parcelas",
        "uma vezes",
        "reais",
        "de reais",
        "centavo",
        "centavos",
        "um milhão",
        "milhões",
        "e",
        "de",
        "cem",
        "primeiro",
    ]
    units += [f"{word} e" for word in _HUNDREDS + _TENS] + [*_HUNDREDS[1:]]
    units += ["cem reais"] + [f"{word} reais" for word in _HUNDREDS[1:]]
    for count_of in [*range(1, 21), *range(30, 100, 10)]:
        word = "mil" if count_of == 1 else f"{small(count_of)} mil"
        units += [word, f"{word} e"]
    units += ["um mil", "um mil e"]
    units += [f"{word}," for word in _WEEKDAYS] + [f"de {word}" for word in _MONTHS]
    units += [f"de dois mil e {small(year - 2000)}" for year in _YEARS]
    units += [
        unit
        for n in [*range(1, 25), *range(30, 100, 10)]
        for what in ("instalments", "times")
        for unit in count(n, what)
    ]
    units += ["parcelas", "vezes"] + [f"{word.replace('tos', 'tas')} e" for word in _HUNDREDS[1:]]
    units += [word.replace("tos", "tas") for word in _HUNDREDS[1:]]
    units += [unit for hour in range(24) for minute in (0, 30) for unit in clock(hour, minute)]
    return list(dict.fromkeys(units))
