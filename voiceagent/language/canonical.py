"""Canonical text: an utterance with its numbers, months and weekdays read, ready for the grammars' patterns.

`#15` cardinal · `#1200.50` decimal · `o5` ordinal · `m12` month · `w4` weekday (Monday 0) · `t18:30` clock time ·
`d15/3/2027` calendar date as written · `r$` money sign; every other word stays, folded. Punctuation is dropped, and
its places kept in `pauses`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from voiceagent.language.lexicon import Lexicon
from voiceagent.language.text import Token, tokenise

_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_DECIMAL = re.compile(r"(\d+)[.,](\d{1,2})")
_BOTH = re.compile(r"(\d{1,3}(?:([.,])\d{3})+)([.,])(\d{1,2})")
_MILLION = 10**6
_HALVES = frozenset({"medio", "meio"})
_UNIT = re.compile(r"pesos?|sol(?:es)?|dolar(?:es)?|euros?|rea(?:l|is)|contos?|pilas?|paus?|mangos?|con|centavos")
_SIGNS = {"$": "r$", "us$": "r$", "mx$": "r$", "€": "r$"}


@dataclass(frozen=True)
class Canonical:
    """Canonical text, and for each position in it the punctuation that stood right before."""

    text: str
    pauses: dict[int, str]
    question: bool

    def pause_in(self, start: int, end: int) -> bool:
        """Whether punctuation stood at a word that begins in [start, end]."""
        return any(start <= at <= end for at in self.pauses)


def canonical(text: str, lexicon: Lexicon) -> Canonical:
    """Read the numbers and calendar words of `text`."""
    tokens = _fold_phrases(tokenise(text), lexicon)
    pieces: list[str] = []
    pauses: dict[int, str] = {}
    at = index = 0
    while index < len(tokens):
        token = tokens[index]
        piece, width = _piece(tokens, index, lexicon)
        if token.pause and pieces:
            pauses[at] = token.pause
        pieces.append(piece)
        at += len(piece) + 1
        index += width
    return Canonical(" ".join(pieces), pauses, text.rstrip().endswith("?"))


def read_number(raw: str) -> str | None:
    """A written number as "1200" or "1200.50": groups of three are thousands, one or two last digits are decimals.

    Works for "1.200,50", "1,200.50", "1.590", "200,00" alike, because no currency has three decimals. None for a list
    of digits ("4,5,5").
    """
    if raw.isdigit():
        return raw
    both = _BOTH.fullmatch(raw)
    if both:
        if both[2] == both[3]:
            return None
        return f"{re.sub('[.,]', '', both[1])}.{both[4]}"
    if _GROUPED.fullmatch(raw) and len(set(re.findall("[.,]", raw))) == 1 and not raw.startswith("0"):
        return re.sub("[.,]", "", raw)
    decimal = _DECIMAL.fullmatch(raw)
    return f"{decimal[1]}.{decimal[2]}" if decimal else None


def _piece(tokens: list[Token], index: int, lexicon: Lexicon) -> tuple[str, int]:
    token = tokens[index]
    if token.kind == "word" or token.kind == "number":
        number = read_cardinal(tokens, index, lexicon)
        if number is not None:
            return f"#{number[0]}", number[1]
    if token.kind == "number":
        return " ".join(f"#{part}" for part in re.split("[.,]", token.raw)), 1
    if token.kind == "word":
        return _word(token.text, lexicon), 1
    if token.kind == "time":
        return _clock(token.raw), 1
    if token.kind == "date":
        return f"d{token.raw.replace('-', '/')}", 1
    if token.kind == "ordinal":
        return f"o{int(re.sub('[^0-9]', '', token.raw))}", 1
    return _SIGNS.get(token.text, token.text), 1


def _word(word: str, lexicon: Lexicon) -> str:
    if word in lexicon.months:
        return f"m{lexicon.months[word]}"
    if word in lexicon.weekdays:
        return f"w{lexicon.weekdays[word]}"
    if word in lexicon.ordinals:
        return f"o{lexicon.ordinals[word]}"
    return word


def _clock(raw: str) -> str:
    hour, *rest = re.findall(r"\d+", raw)
    return f"t{int(hour):02d}:{rest[0] if rest else '00'}"


@lru_cache(maxsize=16)
def _phrase_patterns(
    lexicon_code: str, phrases: tuple[tuple[str, str], ...]
) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"\b(?:{pattern})\b"), into) for pattern, into in phrases)


def _fold_phrases(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Rewrite multi-word spellings; a rewritten run keeps the punctuation before its first word."""
    line = " ".join(token.text for token in tokens)
    rewritten = line
    for pattern, into in _phrase_patterns(lexicon.code, lexicon.phrases):
        rewritten = pattern.sub(into, rewritten)
    if rewritten == line:
        return tokens
    # Align from both ends: what a rewrite changed is the middle, everything else keeps kind and pause.
    fresh = rewritten.split()
    by_text: dict[str, list[Token]] = {}
    for token in tokens:
        by_text.setdefault(token.text, []).append(token)
    result = []
    for word in fresh:
        kept = by_text.get(word)
        result += [kept.pop(0)] if kept else tokenise(word)
    return result


