"""Values as people write them, for the eyes of whoever works with a call."""

from __future__ import annotations

from datetime import date

from voiceagent.base.money import DECIMALS, Money

#: Of a currency as its own country writes it: the sign with its place, what parts thousands, and what cents.
_MONEY = {
    "BRL": ("R$ {}", ".", ","),
    "MXN": ("${}", ",", "."),
    "COP": ("$ {}", ".", ","),
    "CLP": ("${}", ".", ","),
    "PEN": ("S/ {}", ",", "."),
    "ARS": ("$ {}", ".", ","),
    "USD": ("${}", ",", "."),
    "EUR": ("{} €", ".", ","),
}
_DAYS = {"pt-BR": "%d/%m/%Y", "es": "%d/%m/%Y"}


def money(amount: Money) -> str:
    """`R$ 3.301,50`, `$3,301.50`, `3.301,50 €`: the currency's own country's way, whatever the words around it."""
    form, thousands, cents = _MONEY[amount.currency]
    whole, _, rest = str(Money(abs(amount.minor), amount.currency)).partition(".")
    text = f"{int(whole):,}".replace(",", thousands)
    if DECIMALS[amount.currency]:
        text += cents + rest
    return ("-" if amount.minor < 0 else "") + form.format(text)


def day(value: date, language: str) -> str:
    """`15/12/2026` where that can be read in one way only, else `2026-12-15`."""
    return value.strftime(_DAYS.get(language, "%Y-%m-%d"))
