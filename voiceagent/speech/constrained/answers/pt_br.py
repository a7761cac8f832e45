"""Answers as Brazilians give them: amounts, days, digits, times, instalments, yes and no, with what surrounds them."""

from __future__ import annotations

from voiceagent.language.pt_br.say import small
from voiceagent.language.pt_br.words import LEXICON
from voiceagent.speech.constrained.answers.words import carried, digit_words, written
from voiceagent.speech.constrained.grammar import Expr, either, loop, maybe, seq

_SPELLED = written("pt-BR")
_MONTHS = either(*(_SPELLED[month] for month in LEXICON.months))
_HUNDREDS = [_SPELLED[word] for word, value in LEXICON.cardinals.items() if value % 100 == 0 and word.endswith("tos")]

BEFORE = ("é", "ah", "então", "bom", "olha")
AFTER = ("tá", "ok", "por favor", "tá bom", "obrigado", "obrigada")
_CORRECTION = either("não", "quer dizer", "aliás", "digo", "minto", "ou melhor", "não minto")

#: What people say instead of an answer: it must not be taken for one that sounds alike ("não, seis").
UNSURE = (
    "não sei", "não sei ainda", "ainda não sei", "não sei não", "sei lá", "não lembro", "não me lembro",
    "não tenho certeza", "não faço ideia", "deixa eu ver", "depende", "vou ver", "como assim", "não entendi",
    "pode repetir", "espera aí", "um momento", "um minuto",
)  # fmt: skip
YES = (
    "sim", "sim senhor", "sim senhora", "sim sim", "isso", "isso mesmo", "isso aí", "claro", "claro que sim", "certo",
    "com certeza", "correto", "exato", "exatamente", "confirmo", "confirmo sim", "confirmado", "pode", "pode sim",
    "pode ser", "pode confirmar", "positivo", "ok", "tá bom", "tá certo", "tá ok", "tudo bem", "tudo certo", "beleza",
    "fechado", "combinado", "aceito", "eu aceito", "concordo", "de acordo", "quero", "quero sim", "é isso",
    "é isso mesmo", "é sim", "perfeito", "sou eu", "sou eu mesmo", "sou eu mesma", "sou", "sou sim", "eu mesmo",
    "eu mesma", "eu", "ela mesma", "ele mesmo", "aham", "uhum", "vamos", "serve", "está certo", "está correto", "eu quero",
    "eu quero sim", "pode mandar", "pode mandar sim", "é ele sim", "é ela sim",
)  # fmt: skip
#: People seldom leave it at one word: "sim, sou eu", "isso, pode mandar".
_YES_FIRST = ("sim", "sim senhor", "sim senhora", "isso", "claro", "ok", "certo")
_YES_THEN = (
    "sou eu", "sou eu mesmo", "sou eu mesma", "é ele", "é ela", "isso mesmo", "é isso", "é isso mesmo", "está certo",
    "tá certo", "está correto", "tá bom", "confirmo", "pode confirmar", "pode mandar", "pode ser", "pode", "quero",
    "eu quero", "aceito", "eu aceito", "nesse mesmo", "nesse número", "com certeza", "correto", "concordo", "combinado",
)  # fmt: skip
NO = (
    "não", "não não", "não senhor", "não senhora", "não quero", "não posso", "não confirmo", "não aceito", "não concordo",
    "negativo", "de jeito nenhum", "não é isso", "não sou", "não sou eu", "não é", "claro que não", "agora não",
    "não dá", "não está certo", "não tá certo", "tá errado", "está errado", "nem pensar", "não obrigado",
    "não obrigada", "não consigo", "quero não", "não tenho interesse", "não pode", "pode não", "não precisa",
)  # fmt: skip
_NO_THEN = ("não quero", "não posso", "não aceito", "não sou eu", "não é isso", "não precisa", "está errado", "tá errado",
            "não vou", "não dá")  # fmt: skip
#: A value often comes with the answer to "is that right?": "não, dia dez".
ANSWERED = ("sim", "não", "não não", "isso")


def _up_to_99(first: int = 1) -> Expr:
    return either(*(small(number) for number in range(first, 100)), *(["catorze"] if first <= 14 else []))


def _count(most: int, first: int = 2) -> Expr:
    """Feminine counts: "duas", "vinte e uma"."""
    words = [small(number).split() for number in range(first, most + 1)]
    for parts in words:
        parts[-1] = {"um": "uma", "dois": "duas"}.get(parts[-1], parts[-1])
    return either(*(" ".join(parts) for parts in words), "catorze")


