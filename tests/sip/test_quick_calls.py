"""Guards that attempts are closed as what they were, through workers that are replaced, and that nothing is left.

The same as `voiceagent bench calls`, with fewer calls: the dialer, a real worker and its successors, Asterisk, and
telephones of every kind that does not talk.
"""

from __future__ import annotations

from voiceagent.simulator.bench_calls import MANNERS, Plan, measure


def test_quick_calls_are_closed_as_what_they_were_and_leave_nothing() -> None:
    report = measure(Plan(calls=3 * len(MANNERS), seats=4, retire_after=20))
    assert report["calls"] == 3 * len(MANNERS)
    assert report["wrong"] == []
    assert report["differences_from_asterisk"] == []
    assert report["restarts"]["worker-1"] >= 1
    left = report["left"]
    assert (left["channels"], left["seats_not_idle"]) == (0, 0)
    for held in left["workers"]:
        # One socket is for SIP; a call's two are given back.
        assert held["udp_sockets"] == 1 and held["descriptors"] < 40 and held["threads"] < 30
