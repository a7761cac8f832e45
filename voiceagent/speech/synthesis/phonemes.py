"""Text to the phoneme letters of Kokoro, by espeak-ng through ctypes.

espeak-ng keeps one global state per process and two copies of its library in one process break each other, so only
the child process of the neural voice imports this.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from typing import Any

from voiceagent.base.errors import INSTALL, MissingPartError

_RETRIEVAL = 1
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
#: IPA, with the letters of one sound joined by ^ so that "t^ʃ" can be told from "t" + "ʃ".
_IPA_TIED = 0x82 | ord("^") << 8

#: The espeak-ng voice of each language of the agent.
ESPEAK_VOICES = {"pt-BR": "pt-br", "es": "es-419", "en": "en-us"}

_TIED = {
    "a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "ɔ^ɪ": "Y",
    "d^z": "ʣ", "d^ʒ": "ʤ", "t^s": "ʦ", "t^ʃ": "ʧ",
}  # fmt: skip
#: English was written for the model with other letters than espeak's.
_ENGLISH = {"ɚ": "əɹ", "ɜː": "ɜɹ", "ɜɹɹ": "ɜɹ", "ː": "", "r": "ɹ", "ɐ": "ə", "ɾ": "T", "o": "ɔ", "̩": "", "ʔ": "t"}
_CLAUSE = re.compile(r"([,;:.!?…—]+)")
_LANGUAGE_MARK = re.compile(r"\([a-z-]+\)")


class Phonemiser:
    """espeak-ng's text analysis; one per process."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise MissingPartError(f"the neural voice needs espeakng-loader: {INSTALL}") from error
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        data = espeakng_loader.get_data_path().encode()
        if self._library.espeak_Initialize(_RETRIEVAL, 0, data, _DO_NOT_EXIT) < 0:
            raise MissingPartError("espeak-ng's data cannot be read: reinstall espeakng-loader")
        self._language = ""

    def phonemes(self, text: str, language: str) -> str:
        """Phoneme letters of `text`, its punctuation kept: the model reads pauses and melody from it."""
        if language != self._language:
            if self._library.espeak_SetVoiceByName(ESPEAK_VOICES[language].encode()) != 0:
                raise MissingPartError(f"espeak-ng has no voice for {language}: reinstall espeakng-loader")
            self._language = language
        pieces = []
        for index, piece in enumerate(_CLAUSE.split(unicodedata.normalize("NFC", text))):
            if index % 2:
                pieces.append(piece[0] + " ")
            elif piece.strip():
                pieces.append(self._spoken(piece.strip()))
        return "".join(pieces).strip()

    def _spoken(self, clause: str) -> str:
        pointer = ctypes.c_char_p(clause.encode())
        said = []
        while pointer.value is not None:
            said.append((self._library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA_TIED) or b"").decode())
        sounds = _LANGUAGE_MARK.sub("", " ".join(said))
        for tied, letter in _TIED.items():
            sounds = sounds.replace(tied, letter)
        if self._language == "en":
            for espeak, letter in _ENGLISH.items():
                sounds = sounds.replace(espeak, letter)
        return re.sub(r"\s+", " ", sounds.replace("^", "").replace("-", "")).strip()