def _hundreds() -> Expr:
    return either("cem", seq("cento e", _up_to_99()), seq(either(*_HUNDREDS), maybe(seq("e", _up_to_99()), 0.6)),
                  weights=(1, 3, 6))  # fmt: skip


def _whole(first: int) -> Expr:
    below = either(_up_to_99(first), _hundreds(), weights=(2, 4))
    rest = either(_up_to_99(), _hundreds(), weights=(1, 3))
    thousands = seq(maybe(_up_to_99(2), 0.6), "mil")
    return either(below, seq(thousands, maybe(seq(maybe("e", 0.6), rest), 0.65)), weights=(5, 4))


def _amount() -> Expr:
    money = either("reais", "real", "conto", "contos", "pila", weights=(90, 2, 3, 3, 2))
    cents = seq("e", _up_to_99(), maybe("centavos", 0.7))
    amount = either(
        seq(_whole(1), money, maybe(cents, 0.22)),
        _whole(10),
        seq(_up_to_99(), "centavos"),
        weights=(75, 22, 1),
    )
    before = ("eu consigo pagar", "consigo pagar", "consigo", "eu consigo", "posso pagar", "eu posso pagar", "pago",
              "eu pago", "só tenho", "eu tenho", "dá pra pagar", "pode ser", "quero pagar", "uns", "no máximo", "até")  # fmt: skip
    after = ("por mês", "no pix", "à vista", "hoje", "agora", "mais ou menos", "no máximo")
    return carried(loop(amount, _CORRECTION, 0.06), BEFORE + ANSWERED, before, after, AFTER)


def _day_number() -> Expr:
    return either("primeiro", *(small(number) for number in range(1, 32)), "catorze")


def _year() -> Expr:
    late = either(*(small(number) for number in range(24, 41)))
    return seq("de", either(seq("dois mil e", late), late, weights=(3, 1)))


def _date() -> Expr:
    day = _day_number()
    month_number = either(*(small(number) for number in range(1, 13)))
    numbered = seq(
        maybe(either("no", "lá pelo", "até", "pro", "para o"), 0.15), "dia", day,
        maybe(either(seq(maybe("do mês", 0.03), "de", _MONTHS, maybe(_year(), 0.15)), "do mês que vem", "desse mês",
                     "deste mês", "do próximo mês", seq("do", month_number), weights=(10, 2, 1, 1, 1, 2)), 0.5),
    )  # fmt: skip
    weekday = either(
        seq(either("segunda", "terça", "quarta", "quinta", "sexta"), maybe("feira", 0.6)), "sábado", "domingo",
        weights=(5, 1, 1),
    )  # fmt: skip
    named = seq(
        maybe(either("na", "no", "nessa", "essa", "próxima", "na próxima"), 0.3), weekday,
        maybe(either("que vem", "agora", "da semana que vem"), 0.25),
    )  # fmt: skip
    counted = seq(either("daqui a", "em", "dentro de"), either(*(small(n) for n in range(2, 31))), "dias")
    relative = either(
        "hoje", "hoje mesmo", "amanhã", "depois de amanhã", "fim do mês", "no fim do mês", "final do mês", "fim de semana",
        "no final do mês", "semana que vem", "mês que vem", "no mês que vem", "quinto dia útil", "no quinto dia útil",
        "quando eu receber", "início do mês que vem", counted, weights=(2, 1, 3, 3, *(1.0,) * 12, 5),
    )  # fmt: skip
    date = either(
        numbered,
        seq(day, "de", _MONTHS, maybe(_year(), 0.2)),
        named,
        relative,
        either("primeiro", *(small(number) for number in range(2, 32)), "catorze"),  # a lone "um" is any short sound
        weights=(40, 24, 15, 16, 5),
    )
    before = ("pode ser", "eu consigo", "consigo", "eu pago", "pago", "posso pagar", "vou pagar", "eu consigo pagar",
              "só", "acho que", "prefiro", "quero", "melhor", "seria", "pra", "consigo pagar")  # fmt: skip
    after = ("mesmo", "tá bom", "fica bom", "sem falta")
    return carried(loop(date, _CORRECTION, 0.06), BEFORE + ANSWERED, before, after, AFTER)


