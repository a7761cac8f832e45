"""Recogniser errors in numbers and dates: words that sound like exactly one word of the grammar are read as it.

A word is replaced only when it is no word of the language's own tables, and when one value is clearly nearer in sound
than every other: a value that was not said is far worse than one not understood.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from voiceagent.language.lexicon import Lexicon
from voiceagent.language.text import Token, tokenise

#: A shorter sound is no misheard word: "uhum" is not "um".
_SHORTEST = 3
_LONG = 6
_CLEAR = 2


def phonetic(word: str, lexicon: Lexicon) -> str:
    """How a folded word sounds, roughly, as letters."""
    for pattern, sound in lexicon.unsounded.items():
        word = re.sub(pattern, sound, word)
    return word


def mend(text: str, lexicon: Lexicon) -> str:
    """`text` with words that can only be misheard grammar words put right; unchanged when there are none."""
    tokens = tokenise(text)
    pieces: list[str] = []
    changed = False
    index = 0
    while index < len(tokens):
        pair = (
            _nearest("".join(t.text for t in tokens[index : index + 2]), lexicon)
            if _pairable(tokens, index, lexicon)
            else None
        )
        single = None if pair else _mended(tokens[index], lexicon)
        changed |= bool(pair or single)
        pause = tokens[index].pause
        pieces.append((pause + " " if pause else "") + (pair or single or tokens[index].raw))
        index += 2 if pair else 1
    return " ".join(pieces) if changed else text


def _pairable(tokens: list[Token], index: int, lexicon: Lexicon) -> bool:
    if index + 1 >= len(tokens) or tokens[index + 1].pause:
        return False
    first, second = tokens[index], tokens[index + 1]
    known = _known(lexicon.code)
    return (
        first.kind == second.kind == "word"
        and len(first.text) > 1
        and second.text not in known
        and len(second.text) > 3
    )


def _mended(token: Token, lexicon: Lexicon) -> str | None:
    if token.kind != "word" or token.text in _known(lexicon.code) or len(token.text) < 3:
        return None
    return _nearest(token.text, lexicon)


@lru_cache(maxsize=8)
def _known(code: str) -> frozenset[str]:
    from voiceagent.language.languages import lexicon_of

    lexicon = lexicon_of(code)
    return frozenset(
        {*lexicon.cardinals, *lexicon.multipliers, *lexicon.months, *lexicon.weekdays, *lexicon.ordinals}
        | {
            *lexicon.digit_words,
            *lexicon.digit_fillers,
            *lexicon.bare_fillers,
            *lexicon.assent_fillers,
            *lexicon.joiners,
        }
        | set(lexicon.common)
    )


@lru_cache(maxsize=8)
def _sounds(code: str) -> tuple[tuple[str, str, tuple[str, int]], ...]:
    """(sound, word, meaning) of every word the number and date grammars are made of."""
    from voiceagent.language.languages import lexicon_of

    lexicon = lexicon_of(code)
    tables = (("n", lexicon.cardinals), ("x", lexicon.multipliers), ("m", lexicon.months), ("w", lexicon.weekdays))
    return tuple(
        (phonetic(word, lexicon), word, (kind, value)) for kind, table in tables for word, value in table.items()
    )


def _nearest(word: str, lexicon: Lexicon) -> str | None:
    sound = phonetic(word, lexicon)
    best: dict[tuple[str, int], tuple[int, str]] = {}
    for known, written, meaning in _sounds(lexicon.code):
        distance = Levenshtein.distance(sound, known, score_cutoff=4)
        if meaning not in best or distance < best[meaning][0]:
            best[meaning] = (distance, written)
    ranked = sorted(best.values())
    (distance, written), (second, _) = ranked[0], ranked[1]
    if distance == 0 and second > 0 and len(sound) >= _SHORTEST:
        return written
    if distance == 1 and len(sound) >= _LONG and second >= distance + _CLEAR:
        return written
    return None
