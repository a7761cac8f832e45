"""Guards the language of filters: what is written is what is meant; what cannot be meant is refused at its column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError
from voiceagent.segments.fields import FIELDS
from voiceagent.segments.grammar import FilterError, parse
from voiceagent.segments.meaning import holds
from voiceagent.segments.scorecard import read_scorecard

FACTS: dict[str, Any] = {
    "days_overdue": 45,
    "balance": Decimal("1250.50"),
    "state": "SP",
    "creditor": "Banco Ação",
    "oldest_due": date(2026, 10, 4),
    "open_promise": False,
    "has_phone": True,
    "last_outcome": "NA",
    "x.plan": "Gold",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("days_overdue > 44", True),
        ("days_overdue > 45", False),
        ("days_overdue >= 45 and balance <= 1250.50", True),
        ("balance = 1250.5", True),
        ("days_overdue between 31 and 90", True),
        ("days_overdue between 46 and 90", False),
        ("days_overdue = 1 or state = SP", True),
        ("state = sp and state == 'Sp'", True),
        ("state != SP", False),
        ("state in (RJ, 'SP')", True),
        ("state not in (RJ, SP)", False),
        ("creditor = 'Banco Ação'", True),
        ("creditor = 'BANCO AÇÃO'", False),
        ("oldest_due < 2026-10-05", True),
        ("has_phone", True),
        ("not has_phone", False),
        ("open_promise = no", True),
        ("has_phone and not open_promise", True),
        ("x.plan = gold", True),
        ("NOT (days_overdue > 30 AND state = RJ)", True),
        ("days_overdue = 1 or days_overdue = 45 and state = RJ", False),
        ("(days_overdue = 45 or days_overdue = 1) and state = SP", True),
        ("score > 0", False),
        ("not score > 0", True),
        ("score != 0", False),
        ("score is known", False),
        ("score is not known", True),
        ("x.other is known", False),
        ("days_overdue < 1000000000000000", True),
        ('creditor = "x"', False),
        ("creditor = 'it''s'", False),
    ],
)
def test_what_is_written_is_meant(text: str, expected: bool) -> None:
    assert holds(parse(text), FACTS) is expected


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("balnce > 3", 1, "did you mean balance"),
        ("days_overdue > 30 and zzz = 1", 23, "segments fields"),
        ("balance > 'x'", 11, "no value for balance"),
        ("state > 3", 9, "no order"),
        ("state between 1 and 2", 15, "no order"),
        ("days_overdue > 2.5", 16, "whole number"),
        ("(state=SP", 10, "closing bracket"),
        ("state = SP)", 11, "too much"),
        ("score", 6, "compared"),
        ("days_overdue > 30 score > 1", 19, "too much"),
        ("state = SP or", 14, "name of a field"),
        ("state in ()", 11, "value"),
        ("state in (SP RJ)", 14, "comma"),
        ("oldest_due < 2026-13-01", 14, "no value"),
        ("attempts > 1000000000000001", 12, "no value"),
        ("days_overdue between 1 and -99999999999999999999", 28, "no value"),
        (f"balance < {'9' * 1900}", 11, "no value"),
        ("state = 'SP", 9, "close the quotation"),
        ("state = SP; drop table person", 11, "cannot stand here"),
        ("open_promise = maybe", 16, "no value"),
        ("days_overdue between 1 or 2", 24, "'and'"),
        ("score is 3", 10, "'known'"),
        ("x. = 3", 1, "no field"),
        ("(" * 60 + "has_phone" + ")" * 60, 32, "plainer"),
        ("state = 'a\0b'", 11, "no text has"),
        ("state = '\udce3'", 10, "no text has"),
        ("has_phone or " * 120 + "has_phone", None, "more than 100"),
        ("has_phone or " * 200 + "has_phone", None, "2000"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_column(text: str, column: int | None, told: str) -> None:
    with pytest.raises(FilterError, match=told) as caught:
        parse(text)
    if column is not None:
        assert caught.value.column == column
    assert caught.value.message.startswith(f"column {caught.value.column}: ")


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*FIELDS, "and", "or", "not", "(", ")", "=", "1", "in", ","])).map(" ".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except FilterError as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert holds(found, {}) in (True, False)


CARD = {
    "name": "plain",
    "version": "1",
    "base": 500,
    "lines": [
        {"when": "days_overdue between 1 and 60", "points": 120, "reason": "young debt"},
        {"when": "broken_promises > 0", "points": -200, "reason": "broke a promise"},
        {"when": "has_phone", "points": 30, "reason": "can be called"},
    ],
}


def test_a_score_is_the_base_and_the_points_that_hold() -> None:
    card = read_scorecard(CARD)
    assert card.score(FACTS) == (650, ("young debt", "can be called"))
    assert card.score(FACTS | {"broken_promises": 2}) == (450, ("broke a promise", "young debt", "can be called"))
    assert card.score({}) == (500, ())
    assert read_scorecard(CARD | {"base": 990}).score(FACTS)[0] == 1000


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"base": "500"}, "base"),
        ({"lines": [{"when": "zzz > 1", "points": 1, "reason": "x"}]}, "line 1 of the scorecard: column 1"),
        ({"lines": [{"when": "has_phone", "points": 1.5, "reason": "x"}]}, "whole number"),
        ({"lines": [{"when": "has_phone", "points": 1}]}, "exactly when, points and reason"),
        ({"extra": 1}, "exactly name"),
    ],
)
def test_a_scorecard_that_cannot_be_read_says_where(change: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInputError, match=told):
        read_scorecard(CARD | change)
