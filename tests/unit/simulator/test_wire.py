"""Guards what the telephones say of the packets they hear: gaps, packets too late for a buffer, packets lost."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from voiceagent.simulator.wire import BUFFER_S, Arrivals, Wire, receive, timed

STEP, SOURCE = 0.02, b"\1\2\3\4"


def packet(number: int, source: bytes = SOURCE, begins: int = 65_500) -> bytes:
    """An RTP packet of 20 ms; the numbers run over 65,535 on the way, and the time over 32 bits."""
    stamp = (160 * number - 160 * 60) & 0xFFFFFFFF
    return struct.pack("!BBHI", 0x80, 0, (begins + number) & 0xFFFF, stamp) + source + bytes(160)


def heard(behind: dict[int, float], count: int = 100, without: tuple[int, ...] = ()) -> Wire:
    """So many packets at their times, but for those that are so much behind."""
    arrivals = Arrivals()
    for number in range(count):
        if number not in without:
            arrivals.came(1000.0 + number * STEP + behind.get(number, 0.0), packet(number))
    return arrivals.wire


def test_packets_in_time_are_neither_gaps_nor_missed() -> None:
    wire = heard({})
    assert (wire.packets, wire.gaps, wire.missed, wire.lost) == (100, 0, 0, 0)
    assert wire.worst_s == pytest.approx(0.0, abs=1e-6)


def test_a_packet_that_a_buffer_still_waits_for_is_a_gap_and_not_missed() -> None:
    wire = heard({50: 0.025})
    assert (wire.gaps, wire.missed) == (1, 0)
    assert wire.report()["worst_ms"] == 25.0


def test_a_halt_makes_one_gap_and_misses_every_packet_that_waited_too_long() -> None:
    """Everything of 0.2 s comes at once behind it: the oldest 200 ms late, the next 180 ms, and so on."""
    wire = heard({50 + step: 0.2 - step * STEP for step in range(10)})
    late = sum(0.2 - step * STEP > BUFFER_S + 1e-9 for step in range(10))
    assert (wire.gaps, wire.missed, wire.lost) == (1, late, 0)


def test_what_never_came_is_lost_and_leaves_a_gap() -> None:
    wire = heard({}, without=(50, 51))
    assert (wire.packets, wire.lost, wire.gaps, wire.missed) == (98, 2, 1, 0)


def test_a_packet_out_of_its_order_is_not_counted_twice() -> None:
    arrivals = Arrivals()
    for at, number in enumerate((0, 1, 1, 3, 2, 4)):
        arrivals.came(at * STEP, packet(number))
    assert (arrivals.wire.packets, arrivals.wire.lost) == (4, 1)


def test_another_sender_begins_anew_and_nonsense_is_passed_over() -> None:
    arrivals = Arrivals()
    arrivals.came(1.0, packet(0))
    arrivals.came(9.0, packet(700, source=b"\5\6\7\x08"))
    arrivals.came(9.0, b"RTP?")
    assert (arrivals.wire.packets, arrivals.wire.lost, arrivals.wire.gaps) == (2, 0, 0)


def test_a_long_shift_is_heard_for_a_second_and_is_then_the_call_s_own_time() -> None:
    wire = heard({number: 0.1 for number in range(100, 300)}, count=300)
    assert wire.missed == 49
    assert wire.worst_s == pytest.approx(0.1)


def test_calls_add_up() -> None:
    both = heard({50: 0.025})
    both.add(heard({10: 0.3}))
    assert (both.packets, both.gaps) == (200, 2)
    assert both.worst_s == pytest.approx(0.3)


def test_the_kernel_says_when_a_datagram_came_not_when_it_was_read() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here, socket.socket(type=socket.SOCK_DGRAM) as there:
        timed(here)
        here.bind(("127.0.0.1", 0))
        there.bind(("127.0.0.1", 0))
        here.setblocking(False)
        with pytest.raises(BlockingIOError):
            receive(here)
        # The kernel begins a moment after it was asked to; what comes before has the time it was read at.
        ends = time.monotonic() + 10
        at, told = 1.0, 0.0
        while at > told and time.monotonic() < ends:
            sent = time.time()
            there.sendto(b"first", here.getsockname())
            told = time.time()
            data, address, at = receive(here)
            assert (data, address) == (b"first", there.getsockname())
            assert sent <= at
    assert at <= told
