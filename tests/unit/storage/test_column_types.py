"""Guards the column types: the same value on both databases, ambiguous ones refused."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from voiceagent.storage.types import (
    Json,
    Minor,
    TextEnum,
    UtcDateTime,
    Uuid,
    canonical_json,
    enum_check,
    instant_text,
)

DIALECTS: list[sa.Dialect] = [sqlite.dialect(), postgresql.dialect()]
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1), timezones=ZONES)


def there_and_back(kind: Any, value: Any, dialect: sa.Dialect) -> Any:
    return kind.process_result_value(kind.process_bind_param(value, dialect), dialect)


@given(INSTANTS)
def test_an_instant_is_the_same_moment_in_utc_on_both(at: datetime) -> None:
    for dialect in DIALECTS:
        back = there_and_back(UtcDateTime(), at, dialect)
        assert back == at and back.tzinfo is UTC


@given(INSTANTS, INSTANTS)
def test_instants_as_text_sort_as_time_does(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_naive_instant_is_refused(dialect: sa.Dialect) -> None:
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2026, 11, 18, 10), dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("value", [1.0, 0.1, True, "100"])
def test_money_that_is_no_whole_number_is_refused(value: Any, dialect: sa.Dialect) -> None:
    with pytest.raises(TypeError, match="whole minor units"):
        Minor().process_bind_param(value, dialect)


@given(st.uuids(), st.uuids())
def test_uuids_come_back_and_keep_their_order_as_text(one: uuid.UUID, other: uuid.UUID) -> None:
    for dialect in DIALECTS:
        assert there_and_back(Uuid(), one, dialect) == one == there_and_back(Uuid(), str(one), dialect)
    assert (str(one) < str(other)) == (one < other)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def test_a_word_that_is_no_member_is_refused_by_type_and_by_check() -> None:
    kind = TextEnum(Colour)
    assert there_and_back(kind, "red", DIALECTS[0]) is Colour.RED
    with pytest.raises(ValueError, match="green"):
        kind.process_bind_param("green", DIALECTS[0])
    assert str(enum_check("colour", Colour).sqltext) == "colour IN ('red', 'blue')"


def test_no_value_stays_no_value() -> None:
    for kind in (UtcDateTime(), Uuid(), Minor(), TextEnum(Colour)):
        for dialect in DIALECTS:
            assert kind.process_bind_param(None, dialect) is None
    assert Json().impl.none_as_null  # type: ignore[attr-defined]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_has_one_text_that_survives_a_round_trip(value: Any) -> None:
    import json

    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_json_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"(?i)not JSON compliant|out of range"):
        canonical_json(value)
