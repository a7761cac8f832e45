"""Guards the last gate before the INVITE: rehearsal calls nobody real, a pilot its list, and headers stay clean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.dialer.campaigns import all_campaigns, change_campaign, create_campaign, set_mode
from voiceagent.dialer.modes import Gate, dialable, is_fictitious
from voiceagent.dialer.switches import Trunk, set_trunk
from voiceagent.dialer.tables import DialMode
from voiceagent.journal.journal import Journal, read_events

REAL, SIMULATED = "+5511987654321", "+5511955550100"


def test_the_default_gate_is_a_rehearsal() -> None:
    assert Gate().check(SIMULATED, None) is DialMode.REHEARSAL
    for campaign in (None, *DialMode):
        with pytest.raises(DeniedError, match="rehearsal"):
            Gate().check(REAL, campaign)


def test_registered_simulated_phones_may_be_called() -> None:
    gate = Gate.of("rehearsal", simulated=["sip:maria@127.0.0.1:5090", REAL])
    assert gate.check("sip:maria@127.0.0.1:5090", DialMode.LIVE) is DialMode.REHEARSAL
    assert gate.check(REAL, None) is DialMode.REHEARSAL


def test_no_rehearsal_where_there_is_a_trunk() -> None:
    with pytest.raises(DeniedError, match="trunk"):
        Gate(trunk=True).check(SIMULATED, None)


def test_a_pilot_calls_its_list_only() -> None:
    gate = Gate.of("pilot", allowed=[REAL])
    assert gate.check(REAL, DialMode.LIVE) is DialMode.PILOT
    assert gate.check(REAL, None) is DialMode.PILOT
    with pytest.raises(DeniedError, match=r"dial\.allow"):
        gate.check("+5511987654322", DialMode.PILOT)
    with pytest.raises(DeniedError, match="rehearsal"):
        gate.check(REAL, DialMode.REHEARSAL)


def test_live_needs_installation_and_campaign() -> None:
    gate = Gate.of("live")
    assert gate.check(REAL, DialMode.LIVE) is DialMode.LIVE
    for campaign in (None, DialMode.PILOT, DialMode.REHEARSAL):
        with pytest.raises(DeniedError):
            gate.check(REAL, campaign)


@given(st.text(max_size=40))
def test_only_numbers_and_plain_sip_addresses_can_be_dialled(text: str) -> None:
    try:
        assert dialable(text) == text
    except DeniedError:
        return
    assert not set(text) & set("\r\n\"<>;,&()' ") and text.startswith(("+", "sip:"))


@pytest.mark.parametrize("text", ["+55119\r\nX-Evil: 1", "+5511987654321&SIP/other", "sip:a@b;transport=tcp", "", "+0"])
def test_what_could_end_a_header_is_refused(text: str) -> None:
    with pytest.raises(DeniedError):
        Gate.of("live").check(text, DialMode.LIVE)


@pytest.mark.parametrize("text", ['a"b', "a\r\nb", "<sip:x>", "a;b"])
def test_caller_ids_are_plain(journal: Journal, text: str) -> None:
    with pytest.raises(BadInputError, match="no caller id"):
        create_campaign(journal, "teste", caller_id=text)
    create_campaign(journal, "teste")
    with pytest.raises(BadInputError, match="no caller id"):
        change_campaign(journal, "teste", limits=lambda old: replace(old, caller_ids=(text,)))
    with pytest.raises(BadInputError, match="no caller id"):
        set_trunk(journal, Trunk("carrier", 4, caller_ids=(text,)))


@pytest.mark.parametrize(
    "number",
    ["+5511955550100", "+5592955550199", "+12125550100", "+525555550123", "+573005550123", "+56955550123",
     "+51955550123", "+593955550123"],
)  # fmt: skip
def test_fictitious_numbers(number: str) -> None:
    assert is_fictitious(number)
    assert not is_fictitious(number[:-4] + "9" + number[-3:])
    assert not is_fictitious(number + "0")


def test_raising_the_mode_is_explicit_and_audited(journal: Journal) -> None:
    create_campaign(journal, "teste")
    with pytest.raises(BadInputError, match="why"):
        set_mode(journal, "teste", DialMode.LIVE, reason=" ")
    with pytest.raises(BadInputError, match="0 of its pilot's 20 calls"):
        set_mode(journal, "teste", DialMode.LIVE, reason="in a hurry")
    set_mode(journal, "teste", DialMode.LIVE, reason="signed off by the creditor", piloted=False, actor="ana")
    set_mode(journal, "teste", DialMode.LIVE, reason="again")
    with journal.db.read() as connection:
        (found,) = all_campaigns(connection, journal.tenant_id)
        events = [event for event in read_events(connection) if event.type == "campaign.mode"]
    assert found.mode is DialMode.LIVE
    (event,) = events
    assert event.actor == "ana" and event.payload["before"] == "rehearsal" and "creditor" in event.payload["reason"]
    with pytest.raises(BadInputError, match="already"):
        create_campaign(journal, "teste")
    with pytest.raises(BadInputError, match="campaigns list"):
        set_mode(journal, "outra", DialMode.PILOT, reason="x")