def _birth_date() -> Expr:
    day = _day_number()
    month_number = either(*(small(number) for number in range(1, 13)))
    two = either(*(small(number) for number in range(30, 100)))
    year = either(seq("mil novecentos e", two), seq("dois mil", maybe(seq("e", either(*(small(n) for n in range(1, 11)))))),
                  two, weights=(4, 2, 3))  # fmt: skip
    # Day and month are what is asked for; a year comes with them as often as not.
    month = either(seq("de", _MONTHS), seq("do", month_number), weights=(3, 1))
    date = seq(maybe(either("dia", "no dia", "em", weights=(6, 2, 1)), 0.4), day, month, maybe(seq("de", year), 0.4))
    before = ("nasci", "eu nasci", "é", "foi", "meu nascimento é", "meu aniversário é", "faço aniversário")
    return carried(date, BEFORE, before, (), AFTER)


def _digits() -> Expr:
    # Groups ("doze trinta e seis") are left to the free decode: with them in, a noisy "três" is too often "treze".
    digit = either(*(word for word in digit_words("pt-BR") if word != "uma"))
    return carried(
        loop(digit, more=0.78),
        BEFORE,
        ("é", "meu cpf é", "o cpf é", "começa com", "são", "o número é", "os números são"),
        (),
        ("tá", "ok", "só isso"),
    )


def _clock() -> Expr:
    hour = either("uma", "duas", *(small(number) for number in range(3, 21)), "vinte e uma", "catorze", "meio dia")
    minutes = either("e meia", *(f"e {small(number)}" for number in (5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55)))
    part = either("da manhã", "da tarde", "da noite")
    clock = seq(
        either("às", "depois das", "lá pelas", "a partir das", "pelas", "umas", weights=(8, 1, 1, 1, 1, 1)), hour,
        either(seq(either("horas", "hora", weights=(9, 1))), minutes, "", weights=(3, 3, 4)), maybe(part, 0.4),
    )  # fmt: skip
    fixed = either("meio dia", "ao meio dia", "de manhã", "à tarde", "à noite", "de tarde", "de noite", "depois do almoço",
                   "fim da tarde", "no fim da tarde", "mais tarde", "na hora do almoço")  # fmt: skip
    # As clocks and announcements say it, and who is short. Never drawn: what is trained and measured on stays the same texts.
    minute = either(*(small(number) for number in range(5, 60, 5)))
    full = seq(maybe("às"), hour, either("horas", "hora"), maybe(either("e meia", seq("e", minute, maybe("minutos")))))
    until = seq(minute, either("para as", "pras", "para a", "pra"), hour)
    bare = either(seq(either(full, seq(hour, minutes)), maybe(part)), seq(either(hour, until), part), until)
    return either(clock, fixed, bare, weights=(5, 2, 0))


def _time() -> Expr:
    day = either("amanhã", "hoje", "depois de amanhã", seq(either("segunda", "terça", "quarta", "quinta", "sexta"), maybe("feira")),
                 "sábado")  # fmt: skip
    before = ("pode ser", "me liga", "pode ligar", "liga", "melhor", "prefiro", "pode me ligar")
    return carried(
        either(seq(maybe(day, 0.4), _clock()), seq(_clock(), day), weights=(9, 1)), BEFORE, before, (), AFTER
    )


def _instalments() -> Expr:
    counted = seq(
        maybe(either("em", "de", "parcelado em", "parcelar em", "parcela em", "divide em", "dividir em", "faz em", "pode ser em",
                     "quero em", "consigo em", "queria em", "por", "até"), 0.75),
        _count(48), maybe("ou", 0.0), either("vezes", "parcelas", weights=(3, 1)),
    )  # fmt: skip
    once = either("à vista", "uma vez só", "de uma vez", "de uma vez só", "em uma vez", "em uma vez só", "em uma parcela",
                  "parcela única", "uma parcela só")  # fmt: skip
    return carried(loop(either(counted, once, _count(48), weights=(12, 5, 2)), _CORRECTION, 0.05), BEFORE + ANSWERED,
                   ("pode ser", "quero", "quero pagar", "prefiro", "eu quero", "pago", "eu consigo"), (), AFTER)  # fmt: skip


def _yes_no() -> Expr:
    short = either(*YES, *NO)
    long = either(seq(either(*_YES_FIRST), either(*_YES_THEN)), seq("não", either(*_NO_THEN)), weights=(3, 1))
    return carried(either(short, long, weights=(3, 2)), BEFORE, (), (), AFTER)


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
