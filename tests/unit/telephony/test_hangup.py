"""Guards the words for why a call ended, and what each makes of an attempt nobody answered: SIP codes, Q.850 causes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.debt.disposition import Disposition
from voiceagent.telephony.hangup import HangupReason, broke, cause_in, reason_of
from voiceagent.worker.call import UNANSWERED

#: What a final code alone, after ringing, makes of an attempt. Codes that are not named are technical errors.
BY_CODE = {
    Disposition.BUSY: (486, 600),
    Disposition.NA: (403, 408, 433, 480, 487, 603, 607, 608),
    Disposition.DC: (404, 410, 484, 485, 604),
    Disposition.CONG: (482, 483, 491, 500, 501, 502, 503, 504, 505, 513, 580),
    Disposition.ERR: (400, 401, 402, 405, 406, 407, 413, 415, 416, 420, 421, 423, 481, 488, 493, 494, 606),
}


@pytest.mark.parametrize(("disposition", "code"), [(d, code) for d, codes in BY_CODE.items() for code in codes])
def test_a_final_code_makes_a_disposition(disposition: Disposition, code: int) -> None:
    assert UNANSWERED.get(reason_of(code, rang=True), Disposition.ERR) is disposition


def test_no_answer_and_no_ringing_is_the_networks_fault() -> None:
    assert reason_of(408, rang=False) is HangupReason.UNREACHABLE


@pytest.mark.parametrize(
    ("code", "cause", "reason"),
    [
        (503, 17, HangupReason.BUSY),
        (503, 34, HangupReason.UNREACHABLE),
        (503, 1, HangupReason.INVALID_NUMBER),
        (480, 19, HangupReason.NO_ANSWER),
        (480, 20, HangupReason.NO_ANSWER),
        (480, 1, HangupReason.INVALID_NUMBER),
        (404, 3, HangupReason.UNREACHABLE),
        (404, 1, HangupReason.INVALID_NUMBER),
        (404, 22, HangupReason.INVALID_NUMBER),
        (403, 21, HangupReason.REJECTED),
        (500, 27, HangupReason.UNREACHABLE),
        (488, 58, HangupReason.INCOMPATIBLE),
        (486, 16, HangupReason.BUSY),
        (486, 31, HangupReason.BUSY),
        (480, 127, HangupReason.NO_ANSWER),
        (404, None, HangupReason.INVALID_NUMBER),
    ],
)
def test_the_networks_cause_goes_before_the_code(code: int, cause: int | None, reason: HangupReason) -> None:
    assert reason_of(code, rang=True, cause=cause) is reason


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ('Reason: Q.850;cause=17;text="User busy"', 17),
        ("reason:Q.850 ; cause = 1", 1),
        ('Reason: SIP ;cause=486 ;text="Busy", Q.850;cause=17', 17),
        ('Reason: Q.850;text="cause is 17";cause=34', 34),
        ("Reason: SIP;cause=200\r\nReason: q.850;cause=19", 19),
        ("Reason: SIP;cause=486", None),
        ("Reason: Q.850", None),
        ("Reason: Q.850;cause=0", None),
        ("Reason: Q.850;cause=999", None),
        ("Reason: Q.850;cause=1700", None),
        ("Reason: Q.850, SIP;cause=17", None),
        ("X-Reason: Q.850;cause=17", None),
        ("Subject: x\r\n\r\nReason: Q.850;cause=17", None),
    ],
)
def test_the_cause_is_read_from_reason_headers_only(header: str, cause: int | None) -> None:
    assert cause_in(f"SIP/2.0 503 No\r\nTo: <sip:a@b>\r\n{header}\r\nContent-Length: 0\r\n\r\n") == cause


@given(st.text())
def test_whatever_a_message_says_a_cause_is_one_or_none(message: str) -> None:
    assert cause_in(f"Reason: {message}") in {None, *range(1, 128)}


@given(st.integers(300, 699), st.booleans(), st.none() | st.integers(0, 127))
def test_every_end_has_a_word(code: int, rang: bool, cause: int | None) -> None:
    assert isinstance(reason_of(code, rang=rang, cause=cause), HangupReason)


def test_a_bye_with_a_fault_of_the_network_is_nobodys_hang_up() -> None:
    assert broke(38) and broke(44)
    assert not any(broke(cause) for cause in (None, 16, 17, 31))