def read_cardinal(tokens: list[Token], index: int, lexicon: Lexicon) -> tuple[str, int] | None:
    """The longest number that begins at `index`: (its text without #, tokens used); None when there is none."""
    if _led_by_zero(tokens[index]):
        return tokens[index].raw, 1
    if tokens[index].text in _HALVES and _is_million(tokens, index + 1, lexicon):
        return str(_MILLION // 2), 2
    if _is_million(tokens, index, lexicon) and _and_a_half(tokens, index + 1, lexicon):
        return str(_MILLION + _MILLION // 2), 3
    total = 0
    current: int | None = None
    closed = was_word = False
    scale = 10**12
    here = index
    while here < len(tokens):
        step = here
        joined = False
        if here > index:
            if tokens[here].pause:
                break
            if tokens[here].text in lexicon.joiners and here + 1 < len(tokens):
                joined, step = True, here + 1
                if tokens[step].pause:
                    break
        token = tokens[step]
        multiplier = lexicon.multipliers.get(token.text) if not joined else None
        if multiplier is None and joined and token.text in lexicon.bare_multipliers:
            break
        if multiplier is not None and multiplier < scale:
            if current is None:
                if here > index or token.text not in lexicon.bare_multipliers:
                    break
                current = 1
            if multiplier == 100:
                if current >= 100:
                    break
                current, closed = current * 100, False
            else:
                total, current, scale, closed = total + current * multiplier, None, multiplier, False
            was_word, here = True, step + 1
            continue
        value = _atom(token, lexicon)
        if value is None or _led_by_zero(token):
            break
        word = token.kind == "word"
        if current is None:
            if total and not (0 < value < scale and value < 1000):
                break
            if total and joined and lexicon.joiner_scope == "tens":
                break
            current = value
        else:
            room = _room(current) if not closed else 0
            if not 0 < value < room or not (joined or (word and was_word)):
                break
            if joined and not _may_join(room, lexicon):
                break
            current += value
        closed, was_word = token.text in lexicon.closed, word
        here = step + 1
    if here == index:
        token = tokens[index]
        written = read_number(token.raw) if token.kind == "number" else None
        if written is None:
            return None
        if "." in written and index + 1 < len(tokens):
            multiplier = lexicon.multipliers.get(tokens[index + 1].text)
            if multiplier and multiplier >= 1000:
                return str(round(float(written) * multiplier)), 2
        return written, 1
    if scale == _MILLION and current is None and _and_a_half(tokens, here, lexicon):
        return str(total + _MILLION // 2), here + 2 - index
    if scale == _MILLION and current is not None and _means_thousands(current, tokens[here : here + 1], lexicon):
        current *= 1000
    return str(total + (current or 0)), here - index


def _is_million(tokens: list[Token], index: int, lexicon: Lexicon) -> bool:
    return index < len(tokens) and lexicon.multipliers.get(tokens[index].text) == _MILLION


def _and_a_half(tokens: list[Token], index: int, lexicon: Lexicon) -> bool:
    following = tokens[index : index + 2]
    return (
        len(following) == 2
        and following[0].text in lexicon.joiners
        and following[1].text in _HALVES
        and not any(token.pause for token in following)
    )


def _means_thousands(value: int, following: list[Token], lexicon: Lexicon) -> bool:
    """Whether "mil" was left out: a million two hundred is 1,200,000, unless it is said of what."""
    round_hundreds = value >= 100 and value % 10 == 0
    return round_hundreds and "mil" in lexicon.multipliers and not any(_UNIT.fullmatch(t.text) for t in following)


def _led_by_zero(token: Token) -> bool:
    return token.kind == "number" and len(token.raw) > 1 and token.raw.isdigit() and token.raw[0] == "0"


def _room(current: int) -> int:
    """What may still be added: 200 takes up to 99, 250 up to 9, 19 nothing."""
    if current == 0:
        return 0
    if current % 100 == 0:
        return 100
    return 10 if current % 10 == 0 and current % 100 >= 20 else 0


def _may_join(room: int, lexicon: Lexicon) -> bool:
    if lexicon.joiner_scope == "tens":
        return room == 10
    if lexicon.joiner_scope == "hundreds":
        return room == 100
    return True


def _atom(token: Token, lexicon: Lexicon) -> int | None:
    if token.kind == "number":
        written = read_number(token.raw)
        return int(written) if written is not None and "." not in written else None
    return lexicon.cardinals.get(token.text)
