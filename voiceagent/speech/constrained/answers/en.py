"""Answers as Americans give them: amounts, days, digits, times, instalments, yes and no, with what surrounds them."""

from __future__ import annotations

from voiceagent.language.en.say import ordinal, small
from voiceagent.language.en.words import LEXICON
from voiceagent.speech.constrained.answers.words import carried
from voiceagent.speech.constrained.grammar import Expr, either, loop, maybe, seq

_MONTHS = either(*(month for month in LEXICON.months if len(month) > 4 or month in ("may", "june", "july")))
_WEEKDAYS = either(*(day for day in LEXICON.weekdays if not day.endswith("s")))

BEFORE = ("um", "uh", "well", "okay", "so", "yeah")
AFTER = ("please", "okay", "thanks", "thank you")
_CORRECTION = either("no", "sorry", "i mean", "actually", "no wait", "make it")

#: What people say instead of an answer: it must not be taken for one that sounds alike ("i don't").
UNSURE = (
    "i don't know", "i don't know yet", "i don't remember", "i can't remember", "i'm not sure", "not sure", "no idea",
    "let me see", "let me think", "it depends", "can you repeat that", "say that again", "hold on", "one moment",
    "just a minute", "just a second",
)  # fmt: skip
YES = (
    "yes", "yes sir", "yes ma'am", "yeah", "yep", "yup", "sure", "of course", "correct", "that's correct", "right",
    "that's right", "okay", "ok", "sounds good", "absolutely", "i agree", "i accept", "i confirm", "yes i confirm",
    "yes i do", "yes it is", "yes i am", "yes that's me", "that's me", "speaking", "fine",
    "that's fine", "that works", "works for me", "yes please", "definitely", "exactly", "uh huh", "go ahead", "deal",
)  # fmt: skip
NO = (
    "no", "no no", "nope", "nah", "no sir", "no ma'am", "no thanks", "no thank you", "i don't", "no i don't", "no i can't",
    "i can't", "not now", "not today", "no way", "that's wrong", "that's not right", "no it's not", "i'm not", "no i'm not",
    "absolutely not", "of course not", "never", "not interested", "i refuse", "no that's wrong",
)  # fmt: skip
#: People seldom leave it at one word: "yes, that's right", "no, that's not me".
_YES_FIRST = ("yes", "yeah", "sure", "okay")
_YES_THEN = (
    "that's me", "this is me", "that's right", "that's correct", "that's fine", "that works", "correct", "speaking",
    "i confirm", "i accept", "i agree", "i do", "i am", "it is", "please", "go ahead", "sounds good", "of course",
)  # fmt: skip
_NO_THEN = ("that's wrong", "it's not", "i'm not", "i can't", "i don't", "not now", "that's not me")
#: A value often comes with the answer to "is that right?": "no, the tenth".
ANSWERED = ("yes", "no", "no no")


def _words(number: int) -> str:
    return small(number).replace("-", " ")


def _ordinal(number: int) -> str:
    return ordinal(number).replace("-", " ")


def _up_to_99(first: int = 1) -> Expr:
    return either(*(_words(number) for number in range(first, 100)))


def _hundreds() -> Expr:
    ones = either("a", *(_words(number) for number in range(1, 10)))
    return seq(ones, "hundred", maybe(seq(maybe("and", 0.4), _up_to_99()), 0.6))


def _amount() -> Expr:
    rest = either(seq(maybe("and", 0.3), _up_to_99()), _hundreds(), weights=(1, 3))
    thousands = seq(either("a", _up_to_99(), weights=(1, 6)), "thousand", maybe(rest, 0.65))
    teens = seq(either(*(_words(number) for number in (*range(11, 20), *range(21, 30)))), "hundred")
    whole = either(_up_to_99(), _hundreds(), thousands, teens, weights=(3, 5, 6, 1))
    cents = seq("and", _up_to_99(), "cents")
    amount = either(
        seq(whole, either("dollars", "bucks", weights=(8, 1)), maybe(cents, 0.2)),
        either(_up_to_99(10), _hundreds(), thousands, weights=(1, 3, 3)),
        weights=(75, 22),
    )
    before = ("i can pay", "i could pay", "i can do", "maybe", "about", "i have", "i only have", "i can afford", "only",
              "like", "around", "up to", "i'll pay", "i'd pay")  # fmt: skip
    after = ("a month", "right now", "today", "or so", "cash")
    return carried(loop(amount, _CORRECTION, 0.06), BEFORE + ANSWERED, before, after, AFTER)


def _day_number() -> Expr:
    return either(*(_ordinal(number) for number in range(1, 32)))


def _year() -> Expr:
    late = either(*(_words(number) for number in range(24, 41)))
    return either(seq("twenty", late), seq("two thousand", maybe("and"), late), weights=(4, 1))


