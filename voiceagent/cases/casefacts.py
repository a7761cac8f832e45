"""The fields of filters as SQL: one scalar for each fact of a case, and a filter's test of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from voiceagent.base.money import DECIMALS
from voiceagent.cases import tables as t
from voiceagent.cases.kinds import STANDING, DebtStatus, EmailStatus, OptOutScope, PhoneStatus, PromiseStatus
from voiceagent.cases.tables.segments import case_score
from voiceagent.segments.fields import CUSTOM, Type
from voiceagent.segments.grammar import All, Any_, Expression, Not, Test
from voiceagent.segments.meaning import FOLD, folded

Scalar = sa.ColumnElement[Any]

case, person, debt, attempt = t.debt_case.c, t.person.c, t.debt.c, t.attempt.c
_OWED = sa.and_(debt.case_id == case.id, debt.status.in_((DebtStatus.OPEN, DebtStatus.DISPUTED)))
#: Whole numbers of days back from today: kept as the day itself, so that both databases compare dates.
_SINCE = {
    "days_overdue": sa.select(sa.func.min(debt.due)).where(_OWED).scalar_subquery(),
    "days_since_attempt": sa.select(sa.func.max(attempt.local_date))
    .where(attempt.case_id == case.id)
    .scalar_subquery(),
    "days_since_talk": sa.select(sa.func.max(attempt.local_date))
    .where(attempt.case_id == case.id, attempt.right_party)
    .scalar_subquery(),
}


def _oldest(column: sa.Column[Any]) -> Scalar:
    return sa.select(column).where(_OWED).order_by(debt.due, debt.id).limit(1).scalar_subquery()


def _exists(*where: Any) -> Scalar:
    return sa.exists(sa.select(sa.literal(1)).where(*where))


def _count(column: sa.Column[Any], *where: Any) -> Scalar:
    return sa.select(sa.func.count(column)).where(*where).scalar_subquery()


_SCALARS: dict[str, Scalar] = {
    "oldest_due": _SINCE["days_overdue"],
    "balance": sa.select(sa.func.sum(debt.original_minor + debt.charges_minor)).where(_OWED).scalar_subquery(),
    "currency": _oldest(debt.currency),
    "debts": _count(debt.id, _OWED),
    "creditor": sa.select(t.creditor.c.name).where(t.creditor.c.id == case.creditor_id).scalar_subquery(),
    "product": _oldest(debt.product),
    "stage": sa.type_coerce(case.stage, sa.String),
    "region": person.region,
    "state": person.state,
    "language": person.language,
    "score": sa.select(case_score.c.value).where(case_score.c.case_id == case.id).scalar_subquery(),
    "attempts": _count(attempt.id, attempt.case_id == case.id),
    "last_outcome": sa.select(sa.type_coerce(attempt.disposition, sa.String))
    .where(attempt.case_id == case.id, attempt.disposition.is_not(None))
    .order_by(attempt.t_start.desc(), attempt.id.desc())
    .limit(1)
    .scalar_subquery(),
    "open_promise": _exists(t.promise.c.case_id == case.id, t.promise.c.status.in_(STANDING)),
    "broken_promises": _count(
        t.promise.c.id, t.promise.c.case_id == case.id, t.promise.c.status == PromiseStatus.BROKEN
    ),
    "opted_out": _exists(
        t.opt_out.c.person_id == case.person_id,
        t.opt_out.c.scope == OptOutScope.PERSON,
        t.opt_out.c.revoked_at.is_(None),
    ),
    "has_phone": _exists(
        t.phone.c.person_id == case.person_id,
        t.phone.c.number.is_not(None),
        t.phone.c.status.not_in((PhoneStatus.WRONG, PhoneStatus.DEAD)),
    ),
    "has_email": _exists(
        t.email.c.person_id == case.person_id,
        t.email.c.address.is_not(None),
        t.email.c.status != EmailStatus.BOUNCED,
    ),
}

#: The fields as they are read for one case; dates where `_SINCE` counts days.
COLUMNS: dict[str, Scalar] = _SCALARS | _SINCE


def custom(name: str) -> Scalar:
    """A column of the list, by the field's name (`x.name`)."""
    a = t.attribute.c
    return sa.select(a.value).where(a.case_id == case.id, a.name == name.removeprefix(CUSTOM)).scalar_subquery()


