"""Answers as Latin Americans give them: amounts, days, digits, times, instalments, yes and no, with what surrounds them."""

from __future__ import annotations

from voiceagent.language.es.say import small
from voiceagent.language.es.words import LEXICON
from voiceagent.speech.constrained.answers.words import carried, digit_words, written
from voiceagent.speech.constrained.grammar import Expr, either, loop, maybe, seq

_SPELLED = written("es")
_MONTHS = either(*(_SPELLED[month] for month in LEXICON.months if month != "setiembre"))
_HUNDREDS = [_SPELLED[word] for word, value in LEXICON.cardinals.items() if value % 100 == 0 and word.endswith("entos")]

BEFORE = ("eh", "ah", "pues", "bueno", "este", "mire")
AFTER = ("por favor", "está bien", "gracias", "señorita")
_CORRECTION = either("no", "digo", "mejor dicho", "perdón", "quiero decir", "no perdón")

#: What people say instead of an answer: it must not be taken for one that sounds alike ("no, seis").
UNSURE = (
    "no sé", "no lo sé", "todavía no sé", "no sé todavía", "no me acuerdo", "no recuerdo", "no estoy seguro",
    "no estoy segura", "no tengo idea", "déjeme ver", "depende", "no entendí", "cómo dice", "puede repetir",
    "un momento", "un minuto",
)  # fmt: skip
YES = (
    "sí", "sí señor", "sí señora", "sí señorita", "sí sí", "sí claro", "claro", "claro que sí", "por supuesto", "correcto",
    "exacto", "así es", "eso es", "es correcto", "cierto", "de acuerdo", "estoy de acuerdo", "está bien", "confirmo",
    "sí confirmo", "confirmado", "acepto", "sí acepto", "listo", "dale", "sale", "perfecto", "vale", "ajá",
    "sí soy yo", "soy yo", "sí por favor", "con gusto", "me parece bien", "sí está bien", "afirmativo", "efectivamente",
    "soy yo mismo", "soy yo misma", "sí quiero",
)  # fmt: skip
#: People seldom leave it at one word: "sí, soy yo", "claro, de acuerdo".
_YES_FIRST = ("sí", "claro", "bueno sí", "ok")
_YES_THEN = (
    "soy yo", "soy yo mismo", "soy yo misma", "él habla", "ella habla", "es correcto", "está bien", "confirmo",
    "acepto", "de acuerdo", "estoy de acuerdo", "así es", "por favor", "correcto", "quiero", "me parece bien", "perfecto",
)  # fmt: skip
NO = (
    "no", "no no", "no señor", "no señora", "no gracias", "no quiero", "no puedo", "no acepto", "no confirmo", "negativo",
    "para nada", "de ninguna manera", "no es correcto", "no soy yo", "no soy", "ahorita no", "claro que no", "no es así",
    "está mal", "no está bien", "todavía no", "hoy no", "no me interesa",
)  # fmt: skip
_NO_THEN = ("no quiero", "no puedo", "no acepto", "no soy yo", "no es así", "no es correcto", "está mal")
#: A value often comes with the answer to "is that right?": "no, el día diez".
ANSWERED = ("sí", "no", "no no")


def _before_noun(number: int) -> str:
    words = small(number)
    return "veintiún" if words == "veintiuno" else words[:-1] if words.endswith("uno") else words


def _feminine(number: int) -> str:
    words = small(number)
    return words[:-1] + "a" if words.endswith("uno") else words


def _up_to_99(first: int = 1, noun: bool = True) -> Expr:
    return either(*((_before_noun if noun else small)(number) for number in range(first, 100)))


def _hundreds(noun: bool = True) -> Expr:
    return either("cien", seq("ciento", _up_to_99(noun=noun)), seq(either(*_HUNDREDS), maybe(_up_to_99(noun=noun), 0.6)),
                  weights=(1, 3, 6))  # fmt: skip


