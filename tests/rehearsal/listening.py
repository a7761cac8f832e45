"""Listening to a recording again, another way than calls do: long stretches between pauses, the agent's side."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import ctranslate2
import numpy as np
import tokenizers

from voiceagent.audio import wav
from voiceagent.audio.format import FRAME_BYTES, FRAME_S
from voiceagent.audio.levels import rms_dbov
from voiceagent.language.canonical import canonical
from voiceagent.language.languages import lexicon_of
from voiceagent.speech.mel import log_mel

QUIET_DBOV = -50.0
#: A stretch ends at the first pause this long once it has this much in it.
PAUSE_S, ENOUGH_S = 0.2, 16.0


def stretches(pcm: bytes) -> Iterator[bytes]:
    """The audio cut at pauses into pieces of some seconds, silence before and after left out."""
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    piece: list[bytes] = []
    quiet = 0
    for frame in frames:
        quiet = quiet + 1 if rms_dbov(frame) < QUIET_DBOV else 0
        if quiet and not piece:
            continue
        piece.append(frame)
        long = len(piece) * FRAME_S >= ENOUGH_S
        if quiet * FRAME_S >= (PAUSE_S if long else 4 * PAUSE_S):
            yield b"".join(piece)
            piece = []
    if piece:
        yield b"".join(piece)


class LongHand:
    """The model as its makers meant it: whole windows of 30 s, several hypotheses at a time, no deadline."""

    def __init__(self, directory: Path) -> None:
        self._model = ctranslate2.models.Whisper(str(directory), compute_type="int8", intra_threads=2)
        self._tokens = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))

    def transcript(self, recording: Path, language: str, channel: int = 0) -> str:
        """What is said on one side of a recording."""
        pcm = wav.decode(recording.read_bytes()).channel(channel)
        return " ".join(self._write(piece, language) for piece in stretches(pcm))

    def _write(self, pcm: bytes, language: str) -> str:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        samples *= 0.1 / float(np.sqrt(np.mean(samples**2)))
        features = ctranslate2.StorageView.from_array(log_mel(samples, 30.0)[None])
        marks = ("<|startoftranscript|>", f"<|{language[:2]}|>", "<|transcribe|>", "<|notimestamps|>")
        prompt = [self._tokens.token_to_id(mark) for mark in marks]
        found = self._model.generate(features, [prompt], beam_size=5, max_length=440)[0]
        return str(self._tokens.decode(found.sequences_ids[0])).strip()


def plain_words(text: str, language: str) -> list[str]:
    """Folded words with every number as its digits: "dois mil" and "2.000" are the same, "0 2 8" and "028" too."""
    words: list[str] = []
    for piece in canonical(text, lexicon_of(language)).text.split():
        words += re.findall(r"\d", piece) if any(c.isdigit() for c in piece) else [piece]
    return words


def share_heard(spoken: str, heard: str, language: str) -> float:
    """The share of the spoken words that were heard, in their order.

    A word counts when three quarters of its letters stand where they should: a recogniser of a foreign name, or of two
    words run together, spells them its own way.
    """
    wanted = plain_words(spoken, language)
    one, other = "".join(wanted), "".join(plain_words(heard, language))
    there = bytearray(len(one))
    for block in difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        if block.size > 1 or len(one) < 20:
            there[block.a : block.a + block.size] = b"\1" * block.size
    at = count = 0
    for word in wanted:
        count += sum(there[at : at + len(word)]) >= 0.75 * len(word)
        at += len(word)
    return count / len(wanted) if wanted else 1.0