def _date() -> Expr:
    day = _day_number()
    cardinal = either(*(_words(number) for number in range(1, 32)))
    on = maybe(either("on", "by", "for", "around"), 0.35)
    named = seq(on, _MONTHS, maybe("the", 0.15), either(day, cardinal, weights=(4, 1)), maybe(_year(), 0.15))
    turned = seq(
        on, "the", day, maybe(either(seq("of", _MONTHS), "of next month", "of this month", weights=(8, 1, 1)), 0.6)
    )
    weekday = seq(maybe(either("on", "this", "next", "by"), 0.6), _WEEKDAYS)
    counted = seq("in", either(*(_words(number) for number in range(2, 31))), "days")
    relative = either(
        "today", "tomorrow", "day after tomorrow", "the day after tomorrow", "end of the month", "at the end of the month",
        "next week", "next month", "payday", "next payday", "when i get paid", "in a week", "in two weeks", counted,
        weights=(2, 4, 2, 2, *(1.0,) * 9, 4),
    )  # fmt: skip
    date = either(named, turned, weekday, relative, day, weights=(40, 25, 14, 14, 4))
    before = ("i can pay", "i can do it", "i'll pay", "maybe", "how about", "i think", "it would be", "let's say",
              "i can do", "probably")  # fmt: skip
    return carried(loop(date, _CORRECTION, 0.06), BEFORE + ANSWERED, before, ("for sure",), AFTER)


def _birth_date() -> Expr:
    year = either(seq("nineteen", either(*(_words(number) for number in range(30, 100)))), seq("two thousand", maybe(
        either(*(_words(number) for number in range(1, 11))), 0.6)), weights=(5, 1))  # fmt: skip
    # Month and day are what is asked for; a year comes with them as often as not.
    day = either(
        seq(_MONTHS, maybe("the", 0.1), _day_number()), seq("the", _day_number(), "of", _MONTHS), weights=(6, 1)
    )
    before = ("i was born", "i was born on", "it's", "my birthday is", "born")
    return carried(seq(day, maybe(year, 0.4)), BEFORE, before, (), AFTER)


def _digits() -> Expr:
    # Groups ("twelve thirty six") are left to the free decode: with them in, a noisy "six" is too often "sixty".
    single = ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    digit = either(*single, seq("double", either(*single)), weights=(*(1.0,) * 11, 0.2))
    before = ("it's", "my last four are", "the number is", "the last four digits are", "it is")
    return carried(loop(digit, more=0.75), BEFORE[:4], before, (), ())


def _clock() -> Expr:
    hour = either(*(_words(number) for number in range(1, 13)))
    minutes = either("thirty", "fifteen", "forty five", *(_words(number) for number in (10, 20, 25, 35, 40, 50, 55)))
    part = either(
        "in the morning", "in the afternoon", "in the evening", "a m", "p m", "o'clock", weights=(2, 2, 1, 1, 3, 2)
    )
    clock = either(
        seq(either("at", "around", "after", "about", weights=(6, 1, 2, 1)), hour, maybe(minutes, 0.3), maybe(part, 0.5)),
        seq(maybe("at"), either("half past", "quarter past", "quarter to"), hour),
        seq(hour, maybe(minutes, 0.3), part),
        weights=(6, 1, 3),
    )  # fmt: skip
    fixed = either("noon", "at noon", "in the morning", "in the afternoon", "in the evening", "after work", "after lunch",
                   "tonight", "this afternoon", "this evening")  # fmt: skip
    # As who is short says it. Never drawn: what is trained and measured on stays the same texts.
    bare = seq(hour, either(seq(maybe(minutes), either("at night", "tonight")), minutes))
    return either(clock, fixed, bare, weights=(5, 2, 0))


def _time() -> Expr:
    day = either("tomorrow", "today", seq(maybe("on"), _WEEKDAYS), weights=(3, 2, 3))
    before = ("call me", "you can call", "maybe", "how about", "call me back", "please call")
    return carried(
        either(seq(maybe(day, 0.4), _clock()), seq(_clock(), day), weights=(5, 2)), BEFORE, before, (), AFTER
    )


def _instalments() -> Expr:
    count = either(*(_words(number) for number in range(2, 49)))
    unit = either("payments", "installments", "monthly payments", "parts", weights=(5, 3, 2, 1))
    counted = seq(maybe(either("in", "over", "split it in", "split it into", "i want", "make it"), 0.7), count, unit)
    months = seq(either("in", "over"), count, "months")
    once = either("one payment", "in one payment", "all at once", "in full", "a single payment", "pay in full")
    return carried(either(loop(either(counted, months, weights=(8, 4)), _CORRECTION, 0.05), once, weights=(5, 1)), BEFORE + ANSWERED,
                   ("i'd like", "maybe", "i can do", "let's do", "i want", "i'd prefer"), (), AFTER)  # fmt: skip


def _yes_no() -> Expr:
    short = either(*YES, *NO)
    long = either(seq(either(*_YES_FIRST), either(*_YES_THEN)), seq("no", either(*_NO_THEN)), weights=(3, 1))
    return carried(either(short, long, weights=(3, 2)), BEFORE[:3], (), (), ("thanks",))


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