def _whole(first: int, noun: bool) -> Expr:
    below = either(_up_to_99(first, noun), _hundreds(noun), weights=(2, 4))
    rest = either(_up_to_99(1, noun), _hundreds(noun), weights=(1, 3))
    thousands = seq(maybe(either(_up_to_99(2), _hundreds(), weights=(4, 1)), 0.65), "mil")
    return either(below, seq(thousands, maybe(rest, 0.65)), weights=(5, 4))


def _amount() -> Expr:
    money = either("pesos", "soles", "dólares", weights=(7, 2, 2))
    cents = seq("con", _up_to_99(), either("centavos", "céntimos", "", weights=(5, 1, 2)))
    amount = either(seq(_whole(1, True), money, maybe(cents, 0.2)), _whole(10, False), weights=(75, 22))
    before = ("puedo pagar", "yo puedo", "puedo", "pago", "yo pago", "solo tengo", "tengo", "me alcanza para", "quiero pagar",
              "puede ser", "unos", "como", "hasta", "máximo", "le doy")  # fmt: skip
    after = ("al mes", "de contado", "hoy", "por ahora", "más o menos", "nada más")
    return carried(loop(amount, _CORRECTION, 0.06), BEFORE + ANSWERED, before, after, AFTER)


def _day_number() -> Expr:
    return either("primero", *(small(number) for number in range(1, 32)))


