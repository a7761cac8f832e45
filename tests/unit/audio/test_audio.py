"""Guards pure audio: framing, levels, resampling without aliases, and WAV files whole, cut short or foreign."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceagent.audio import frames, levels, wav
from voiceagent.audio.format import FRAME_BYTES
from voiceagent.audio.resample import resample
from voiceagent.audio.sampleforms import reader
from voiceagent.base.errors import BadInputError

pcm = st.binary(max_size=4000).map(lambda data: data[: len(data) // 2 * 2])


def sine(frequency: float, rate: int, seconds: float = 0.5, amplitude: float = 10000) -> bytes:
    return (
        np.rint(amplitude * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate))
        .astype("<i2")
        .tobytes()
    )


@given(pcm)
def test_whole_frames_give_back_everything(sound: bytes) -> None:
    whole = frames.pad(sound)
    assert whole.startswith(sound) and len(whole) - len(sound) < FRAME_BYTES and not any(whole[len(sound) :])
    cut = list(frames.split(whole))
    assert all(len(frame) == FRAME_BYTES for frame in cut) and b"".join(cut) == whole


def test_levels_are_relative_to_full_scale() -> None:
    assert levels.rms_dbov(struct.pack("<4h", 32767, -32768, 32767, -32768)) == pytest.approx(0, abs=0.01)
    assert levels.rms_dbov(sine(1000, 8000, amplitude=32767)) == pytest.approx(-3.01, abs=0.01)
    assert levels.peak_dbov(sine(1000, 8000, amplitude=16384)) == pytest.approx(-6.02, abs=0.2)
    assert levels.rms_dbov(bytes(320)) == levels.rms_dbov(b"") == levels.peak_dbov(b"") == levels.FLOOR_DBOV
    assert levels.peak_dbov(struct.pack("<h", -32768)) == 0


@given(pcm, st.floats(-40, 40))
def test_gain_clips_and_never_wraps(data: bytes, decibels: float) -> None:
    before = levels.samples(data).astype(int)
    after = levels.samples(levels.gain(data, decibels)).astype(int)
    assert ((before == 0) | (after == 0) | (np.sign(before) == np.sign(after))).all()
    assert levels.gain(data, 0) == data


@given(pcm, pcm)
def test_mix_is_symmetric_and_as_long_as_the_longer(one: bytes, other: bytes) -> None:
    mixed = levels.mix(one, other)
    assert mixed == levels.mix(other, one)
    assert len(mixed) == max(len(one), len(other))
    assert levels.mix(one, b"") == one


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000])
def test_resampling_keeps_the_voice_band_and_kills_what_would_alias(rate: int) -> None:
    assert levels.rms_dbov(resample(sine(1000, rate), rate)) == pytest.approx(
        levels.rms_dbov(sine(1000, 8000)), abs=0.1
    )
    assert levels.rms_dbov(resample(sine(3000, rate), rate)) == pytest.approx(
        levels.rms_dbov(sine(3000, 8000)), abs=0.3
    )
    inner = resample(sine(5200, rate), rate)[400:-400]
    assert levels.rms_dbov(inner) < -70


@pytest.mark.parametrize("rate", [16000, 24000, 48000])
def test_upsampling_adds_nothing_and_shifts_nothing(rate: int) -> None:
    up = levels.samples(resample(sine(700, 8000), 8000, rate)).astype(float)
    wanted = levels.samples(sine(700, rate)).astype(float)
    assert len(up) == len(wanted)
    assert np.abs(up - wanted)[400:-400].max() < 60


@settings(max_examples=25)
@given(pcm, st.sampled_from([6000, 8000, 11025, 16000, 22050]), st.sampled_from([8000, 16000]))
def test_resampled_length_is_exact(data: bytes, source: int, target: int) -> None:
    samples = len(data) // 2
    assert len(resample(data, source, target)) // 2 == -(-samples * target // source)


def test_impossible_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        resample(bytes(320), 0)


@given(pcm, st.sampled_from([1, 2]), st.sampled_from([8000, 16000]))
def test_a_wav_comes_back_as_it_was(data: bytes, channels: int, rate: int) -> None:
    data = data[: len(data) // (2 * channels) * 2 * channels]
    back = wav.decode(wav.encode(data, channels=channels, rate=rate))
    assert (back.rate, back.channels, back.samples.tobytes()) == (rate, channels, data)


@given(pcm)
def test_interleaving_keeps_the_sides_apart(data: bytes) -> None:
    stereo = wav.decode(wav.encode(wav.interleave(data, data[::-1]), channels=2))
    assert (stereo.channel(0), stereo.channel(1)) == (data, data[::-1])


def test_a_file_cut_short_gives_what_is_there() -> None:
    whole = wav.encode(bytes(range(200)) * 4, channels=2)
    assert wav.decode(whole[:-7]).samples.tobytes() == (bytes(range(200)) * 4)[:-8]


def test_unknown_chunks_are_skipped() -> None:
    plain = wav.encode(b"\1\2\3\4")
    extra = plain[:36] + struct.pack("<4sI5sx", b"LIST", 5, b"hello") + plain[36:]
    assert wav.decode(extra).samples.tobytes() == b"\1\2\3\4"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a wav at all",
        wav.encode(b"")[:36],
        wav.header(0)[:20] + struct.pack("<H", 7) + wav.header(0)[22:],
        wav.header(0)[:34] + struct.pack("<H", 8) + wav.header(0)[36:],
        wav.encode(b"", rate=0),
        wav.encode(b"", rate=2**30),
        wav.encode(b"", channels=0),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes) -> None:
    with pytest.raises(BadInputError, match=r"debtor\.wav"):
        wav.decode(data, "debtor.wav")


@pytest.mark.parametrize(
    ("form", "bits", "written"),
    [
        (1, 8, bytes([0x80, 0xC0, 0x40, 0x00])),
        (1, 24, bytes.fromhex("000000 ff0040 0000c0 000080")),
        (1, 32, struct.pack("<4i", 0, 1 << 30, -(1 << 30), -(1 << 31))),
        (3, 32, struct.pack("<4f", 0, 0.5, -0.5, -7)),
        (3, 64, struct.pack("<4d", float("nan"), 0.5, -0.5, float("-inf"))),
    ],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_every_way_to_write_samples_reads_the_same(form: int, bits: int, written: bytes, extensible: bool) -> None:
    block = bits // 8
    kind = struct.pack("<HHIIHH", 0xFFFE if extensible else form, 1, 8000, 8000 * block, block, bits)
    if extensible:
        kind += struct.pack("<HHIH14x", 22, bits, 4, form)
    chunks = struct.pack("<4sI", b"fmt ", len(kind)) + kind + struct.pack("<4sI", b"data", len(written)) + written
    read = wav.decode(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)
    assert read.samples[:, 0].tolist() == [0, 16384, -16384, -32768]


def test_a_law_is_read_as_the_standard_has_it() -> None:
    found = reader(6, 8)
    assert found is not None
    # Smallest and largest of both signs, and the first step of a segment twice as coarse.
    assert found[1](bytes([0xD5, 0x55, 0xAA, 0x2A, 0xF5])).tolist() == [8, -8, 32256, -32256, 528]


@given(st.binary(max_size=300))
def test_garbage_behind_a_riff_header_is_refused_or_read_never_worse(data: bytes) -> None:
    try:
        wav.decode(b"RIFF\0\0\0\0WAVE" + data)
    except BadInputError as refused:
        assert "file" in refused.message
