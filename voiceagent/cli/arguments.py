"""Numbers on the command line: what cannot be is refused by argparse, in words, before anything is done."""

from __future__ import annotations

import argparse
import math


def count(text: str) -> int:
    """1 or more."""
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: 1 or more")
    return number


def counts(text: str) -> tuple[int, ...]:
    """Counts with commas between them."""
    return tuple(count(part) for part in text.split(","))


def positive(text: str) -> float:
    """A number that is more than 0."""
    number = _number(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text}: more than 0")
    return number


def not_negative(text: str) -> float:
    """A number that is 0 or more."""
    number = _number(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text}: 0 or more")
    return number


def port(text: str) -> int:
    """A TCP port; 0 is any free one."""
    number = _whole(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text}: a port is a number from 0 to 65535")
    return number


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return number


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