def _date() -> Expr:
    day = _day_number()
    month_number = either(*(small(number) for number in range(1, 13)))
    year = seq(either("de", "del"), "dos mil", either(*(small(number) for number in range(24, 41))))
    numbered = seq(
        maybe(either("el", "para el", "hasta el", weights=(6, 2, 1)), 0.6), maybe("día", 0.5), day,
        either(seq("de", _MONTHS, maybe(year, 0.15)), "del mes que viene", "de este mes", "del próximo mes",
               seq("del", month_number), weights=(12, 1, 1, 1, 1)),
    )  # fmt: skip
    plain = seq(either("el día", "el", "para el", "día", "para el día", weights=(4, 4, 1, 2, 1)), day)
    weekday = either("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
    named = seq(
        maybe(either("el", "este", "para el", "el próximo", weights=(6, 2, 1, 1)), 0.8), weekday,
        maybe(either("que viene", "próximo", "de la próxima semana"), 0.25),
    )  # fmt: skip
    counted = seq(either("en", "dentro de"), either(*(small(n) for n in range(2, 31))), "días")
    relative = either(
        "hoy", "hoy mismo", "mañana", "pasado mañana", "fin de mes", "a fin de mes", "a finales de mes", "la quincena",
        "el fin de semana", "la próxima semana", "el próximo mes", "el mes que viene", "quinto día hábil", counted,
        weights=(2, 1, 4, 3, *(1.0,) * 9, 5),
    )  # fmt: skip
    date = either(numbered, plain, named, relative, day, weights=(45, 18, 16, 16, 5))
    before = ("puede ser", "yo puedo", "puedo", "pago", "puedo pagar", "voy a pagar", "creo que", "prefiero", "mejor",
              "sería", "lo pago", "yo pago")  # fmt: skip
    return carried(loop(date, _CORRECTION, 0.06), BEFORE + ANSWERED, before, ("sin falta", "mismo"), AFTER)


def _birth_date() -> Expr:
    month_number = either(*(small(number) for number in range(1, 13)))
    two = either(*(small(number) for number in range(30, 100)))
    year = either(seq("mil novecientos", two), seq("dos mil", maybe(either(*(small(n) for n in range(1, 11))), 0.6)), two,
                  weights=(4, 2, 3))  # fmt: skip
    # Day and month are what is asked for; a year comes with them as often as not.
    month = either(seq("de", _MONTHS), seq("del", month_number), weights=(4, 1))
    born = maybe(seq(either("de", "del"), year), 0.4)
    date = seq(maybe("el", 0.4), maybe("día", 0.1), _day_number(), month, born)
    return carried(date, BEFORE, ("nací", "yo nací", "es", "fue", "cumplo", "mi cumpleaños es"), (), AFTER)


def _digits() -> Expr:
    # Groups ("doce treinta y seis") are left to the free decode: with them in, a noisy "tres" is too often "trece".
    digit = either(*(word for word in digit_words("es") if word not in ("un", "una")))
    before = ("es", "mi cédula es", "mi dni es", "empieza con", "son", "el número es", "termina en")
    return carried(loop(digit, more=0.78), BEFORE, before, (), ("nada más",))


def _clock() -> Expr:
    hour = either("la una", *(f"las {small(number)}" for number in range(2, 13)))
    minutes = either("y media", "y cuarto", *(f"y {small(number)}" for number in (5, 10, 15, 20, 25, 30, 40, 45, 50)))
    part = either("de la mañana", "de la tarde", "de la noche")
    clock = seq(
        either("a", "después de", "como a", "tipo", weights=(8, 1, 1, 1)), hour, maybe(minutes, 0.4), maybe(part, 0.5)
    )
    fixed = either("al mediodía", "en la mañana", "en la tarde", "en la noche", "por la mañana", "por la tarde", "por la noche",
                   "más tarde", "después del almuerzo")  # fmt: skip
    # As who is short says it. Never drawn: what is trained and measured on stays the same texts.
    alone = either("una", *(small(number) for number in range(2, 13)))
    bare = either(
        seq(hour, maybe(minutes), maybe(part)),
        seq(alone, minutes, maybe(part)),
        seq(alone, part),
        "mediodía",
        "a mediodía",
    )
    return either(clock, fixed, bare, weights=(5, 2, 0))


def _time() -> Expr:
    day = either(
        "mañana",
        "hoy",
        "pasado mañana",
        seq(maybe("el"), either("lunes", "martes", "miércoles", "jueves", "viernes", "sábado")),
    )
    before = ("puede ser", "llámeme", "me puede llamar", "mejor", "prefiero")
    return carried(
        either(seq(maybe(day, 0.4), _clock()), seq(_clock(), day), weights=(9, 1)), BEFORE, before, (), AFTER
    )


def _instalments() -> Expr:
    numbers = range(2, 49)
    pays = seq(either(*(_before_noun(n) for n in numbers)), either("pagos", "abonos", "meses", weights=(5, 1, 1)))
    parts = seq(either(*(_feminine(n) for n in numbers)), either("cuotas", "mensualidades", "veces", weights=(5, 2, 1)))
    counted = seq(
        either("en", "a", "puede ser en", "lo quiero en", "dividido en", weights=(6, 1, 1, 1, 1)), either(pays, parts)
    )
    bare = either(seq(either(*(_before_noun(n) for n in numbers)), either("pagos", "abonos")),
                  seq(either(*(_feminine(n) for n in numbers)), either("cuotas", "mensualidades")),
                  either(*(small(n) for n in numbers)), weights=(3, 3, 1))  # fmt: skip
    once = either("de contado", "al contado", "un solo pago", "en un solo pago", "una sola cuota", "en una sola exhibición",
                  "de una vez", "pago único")  # fmt: skip
    return carried(loop(either(counted, bare, once, weights=(8, 5, 5)), _CORRECTION, 0.05), BEFORE + ANSWERED,
                   ("puede ser", "quiero", "quiero pagar", "prefiero", "puedo", "mejor"), (), AFTER)  # fmt: skip


def _yes_no() -> Expr:
    short = either(*YES, *NO)
    long = either(seq(either(*_YES_FIRST), either(*_YES_THEN)), seq("no", either(*_NO_THEN)), weights=(3, 1))
    return carried(either(short, long, weights=(3, 2)), BEFORE, (), (), ("por favor", "gracias", "señorita"))


def kinds() -> dict[str, Expr]:
    """The grammar of each kind of answer."""
    return {
        "amount": _amount(),
        "date": _date(),
        "birth_date": _birth_date(),
        "digits": _digits(),
        "time": _time(),
        "instalments": _instalments(),
        "yes_no": _yes_no(),
    }
