"""WAV: 16-bit PCM written, whole or growing; other ways of writing samples read too."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.sampleforms import reader
from voiceagent.base.errors import BadInputError

HEADER_BYTES = 44
#: Where a file that grows is corrected: total length minus 8, and length of the audio.
RIFF_SIZE_AT, DATA_SIZE_AT = 4, 40

_PCM, _EXTENSIBLE = 1, 0xFFFE
#: Where an extensible header says which form it extends.
_FORM_AT = 24
#: Rates that sound is recorded at.
_RATES = range(1_000, 400_000)
_CONVERT = "convert it, for example: sox IN -b 16 OUT.wav"


@dataclass(frozen=True, slots=True)
class Wav:
    """A decoded file."""

    rate: int
    """Samples per second and channel."""
    samples: npt.NDArray[np.int16]
    """One row per instant, one column per channel."""

    @property
    def channels(self) -> int:
        """1 mono, 2 stereo."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    def channel(self, index: int) -> bytes:
        """One channel as mono s16le."""
        return self.samples[:, index].astype("<i2").tobytes()


def header(audio_bytes: int, *, channels: int = 1, rate: int = SAMPLE_RATE) -> bytes:
    """The 44 bytes in front of that much 16-bit audio."""
    block = channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + audio_bytes, b"WAVE", b"fmt ", 16, _PCM, channels, rate, rate * block,
        block, 16, b"data", audio_bytes,
    )  # fmt: skip


def encode(pcm: bytes, *, channels: int = 1, rate: int = SAMPLE_RATE) -> bytes:
    """A whole file; `pcm` is interleaved when there are two channels."""
    return header(len(pcm), channels=channels, rate=rate) + pcm


def interleave(left: bytes, right: bytes) -> bytes:
    """Two mono streams of the same length as one stereo stream."""
    both = np.empty((len(left) // 2, 2), dtype="<i2")
    both[:, 0] = np.frombuffer(left, dtype="<i2")
    both[:, 1] = np.frombuffer(right, dtype="<i2")
    return both.tobytes()


def decode(data: bytes, name: str = "the file") -> Wav:
    """A file's content as 16 bit; BadInputError, naming it, when it is no WAV or its samples are of an unknown form.

    Read are integers of 8 to 32 bit, floats, A-law and mu-law. A file cut short by a crash gives what is there.
    """
    if not data:
        raise BadInputError(f"{name} is an empty file")
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise BadInputError(f"{name} is not a WAV file; {_CONVERT}")
    channels = rate = width = 0
    at = 12
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if kind == b"fmt ":
            if len(body) < 16:
                break
            form, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
            if form == _EXTENSIBLE:
                form = struct.unpack_from("<H", body, _FORM_AT)[0] if len(body) >= _FORM_AT + 2 else _PCM
            if not channels or rate not in _RATES:
                raise BadInputError(f"{name} has {channels} channel(s) of {rate} Hz: no sound is recorded like that")
            found = reader(form, bits)
            if found is None or block != channels * found[0]:
                raise BadInputError(f"{name} has samples of a form not read here ({form}, {bits} bit); {_CONVERT}")
            width, read = found
        elif kind == b"data" and width:
            whole = len(body) - len(body) % (width * channels)
            return Wav(rate, read(body[:whole]).reshape(-1, channels))
        at += 8 + size + size % 2
    raise BadInputError(f"{name} is a WAV file without audio")
