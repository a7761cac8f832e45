"""Writes the list of English words with their phones, by espeak-ng: English spelling has no rules short enough to ship.

`python -m voiceagent.speech.training.english` writes `constrained/words-en.txt` anew.
"""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

from voiceagent.base.errors import MissingPartError
from voiceagent.speech.constrained.answers import kinds_of, unsure_of
from voiceagent.speech.constrained.grammar import Choice, Expr, Loop, Seq, Word
from voiceagent.speech.constrained.phones import INVENTORY
from voiceagent.speech.training.texts import general_sentences, vary

#: espeak-ng's letters to the head's, longest first.
_SOUNDS = {
    "aɪə": "Y@", "aɪɚ": "Y3", "ɪɹ": "Ir", "ɔːɹ": "Or", "oːɹ": "Or", "ɑːɹ": "Ar", "ɛɹ": "Er", "ʊɹ": "ur",
    "tʃ": "C", "dʒ": "J", "eɪ": "e", "aɪ": "Y", "aʊ": "W", "oʊ": "o", "ɔɪ": "OI", "iː": "i", "uː": "u", "ɑː": "A",
    "ɔː": "O", "ɜː": "3", "ɚ": "3", "ɜ": "3", "ɪ": "I", "ᵻ": "I", "ɛ": "E", "æ": "a", "ɑ": "A", "ɔ": "O", "ʊ": "u",
    "ʌ": "V", "ə": "@", "ɐ": "@", "θ": "T", "ð": "D", "ʃ": "S", "ʒ": "Z", "ŋ": "N", "ɹ": "r", "ɾ": "d", "ʔ": "t",
    "ɡ": "g", "i": "i", "a": "a", "o": "o", "e": "e", "u": "u", "x": "k",
}  # fmt: skip
#: As said inside a sentence.
_WEAK = {
    "a": "@",
    "the": "D@",
    "and": "@nd",
    "an": "@n",
    "to": "tu",
    "of": "@v",
    "i": "Y",
    "ok": "oke",
    "uh": "V",
    "um": "Vm",
}
_ROUNDS = 40


def words() -> list[str]:
    """Every word of the answer grammars and of what debtors say."""
    found = {word for expression in kinds_of("en").values() for word in _of(expression)}
    found.update(word for phrase in unsure_of("en") for word in phrase.split())
    chance = random.Random(1)
    for example in general_sentences("en"):
        for _ in range(_ROUNDS):
            found.update(vary(example, chance).split())
    return sorted(word for word in found if re.fullmatch(r"[a-z]+(?:'[a-z]+)*", word))


def sounds(listed: list[str]) -> dict[str, str]:
    """Word → phones."""
    command = ["espeak-ng", "-v", "en-us", "-q", "--ipa", "--tie=^"]
    try:
        done = subprocess.run(command, input="\n".join(listed), text=True, capture_output=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        raise MissingPartError(f"the list of words needs espeak-ng: apt-get install espeak-ng ({error})") from error
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if len(lines) != len(listed):
        raise MissingPartError(f"espeak-ng read {len(lines)} of {len(listed)} words: use version 1.51 or later")
    return {word: _WEAK.get(word) or _phones(line) for word, line in zip(listed, lines, strict=True)}


def _phones(ipa: str) -> str:
    left = re.sub(r"[ˈˌ^\u0329 -]", "", ipa)
    out = ""
    while left:
        symbol = next((s for s in sorted(_SOUNDS, key=len, reverse=True) if left.startswith(s)), left[0])
        letter = _SOUNDS.get(symbol, symbol)
        out += "".join(part for part in letter if part in INVENTORY["en"])
        left = left[len(symbol) :]
    return out


def _of(expression: Expr) -> set[str]:
    if isinstance(expression, Word):
        return {expression.text}
    if isinstance(expression, Loop):
        return _of(expression.body) | _of(expression.between)
    parts = expression.parts if isinstance(expression, Seq) else expression.options
    assert isinstance(expression, (Seq, Choice))
    return {word for part in parts for word in _of(part)}


if __name__ == "__main__":
    listing = "".join(f"{word} {sound}\n" for word, sound in sounds(words()).items() if sound)
    target = Path(__file__).parents[1] / "constrained" / "words-en.txt"
    target.write_text("# English words and their phones; written by voiceagent.speech.training.english\n" + listing)
