"""Written words to the phones that the head of a language knows: rules for Portuguese and Spanish, a list for English.

A phone is one letter. Capital vowels are nasal (Portuguese): one symbol, because a separate nasal mark gets lost
between words. The inventory is coarse on purpose: what a telephone line and a hurried speaker keep apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from voiceagent.language.text import fold

#: The head's outputs after the blank (0), per language.
INVENTORY = {
    "pt-BR": "aeiouAEIOUpbtdkgfvszXZCJlLmnNrH",
    "es": "aeioupbtdkgfsxCYlrHmnN",
    "en": "iIeEaAOouV@3YWpbtdkgfvszTDSZCJhlrmnNwj",
}
BLANK = 0
#: Those of all languages.
VOWELS = frozenset("aeiouAEIOUV@3YW")
#: Phones that a word begins anew, with a little stop, after a word that ended with the same; others melt into one.
_ANEW = {"pt-BR": "U", "en": "iIeEaAOouV@3YW"}

_PT_IRREGULAR = {
    "cinquenta": "sIkuEta", "cincoenta": "sIkuEta", "sexta": "sesta", "sexto": "sestu", "muito": "mUitu", "pix": "piks",
    "exato": "ezatu", "exatamente": "ezatamECi", "próximo": "prosimu", "próxima": "prosima", "máximo": "masimu",
    "uhum": "UU", "aham": "AA", "ok": "okei", "telefone": "telefoni", "trouxe": "trosi", "táxi": "taksi",
    "fixo": "fiksu", "fixa": "fiksa", "fixas": "fiksas", "auxílio": "ausiliu", "whatsapp": "uatizapi", "site": "saiCi",
    "email": "imeiu", "internet": "ItehneCi", "boa": "boa", "sms": "esiemiesi", "spc": "esepese", "cpf": "sepeefi",
    "app": "api", "facebook": "feisibuki", "online": "OlaIni", "marketing": "mahkeCI",
}  # fmt: skip
_PT_PLAIN = str.maketrans("áâàéêíóôúüç", "aaaeeioouus")
#: Words that many say otherwise as well.
_PT_ALSO = {
    "setecentos": ("seCisEtus",), "setecentas": ("seCisEtas",), "novecentos": ("novisEtus",),
    "novecentas": ("novisEtas",), "de": ("de", "di"), "dezesseis": ("dizeseis",), "dezessete": ("dizeseCi",),
    "dezoito": ("dizoitu",), "dezenove": ("dizenovi",), "segunda": ("sigUda",), "depois": ("dipois",),
}  # fmt: skip
#: What is said shorter in a hurry: "feira", "janeiro", "outubro".
_PT_SHORTER = (("eir", "er"), ("ou", "o"))
#: The sounds that the last s of a word has: before a pause, before a vowel, on the coast. No words differ in them.
_CODAS = {"pt-BR": ("s", "szXZ"), "es": ("s", "sx")}
_VOWELS = "aeiou"
_NASAL = dict(zip("aeiou", "AEIOU", strict=True))

_ES_IRREGULAR = {"y": "i", "ok": "okei", "pix": "piks", "whatsapp": "uatsap", "méxico": "mexiko", "sms": "eseemeese"}
_ES_PLAIN = str.maketrans("áéíóú", "aeiou")


@lru_cache(maxsize=20_000)
def phones(word: str, language: str) -> str | None:
    """The phones of a written word (accents kept, lower case); None when it cannot be told how it is said."""
    word = unicodedata.normalize("NFC", word.lower())
    if not word or not re.fullmatch(r"[^\W\d_]+(?:'[^\W\d_]+)*", word):
        return None
    if language == "en":
        return _english().get(word)
    irregular, rules = (_PT_IRREGULAR, _portuguese) if language == "pt-BR" else (_ES_IRREGULAR, _spanish)
    sound = irregular.get(word) or rules(word)
    # A letter of another language is said like its plain form.
    return "".join(p for p in (fold(letter)[:1] if letter not in INVENTORY[language] else letter for letter in sound)
                   if p and p in INVENTORY[language]) or None  # fmt: skip


def labels(text: str, language: str) -> list[int] | None:
    """The head's outputs for a text, word by word; None when a word has no phones."""
    known = INVENTORY[language]
    said = [phones(word, language) for word in text.replace("-", " ").split()]
    return None if not said or None in said else [known.index(p) + 1 for word in said for p in word or ""]


def ways(word: str, language: str) -> list[list[int]]:
    """The outputs of `with_codas` for a word in each way it is said, the usual one first; none if it has no phones."""
    sound = phones(word, language)
    if sound is None:
        return []
    said = [sound]
    if language == "pt-BR":
        said += [*_PT_ALSO.get(word, ()), *(sound.replace(long, short) for long, short in _PT_SHORTER if long in sound)]
    known = INVENTORY[language]
    outputs = [[known.index(phone) + 1 for phone in way] for way in said]
    if language in _CODAS:
        last, coda = known.index(_CODAS[language][0]) + 1, len(known) + 1
        outputs = [[*way[:-1], coda] if way[-1] == last else way for way in outputs]
    return outputs


