"""Column types that hold the same value on SQLite and PostgreSQL, and refuse what would be kept ambiguously."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from voiceagent.base.clock import require_aware


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC to the microsecond; naive values are refused (ValueError).

    PostgreSQL keeps `timestamptz`; SQLite keeps text like 2026-11-18T13:00:00.000000Z, which sorts as time does.
    """

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Pick the database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.String(27))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Aware value to UTC, as text where the database has no instants."""
        if value is None:
            return None
        instant = require_aware(value)
        return instant if dialect.name == "postgresql" else instant_text(instant)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC)
        return require_aware(value)


class Uuid(TypeDecorator[uuid.UUID]):
    """A UUID; text with hyphens on SQLite, so that what people copy from a page finds its row."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Pick the database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(sa.String(36))

    def process_bind_param(self, value: uuid.UUID | str | None, dialect: sa.Dialect) -> Any:
        """UUID or its text."""
        if value is None:
            return None
        identity = value if isinstance(value, uuid.UUID) else uuid.UUID(value)
        return identity if dialect.name == "postgresql" else str(identity)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> uuid.UUID | None:
        """Always a UUID."""
        if value is None or isinstance(value, uuid.UUID):
            return value
        return uuid.UUID(value)


class Minor(TypeDecorator[int]):
    """Integer minor units of the row's `currency`; floats and booleans are refused (TypeError)."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: sa.Dialect) -> Any:
        """Whole numbers only: a float here is a rounding error on its way."""
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise TypeError(f"money is kept in whole minor units, not {value!r}")
        return value


class Json(TypeDecorator[Any]):
    """A JSON document in canonical text (sorted keys, no spaces), the same on both databases; None is SQL NULL."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)


class TextEnum(TypeDecorator[StrEnum]):
    """A StrEnum kept as its text; pair it with `enum_check` so that the database refuses other words too."""

    impl = sa.String
    cache_ok = True

    def __init__(self, enum: type[StrEnum] | None = None) -> None:
        super().__init__(32)
        self.enum = enum

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> Any:
        """The member's text; ValueError for a word that is not a member."""
        if value is None:
            return None
        return str(value if self.enum is None else self.enum(value))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """The member."""
        return value if value is None or self.enum is None else self.enum(value)


#: Row counters: 64 bits, but SQLite only numbers rows itself in a column it calls INTEGER.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def enum_column(name: str, enum: type[StrEnum], **options: Any) -> sa.Column[Any]:
    """A column of `enum`; the table also needs `enum_check(name, enum)`."""
    options.setdefault("nullable", False)
    return sa.Column(name, TextEnum(enum), **options)


def enum_check(name: str, enum: type[StrEnum]) -> sa.CheckConstraint:
    """The CHECK that keeps column `name` within `enum`."""
    words = ", ".join(f"'{member.value}'" for member in enum)
    return sa.CheckConstraint(f"{name} IN ({words})", name=name)


def currency_column(name: str = "currency", **options: Any) -> sa.Column[Any]:
    """ISO 4217 code beside `Minor` columns."""
    options.setdefault("nullable", False)
    return sa.Column(name, sa.String(3), **options)


@lru_cache(maxsize=256)
def instant_text(at: datetime) -> str:
    """The one text of an instant: UTC, microseconds, Z."""
    return require_aware(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical_json(value: Any) -> str:
    """The one text of a JSON value; ValueError for NaN and infinities, which are not JSON."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
)
