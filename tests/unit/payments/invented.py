"""Invented payees, keys, charges and slips for the tests of payment codes."""

from __future__ import annotations

import string
from datetime import date, timedelta

from hypothesis import strategies as st
from stdnum.br import cnpj, cpf

from voiceagent.base.money import Money
from voiceagent.payments.boleto import Boleto
from voiceagent.payments.brcode import NO_TXID, PixCode
from voiceagent.payments.checkdigits import mod10, mod11_utility
from voiceagent.payments.pixkey import PixKey

TODAY = date(2026, 11, 18)

PHONE = (
    "00020101021126360014br.gov.bcb.pix0114+5511943214321520400005303986540566.66"
    "5802BR5907EMPRESA6008BRASILIA62070503***6304FDCE"
)
EMAIL = (
    "00020101021126470014br.gov.bcb.pix0125financeiro@exemplo.com.br5204000053039865406250.00"
    "5802BR5917CREDOR EXEMPLO SA6009SAO PAULO62200516ACORDO00000000016304C88A"
)
BARCODE = "00197166100000250000000001234567000000000017"
LINE = "00190.00009 01234.567004 00000.000174 7 16610000025000"

_ALNUM = string.ascii_letters + string.digits


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def printable(most: int) -> st.SearchStrategy[str]:
    """Text as codes hold it: nothing is changed by transliteration."""
    letters = st.characters(min_codepoint=33, max_codepoint=126)
    return st.lists(st.text(letters, min_size=1, max_size=8), min_size=1, max_size=9).map(
        lambda words: " ".join(words)[:most].strip()
    )


def _cpf(nine: str) -> str:
    return next(nine + f"{check:02d}" for check in range(100) if cpf.is_valid(nine + f"{check:02d}"))


def _cnpj(twelve: str) -> str:
    return twelve + cnpj.calc_check_digits(twelve)


keys = st.one_of(
    digits(9).filter(lambda nine: len(set(nine)) > 1).map(_cpf),
    st.text(string.ascii_uppercase + string.digits, min_size=12, max_size=12)
    .filter(lambda twelve: len(set(twelve)) > 1)
    .map(_cnpj),
    digits(7).map(lambda seven: f"+55119{9}{seven}"),
    st.text(string.ascii_lowercase, min_size=1, max_size=40).map(lambda user: f"{user}@exemplo.com.br"),
    st.uuids().map(str),
).map(PixKey.parse)

_money = st.integers(1, 10**12 - 1).map(Money)


@st.composite
def static_codes(draw: st.DrawFn, of: st.SearchStrategy[PixKey] = keys) -> PixCode:
    key = draw(of)
    room = 99 - 18 - 4 - len(key.value) - 4
    return PixCode(
        name=draw(printable(25)),
        city=draw(printable(15)),
        key=key,
        amount=draw(st.none() | _money),
        txid=draw(st.just(NO_TXID) | st.text(_ALNUM, min_size=1, max_size=25)),
        description=draw(st.none() | printable(min(room, 72))) if room > 0 else None,
        initiation=draw(st.sampled_from([None, "11", "12"])),
        postal_code=draw(st.none() | digits(8)),
    )


dynamic_codes = st.builds(
    PixCode,
    name=printable(25),
    city=printable(15),
    url=st.text(_ALNUM + "/-_.", min_size=1, max_size=60).map(lambda path: f"pix.example.com/{path}"),
    initiation=st.sampled_from([None, "11", "12"]),
)

boletos = st.builds(
    Boleto,
    bank=st.integers(1, 799).map(lambda number: f"{number:03d}"),
    free_field=digits(25),
    due=st.none() | st.integers(-3499, 5500).map(lambda days: TODAY + timedelta(days=days)),
    amount=st.none() | st.integers(1, 10**10 - 1).map(Money),
)


@st.composite
def utility_barcodes(draw: st.DrawFn, rules: str = "6789") -> str:
    rule = draw(st.sampled_from(rules))
    head, tail = "8" + draw(st.sampled_from("12345679")) + rule, draw(digits(40))
    return head + (mod10 if rule in "67" else mod11_utility)(head + tail) + tail


def other_digit(text: str, at: int, step: int) -> str:
    """`text` with the digit at `at` moved on by `step` (1 to 9)."""
    return f"{text[:at]}{(int(text[at]) + step) % 10}{text[at + 1 :]}"