def with_codas(logs: NDArray[np.float32], language: str) -> NDArray[np.float32]:
    """The head's log probabilities with one output more where a language has a last consonant of many sounds."""
    if language not in _CODAS:
        return logs
    known = INVENTORY[language]
    chances = [logs[:, known.index(phone) + 1] for phone in _CODAS[language][1]]
    return np.column_stack([logs, np.logaddexp.reduce(chances, axis=0)]).astype(np.float32)


def anew(language: str) -> frozenset[int]:
    """The head's outputs that are begun anew between words."""
    return frozenset(INVENTORY[language].index(phone) + 1 for phone in _ANEW.get(language, ""))


def _portuguese(word: str) -> str:
    end = len(word)
    tail = re.sub(r"s$", "", word)
    # Unstressed final e and o close; accented ones keep their letter below.
    closes = len(tail) - 1 if tail and tail[-1] in "eo" else -1
    plain = word.translate(_PT_PLAIN).replace("ã", "A").replace("õ", "O")
    cedilla = {index for index, letter in enumerate(word) if letter == "ç"}
    out = ""
    at = 0
    while at < end:
        letter = plain[at]
        after = plain[at + 1] if at + 1 < end else ""
        beyond = plain[at + 2] if at + 2 < end else ""
        width = 1
        if at in cedilla:
            out += "s"
        elif letter == "y" or letter == "w":
            out += "i" if letter == "y" else "u"
        elif letter in "AO":
            out += letter
        elif letter in _VOWELS:
            if after and after in "mn" and not (after == "n" and beyond == "h") and beyond not in tuple("aeiouAO"):
                # "trabalham": the nasal consonant is heard only in the vowel.
                out += _NASAL[letter]
                width = 2
            elif at == closes and letter in "eo":
                out += "i" if letter == "e" else "u"
            else:
                out += letter
        else:
            sound, width = _portuguese_consonant(plain, at, out, closes)
            out += sound
        at += width
    return out


def _portuguese_consonant(word: str, at: int, before: str, closes: int) -> tuple[str, int]:
    letter, after = word[at], word[at + 1 : at + 2]
    pair = word[at : at + 2]
    soft = after and after in "eiE"
    doubled = {"ch": "X", "sh": "X", "lh": "L", "nh": "N", "rr": "H", "ss": "s", "ph": "f"}
    if pair in doubled:
        return doubled[pair], 2
    if pair in ("sc", "xc") and word[at + 2 : at + 3] in tuple("ei"):
        return "s", 2
    if pair in ("qu", "gu") and word[at + 2 : at + 3] in tuple("ei"):
        return ("k" if letter == "q" else "g"), 2
    if letter in "td":
        closed_i = after == "i" or (after == "e" and at + 1 == closes)
        return (("C" if letter == "t" else "J") if closed_i else letter), 1
    if letter == "c":
        return ("s" if soft else "k"), 1
    if letter == "g":
        return ("Z" if soft else "g"), 1
    if letter == "s":
        between = bool(before) and before[-1] in "aeiouAEIOU" and bool(after) and after in "aeiouAO"
        return ("z" if between else "s"), 1
    if letter == "z":
        return ("z" if after else "s"), 1
    if letter == "l":
        return ("l" if after and after in "aeiouAO" else "u"), 1
    if letter == "r":
        return ("H" if not before or word[at - 1] in "nls" else "r"), 1
    return {"h": "", "j": "Z", "x": "X", "q": "k", "k": "k"}.get(letter, letter), 1


def _spanish(word: str) -> str:
    plain = word.translate(_ES_PLAIN)
    out = ""
    at = 0
    while at < len(plain):
        letter, pair = plain[at], plain[at : at + 2]
        soft = plain[at + 1 : at + 2] in tuple("ei")
        width = 1
        if pair == "sc" and plain[at + 2 : at + 3] in tuple("ei"):
            out, width = out + "s", 2
        elif pair in ("ch", "ll", "rr", "sh"):
            out, width = out + {"ch": "C", "ll": "Y", "rr": "H", "sh": "s"}[pair], 2
        elif pair in ("qu", "gu") and plain[at + 2 : at + 3] in tuple("ei"):
            out, width = out + ("k" if letter == "q" else "g"), 2
        elif letter == "c":
            out += "s" if soft else "k"
            width = 2 if plain[at + 1 : at + 2] == "c" and not soft else 1
        elif letter == "g":
            out += "x" if soft else "g"
        elif letter == "y":
            out += "Y" if plain[at + 1 : at + 2] in tuple("aeiou") and plain[at + 1 : at + 2] else "i"
        elif letter == "r":
            out += "H" if not out or plain[at - 1] in "nls" else "r"
        elif letter == "x":
            out += "ks" if out else "s"
        else:
            out += {"h": "", "j": "x", "v": "b", "z": "s", "ñ": "N", "w": "u", "q": "k", "ü": "u"}.get(letter, letter)
        at += width
    return out


@lru_cache(maxsize=1)
def _english() -> dict[str, str]:
    text = resources.files("voiceagent.speech.constrained").joinpath("words-en.txt").read_text(encoding="utf-8")
    pairs = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {word: sound for word, sound in pairs}
