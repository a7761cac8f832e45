"""Text as every bank's screen shows it: printable ASCII, accents taken off; what has no such form is refused."""

from __future__ import annotations

import unicodedata

from voiceagent.base.errors import BadInputError

#: Letters and signs that Unicode does not take apart into ASCII.
_PLAIN = str.maketrans({
    "ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Đ": "D", "đ": "d", "Ł": "L", "ł": "l",
    "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-",
})  # fmt: skip


def plain_text(text: str, field: str) -> str:
    """`text` without accents and doubled spaces. BadInputError for control characters and for what ASCII cannot say."""
    folded = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    require_plain(plain, field)
    return " ".join(plain.split())


def require_plain(text: str, field: str) -> None:
    """BadInputError (`pix_text`) unless every character is printable ASCII."""
    for letter in text:
        if not " " <= letter <= "~":
            name = unicodedata.name(letter, f"character U+{ord(letter):04X}").lower()
            raise BadInputError(f"{field}: {name} cannot stand in a code: write it in plain letters", code="pix_text")
