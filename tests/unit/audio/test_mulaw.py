"""Guards the telephone's coding: the standard's own values, and an error that grows with the sample only."""

from __future__ import annotations

import numpy as np
import pytest

from voiceagent.audio.mulaw import decode, encode, through_mulaw


def pcm(*values: int) -> bytes:
    return np.array(values, "<i2").tobytes()


@pytest.mark.parametrize(
    ("sample", "code"), [(0, 0xFF), (32767, 0x80), (-32768, 0x00), (-8, 0x7E), (8, 0xFE), (1000, 0xCE), (-1000, 0x4E)]
)
def test_samples_have_the_codes_of_the_standard(sample: int, code: int) -> None:
    assert encode(pcm(sample)) == bytes([code])


def test_every_code_comes_back() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # minus zero comes back as zero
    assert encode(decode(codes)) == codes


def test_the_error_is_a_thirtieth_of_the_sample_at_most() -> None:
    values = np.arange(-32600, 32600, 7, dtype="<i2")
    back = np.frombuffer(through_mulaw(values.tobytes()), "<i2").astype(int)
    assert np.all(np.abs(back - values) <= np.maximum(np.abs(values.astype(int)) / 30, 8) + 4)
