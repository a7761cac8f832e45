"""Guards the envelope: one JSON for one event, private values taken out, a digest that covers every field."""

from __future__ import annotations

import dataclasses
import inspect
import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.money import Money
from voiceagent.journal import catalogue, floor
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import GENESIS, Event, digest_of, plain
from voiceagent.journal.private import digest, private_ref
from voiceagent.storage.types import canonical_json

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
IDENTITY = uuid.UUID(int=7)


@dataclasses.dataclass(frozen=True, slots=True)
class Anything(Said):
    TYPE: ClassVar[str] = "test.anything"
    value: Any


def payloads() -> list[type[Said]]:
    return [
        kind
        for module in (catalogue, floor)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Said) and kind is not Said and kind.__module__ == module.__name__
    ]


def test_every_event_of_the_catalogue_has_its_own_name_and_a_version() -> None:
    types = [kind.TYPE for kind in payloads()]
    assert len(types) == len(set(types)) > 30
    assert all("." in name and len(name) <= 48 for name in types)
    assert all(kind.V >= 1 and kind.__doc__ for kind in payloads())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (IDENTITY, '"00000000-0000-0000-0000-000000000007"'),
        (datetime(2026, 11, 18, 10, tzinfo=timezone(timedelta(hours=-3))), '"2026-11-18T13:00:00.000000Z"'),
        (date(2026, 11, 18), '"2026-11-18"'),
        (Money(25_000), '{"currency":"BRL","minor":25000}'),
        ((1, [2.5, None]), "[1,[2.5,null]]"),
        (frozenset({"b", "a"}), '["a","b"]'),
        ({"b": True, "a": catalogue.CallRinging(183)}, '{"a":{"sip_code":183},"b":true}'),
    ],
)
def test_values_have_one_text(value: Any, text: str) -> None:
    payload, taken = plain(Anything(value))
    assert canonical_json(payload["value"]) == text
    assert taken == []


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot hold a bytes"):
        plain(Anything(b"audio"))
    with pytest.raises(ValueError, match="naive"):
        plain(Anything(datetime(2026, 11, 18)))


@given(st.text())
def test_private_values_leave_only_a_reference(words: str) -> None:
    private = private_ref("utterance", words, NOW)
    payload, taken = plain(Anything({"deep": [private]}))
    assert taken == [private]
    (reference,) = payload["value"]["deep"]
    assert reference == {"ref": str(private.id), "digest": digest(private.salt, private.body)}
    assert json.loads(private.body) == words
    assert words not in repr(private) or len(words) < 40


def test_the_same_words_twice_have_two_digests() -> None:
    one, two = private_ref("phone", "+5511900000000", NOW), private_ref("phone", "+5511900000000", NOW)
    assert one.reference["digest"] != two.reference["digest"]


EVENT = Event(3, IDENTITY, NOW, IDENTITY, "call", IDENTITY, 2, "call.ringing", 1, {"sip_code": 180}, "agent", None, "")
CHANGES: dict[str, Any] = {
    "seq": 4,
    "id": uuid.UUID(int=8),
    "at_utc": NOW + timedelta(microseconds=1),
    "tenant_id": uuid.UUID(int=8),
    "stream_type": "case",
    "stream_id": uuid.UUID(int=8),
    "stream_seq": 3,
    "type": "call.answered",
    "v": 2,
    "payload": {"sip_code": 183},
    "actor": "nobody",
    "cause_id": uuid.UUID(int=8),
}


@pytest.mark.parametrize("field", sorted(CHANGES))
def test_the_digest_covers_every_field(field: str) -> None:
    assert digest_of(GENESIS, dataclasses.replace(EVENT, **{field: CHANGES[field]})) != digest_of(GENESIS, EVENT)


def test_the_digest_covers_what_came_before_and_nothing_was_left_out_of_this_test() -> None:
    assert digest_of("1" * 64, EVENT) != digest_of(GENESIS, EVENT)
    assert set(CHANGES) == {field.name for field in dataclasses.fields(Event)} - {"digest"}
