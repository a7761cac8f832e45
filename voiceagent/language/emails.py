"""E-mail addresses as written by a recogniser or spelled out ("joao ponto silva arroba gmail ponto com")."""

from __future__ import annotations

import re

from voiceagent.language.canonical import read_cardinal
from voiceagent.language.lexicon import Lexicon
from voiceagent.language.text import Token, fold, tokenise

_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_WHOLE = re.compile(r"[a-z0-9](?:[a-z0-9._+-]*[a-z0-9])?@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


def read_email(text: str, lexicon: Lexicon) -> str | None:
    """The address said, or None when it is not certainly a whole one."""
    written = _ADDRESS.search(re.sub(r"\s*@\s*", "@", fold(text)))
    if written:
        address = written.group().rstrip(".-")
        return address if _WHOLE.fullmatch(address) else None
    return _spelled(_signs(fold(text), lexicon), lexicon)


def _signs(text: str, lexicon: Lexicon) -> str:
    for spoken in sorted(lexicon.email_signs, key=len, reverse=True):
        text = re.sub(rf"(?<![^\s,]){re.escape(spoken)}(?![^\s,.])", f" {lexicon.email_signs[spoken]} ", text)
    return text


def _spelled(text: str, lexicon: Lexicon) -> str | None:
    # Tokens of signs alone would be lost as punctuation: split on blanks first.
    parts = [part.strip(",;:!?") for part in text.split()]
    if parts.count("@") != 1:
        return None
    at = parts.index("@")
    local = _join(parts[:at], lexicon, backwards=True)
    domain = _join(parts[at + 1 :], lexicon, backwards=False)
    address = f"{local}@{domain}"
    return address if _WHOLE.fullmatch(address) else None


def _join(parts: list[str], lexicon: Lexicon, *, backwards: bool) -> str:
    """Glue parts to one half of an address; talk around it ("anota ai, ...") ends it."""
    parts = _numbers(
        [part if len(part) == 1 else part.strip(".") if not backwards else part for part in parts], lexicon
    )
    kept: list[str] = []
    indices = range(len(parts) - 1, -1, -1) if backwards else range(len(parts))
    for index in indices:
        part = parts[index]
        if part in lexicon.email_fillers and not _belongs(parts, index, lexicon):
            if kept and (backwards or any("." in piece for piece in kept)):
                break
            continue
        kept.append(lexicon.letters.get(part, part))
    return "".join(reversed(kept) if backwards else kept)


def _belongs(parts: list[str], index: int, lexicon: Lexicon) -> bool:
    """Whether a word that is also talk is part of the address here: "com" after a dot, "o" among spelled letters."""
    if index > 0 and parts[index - 1] in (".", "-", "_"):
        return True
    if len(parts[index]) > 1:
        return False
    around = (parts[index - 1] if index > 0 else "", parts[index + 1] if index + 1 < len(parts) else "")
    return any((len(part) == 1 and part.isalpha()) or part in lexicon.letters for part in around)


def _numbers(parts: list[str], lexicon: Lexicon) -> list[str]:
    """Spoken numbers as digits ("noventa e nove" -> "99")."""
    made: list[str] = []
    index = 0
    while index < len(parts):
        tokens: list[Token] = []
        for part in parts[index:]:
            one = tokenise(part)
            if len(one) != 1 or one[0].raw != part:
                break
            tokens += one
        number = read_cardinal(tokens, 0, lexicon) if tokens else None
        if number is not None and "." not in number[0]:
            made.append(number[0])
            index += number[1]
        else:
            made.append(parts[index])
            index += 1
    return made
