"""Check digits of Brazilian bank slips (FEBRABAN)."""

from __future__ import annotations

from collections.abc import Callable

from voiceagent.base.errors import BadInputError


def mod10(digits: str) -> str:
    """Weights 2, 1 from the right, digits of the products added. Sees every single wrong digit."""
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def mod11_bank(digits: str) -> str:
    """Weights 2 to 9 from the right; 0, 10 and 11 become 1, so an error between these three is not seen."""
    digit = -_weighted(digits) % 11
    return str(digit if 2 <= digit <= 9 else 1)


def mod11_utility(digits: str) -> str:
    """Weights 2 to 9 from the right; 10 and 11 become 0, so an error between these two is not seen."""
    return str(-_weighted(digits) % 11 % 10)


def require(check: Callable[[str], str], digits: str, given: str, where: str) -> None:
    """BadInputError (`boleto_check_digit`) unless `check` makes `given` of `digits`; `where` names the place."""
    if check(digits) != given:
        raise BadInputError(
            f"the check digit of {where} is wrong: a digit of it was mistyped, copy it again", code="boleto_check_digit"
        )


def _weighted(digits: str) -> int:
    return sum(int(digit) * (2 + at % 8) for at, digit in enumerate(reversed(digits)))
