"""The one audio format between rooms: 8 kHz, mono, signed 16-bit little-endian, in frames of 20 ms."""

SAMPLE_RATE = 8000  # Hz
SAMPLE_BYTES = 2
FRAME_S = 0.020
FRAME_SAMPLES = 160
FRAME_BYTES = FRAME_SAMPLES * SAMPLE_BYTES
SILENCE = bytes(FRAME_BYTES)


def seconds(pcm_bytes: int) -> float:
    """How long that many bytes of PCM last."""
    return pcm_bytes / (SAMPLE_RATE * SAMPLE_BYTES)
