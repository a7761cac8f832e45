"""Guards the words: what rooms say of a call and a case is what the columns accept."""

from __future__ import annotations

import pytest

from voiceagent.cases import PROJECTIONS, handovers, holds, kinds, recordings, reviews, segments, stops, tables
from voiceagent.compliance.request import Channel as LawfulChannel
from voiceagent.debt.disposition import Disposition
from voiceagent.journal import catalogue, floor
from voiceagent.telephony.line import HungUpBy


def test_who_hung_up_is_said_alike_by_telephony_and_cases() -> None:
    assert {word.value for word in HungUpBy} == {word.value for word in kinds.HangupBy}


def test_every_channel_of_the_law_can_be_kept() -> None:
    assert {word.value for word in LawfulChannel} <= {word.value for word in kinds.Channel}


def test_every_disposition_is_accepted_by_the_attempt() -> None:
    (check,) = [c for c in tables.attempt.constraints if str(c.name).endswith("ck_attempt_disposition")]
    assert all(f"'{code.value}'" in str(check.sqltext) for code in Disposition)  # type: ignore[attr-defined]


def test_every_event_that_changes_cases_has_a_projection() -> None:
    projected = {projection.type for projection in PROJECTIONS}
    elsewhere = {catalogue.CallbackRequested.TYPE, catalogue.RecordingSwitched.TYPE, floor.ListImported.TYPE}
    said = {
        kind.TYPE
        for module in (catalogue, floor, handovers, holds, recordings, reviews, segments, stops)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, catalogue.Said) and kind.TYPE
    }
    assert said - projected == elsewhere
    assert projected <= said


@pytest.mark.parametrize("table", tables.PROJECTED, ids=lambda table: table.name)
def test_words_of_a_column_are_checked_by_the_database_too(table: object) -> None:
    from voiceagent.storage.types import TextEnum

    for column in table.columns:  # type: ignore[attr-defined]
        if isinstance(column.type, TextEnum):
            names = [str(constraint.name) for constraint in table.constraints]  # type: ignore[attr-defined]
            assert any(name.endswith(f"_{column.name}") for name in names), column.name
            assert column.type.enum is not None
