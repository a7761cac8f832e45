"""What a page shows of people before someone asks, on record, to see more."""

from __future__ import annotations

import re

DOTS = "•••"


def mask_name(name: str | None) -> str | None:
    """Initials: "Maria da Silva" becomes "M••• d••• S•••"."""
    return " ".join(word[0] + DOTS for word in name.split()) if name else name


def mask_number(number: str | None) -> str | None:
    """Country, area and the last two digits: "+5511987654321" becomes "+5511•••21"; of a SIP address, two letters."""
    if not number:
        return number
    if ":" in number or "@" in number:
        scheme, colon, address = number.partition(":")
        if not (colon and scheme.isalpha()):
            scheme, colon, address = "", "", number
        return f"{scheme}{colon}{address.partition('@')[0][:2]}{DOTS}"
    return f"{number[:5]}{DOTS}{number[-2:]}" if len(number) > 8 else f"{number[:1]}{DOTS}"


def mask_words(text: str, name: str | None) -> str:
    """A sentence without the parts of the person's name."""
    parts = [re.escape(part) for part in (name or "").split() if len(part) > 2]
    if not parts:
        return text
    return re.sub(rf"\b(?:{'|'.join(parts)})\b", DOTS, text, flags=re.IGNORECASE)