def plain(name: str, value: Any, currency: str | None, today: date) -> Any:
    """A value read from `COLUMNS` as filters speak of it: days instead of dates, units instead of cents."""
    if value is None:
        return None
    if name in _SINCE:
        return (today - value).days
    if name == "balance":
        return Decimal(value).scaleb(-DECIMALS.get(currency or "", 2))
    return value


def condition(expression: Expression, today: date) -> Scalar:
    """The filter over rows of debt_case joined with person; `today` is the operation's day."""
    match expression:
        case Not(part):
            return sa.not_(condition(part, today))
        case All(parts):
            return sa.and_(*(condition(part, today) for part in parts))
        case Any_(parts):
            return sa.or_(*(condition(part, today) for part in parts))
        case Test():
            # Of an unknown fact every test is false, and not NULL, so that `not` makes it true.
            return sa.func.coalesce(_test(expression, today), sa.false())


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def _test(test: Test, today: date) -> Scalar:
    name = test.field.name
    values: list[Any] = [folded(value) for value in test.values]
    if test.op == "known":
        return COLUMNS[name].is_not(None) if name in COLUMNS else custom(name).is_not(None)
    if name in _SINCE:
        # More days ago is an earlier date.
        days = [today - timedelta(days=min(max(value, -300_000), 300_000)) for value in values]
        op = _TURNED.get(test.op, test.op)
        return _compare(_SINCE[name], op, days[::-1] if op == "between" else days)
    if name == "balance":
        return sa.or_(
            *(
                sa.and_(
                    _SCALARS["currency"].in_([code for code, digits in DECIMALS.items() if digits == places]),
                    _compare(_SCALARS[name], test.op, [Decimal(value).scaleb(places) for value in values]),
                )
                for places in sorted(set(DECIMALS.values()))
            )
        )
    scalar = _SCALARS[name] if name in _SCALARS else custom(name)
    return _compare(_lower(scalar) if test.field.type is Type.TEXT else scalar, test.op, values)


def _lower(scalar: Scalar) -> Scalar:
    """A to Z only, on both databases."""
    upper, lower = (
        "".join(map(chr, FOLD)),
        "".join(chr(int(code)) for code in FOLD.values()),
    )
    return _AsciiLower(scalar, sa.literal(upper), sa.literal(lower))


class _AsciiLower(GenericFunction[str]):
    """lower() of SQLite folds A to Z; PostgreSQL's follows the database's language, its translate() does not."""

    name = "ascii_lower"
    inherit_cache = True
    type = sa.String()


@compiles(_AsciiLower, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"lower({compiler.process(next(iter(element.clauses)), **how)})"


@compiles(_AsciiLower)
def _elsewhere(element: Any, compiler: Any, **how: Any) -> str:
    return f"translate({', '.join(compiler.process(part, **how) for part in element.clauses)})"


_OPS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda scalar, value: scalar == value,
    "!=": lambda scalar, value: scalar != value,
    "<": lambda scalar, value: scalar < value,
    "<=": lambda scalar, value: scalar <= value,
    ">": lambda scalar, value: scalar > value,
    ">=": lambda scalar, value: scalar >= value,
}


def _compare(scalar: Scalar, op: str, values: list[Any]) -> Scalar:
    if op == "in":
        return scalar.in_(values)
    if op == "between":
        return scalar.between(values[0], values[1])
    if isinstance(values[0], bool):
        return scalar if values[0] == (op == "=") else sa.not_(scalar)
    found: Scalar = _OPS[op](scalar, values[0])
    return found
