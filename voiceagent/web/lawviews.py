"""What the API says of segments and of people's data; models as in `views`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from voiceagent.web.views import View


class Segment(View):
    """A saved filter and whom it holds now."""

    name: str
    filter: str
    revision: int
    cases: int
    people: int
    balance: dict[str, str] = Field(description="By currency")
    intensity: dict[str, int] | None = Field(description="per_day, per_week, gap_hours: bounds below the law's")


class SegmentList(View):
    """Every saved filter, by name."""

    segments: list[Segment]


class Filter(View):
    """A filter to be tried; nothing is saved."""

    filter: str


class FilterCount(View):
    """Whom a filter holds now."""

    cases: int
    people: int
    balance: dict[str, str]
    ages: dict[str, int] = Field(description="Cases by age of the oldest debt in days")


class FilterField(View):
    """Something a filter may ask."""

    name: str
    type: str
    meaning: str


class FilterFields(View):
    """Everything a filter may ask."""

    fields: list[FilterField]


class PersonWish(View):
    """Whom to look for: a document, a number (+55...), a case's id or a person's."""

    contact: str
    reveal: bool = Field(default=False, description="Unmasked; the journal records who asked, either way")


class Datum(View):
    """One thing that is kept, and why it may be."""

    kind: str = Field(description="document, name, birth_date, phone, email, contract, or the list's own column")
    value: str | None = Field(description="Masked unless asked for; null once erased")
    source: str | None
    purpose: str | None
    since: str | None


class Access(View):
    """Somebody looked at, took or erased personal data."""

    at: datetime
    who: str
    what: str


class Person(View):
    """What is kept of a person."""

    id: UUID
    name: str | None
    erased_at: datetime | None
    masked: bool
    data: list[Datum]
    kept: dict[str, int] = Field(description="Rows by table")
    holds: list[str] = Field(description="Reasons of the legal holds that stand")
    access: list[Access] = Field(description="Newest first")


class Reason(View):
    """Why; kept in the journal."""

    reason: str


class Hold(View):
    """Place a legal hold, or lift those that stand."""

    reason: str = ""
    lift: bool = False


class Erase(View):
    """Erase a person. `confirm` names the person again, so that nobody else is erased by a slip."""

    reason: str
    confirm: str
    despite_retention: bool = False


class Erased(View):
    """What an erasure emptied."""

    erased: int = Field(description="Values and files")
