"""Guards the rings of a line: order, acknowledgement, generations, ducking, and what is lost when nobody listens."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.audio import levels
from voiceagent.audio.format import FRAME_BYTES, SILENCE
from voiceagent.telephony.playout import RING_FRAMES, Heard, Playout


def frame(value: int) -> bytes:
    return value.to_bytes(2, "little", signed=True) * (FRAME_BYTES // 2)


def test_frames_come_out_in_order_and_are_acknowledged() -> None:
    playout = Playout()
    assert playout.room() == RING_FRAMES * FRAME_BYTES
    assert playout.play(frame(1) + frame(2) + b"\1\2") == 2 * FRAME_BYTES, "only whole frames"
    assert [playout.fetch(), playout.played, playout.fetch(), playout.played] == [
        frame(1), FRAME_BYTES, frame(2), 2 * FRAME_BYTES,
    ]  # fmt: skip
    assert playout.ran_dry == 0
    assert (playout.fetch(), playout.fetch()) == (SILENCE, SILENCE)
    assert (playout.played, playout.ran_dry) == (2 * FRAME_BYTES, 1), "silence acknowledges nothing"


def test_the_ring_takes_two_seconds_and_no_more() -> None:
    playout = Playout()
    assert playout.play(frame(1) * (RING_FRAMES + 5)) == RING_FRAMES * FRAME_BYTES
    assert (playout.room(), playout.play(frame(2))) == (0, 0)


def test_flush_drops_what_is_queued_and_what_comes_late() -> None:
    playout = Playout()
    old = playout.generation
    playout.play(frame(1) * 3)
    playout.fetch()
    playout.flush()
    assert playout.play(frame(2), old) == FRAME_BYTES, "taken, so that its writer ends"
    assert playout.fetch() == SILENCE
    playout.play(frame(3), playout.generation)
    assert playout.fetch() == frame(3)
    assert playout.played == 2 * FRAME_BYTES


def test_duck_is_spread_over_one_frame_and_exact_afterwards() -> None:
    playout = Playout()
    playout.play(frame(16000) * 4)
    assert playout.fetch() == frame(16000)
    playout.duck(12)
    ramp = levels.samples(playout.fetch())
    assert ramp[0] == 16000
    assert (abs(ramp[1:] - ramp[:-1].astype(int)) < 100).all(), "no step that clicks"
    ducked = levels.samples(playout.fetch())
    assert set(ducked) == {round(16000 * 10 ** (-12 / 20)) - 1} or set(ducked) == {int(16000 * 10 ** (-12 / 20))}
    playout.duck(0)
    playout.fetch()
    playout.play(frame(16000))
    assert playout.fetch() == frame(16000), "bit for bit when not ducked"


@given(st.lists(st.one_of(st.integers(0, 130), st.just("fetch"), st.just("flush")), max_size=60))
def test_played_never_exceeds_what_was_taken(steps: list[int | str]) -> None:
    playout, taken, fetched = Playout(), 0, 0
    for step in steps:
        if step == "fetch":
            fetched += playout.fetch() != SILENCE
        elif step == "flush":
            playout.flush()
            assert playout.queued() == 0
        else:
            taken += playout.play(frame(9) * int(step))
        assert playout.played == fetched * FRAME_BYTES
        assert playout.played + playout.queued() <= taken
        assert playout.queued() + playout.room() == RING_FRAMES * FRAME_BYTES


def test_two_threads_lose_nothing() -> None:
    """The bridge fetches while the loop plays: every frame arrives once and in order."""
    playout, total, got = Playout(), 3000, list[bytes]()

    def bridge() -> None:
        while len(got) < total:
            fetched = playout.fetch()
            if fetched != SILENCE:
                got.append(fetched)

    thread = threading.Thread(target=bridge)
    thread.start()
    wanted = [frame(1 + index) for index in range(total)]
    at = 0
    while at < total:
        at += playout.play(b"".join(wanted[at : at + 40])) // FRAME_BYTES
    thread.join(20)
    assert got == wanted


def test_what_nobody_takes_is_dropped_oldest_first_and_counted() -> None:
    heard = Heard()
    for value in range(RING_FRAMES + 3):
        heard.put(frame(value))
    assert (heard.frames, heard.dropped) == (RING_FRAMES + 3, 3)
    taken = heard.take()
    assert (taken[:FRAME_BYTES], len(taken)) == (frame(3), RING_FRAMES * FRAME_BYTES)
    assert heard.take() == b""


@pytest.mark.parametrize("decibels", [-3.0, 0.0])
def test_duck_never_amplifies(decibels: float) -> None:
    playout = Playout()
    playout.duck(decibels)
    playout.play(frame(30000) * 2)
    assert playout.fetch() == frame(30000)
