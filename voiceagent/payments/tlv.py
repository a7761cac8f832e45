"""The layout of an EMV QR code: fields of two digits of id, two of length, and so many characters."""

from __future__ import annotations

from voiceagent.base.errors import BadInputError

_HEADER = 4
_LONGEST = 99


def read_fields(text: str, where: str) -> dict[str, str]:
    """Field id -> value, in their order. BadInputError unless lengths add up and no id is empty or there twice.

    `where` names the text in the message ("the code", "field 26").
    """
    fields: dict[str, str] = {}
    at = 0
    while at < len(text):
        header = text[at : at + _HEADER]
        if len(header) < _HEADER or not (header.isascii() and header.isdigit()):
            raise _broken(where, f"no field begins at character {at + 1}")
        tag, length = header[:2], int(header[2:])
        value = text[at + _HEADER : at + _HEADER + length]
        if len(value) < length:
            raise _broken(where, f"field {tag} says {length} characters, {len(value)} are left")
        if not value:
            raise _broken(where, f"field {tag} is empty")
        if tag in fields:
            raise BadInputError(
                f"{where} has field {tag} twice: it must not be paid, ask for a new code", code="pix_repeated"
            )
        fields[tag] = value
        at += _HEADER + length
    return fields


def write_field(tag: str, value: str) -> str:
    """One field. BadInputError when the value does not fit into the 99 characters a field can have."""
    if not 0 < len(value) <= _LONGEST:
        raise BadInputError(
            f"field {tag} would have {len(value)} characters, a field has 1 to {_LONGEST}: shorten it",
            code="pix_length",
        )
    return f"{tag}{len(value):02d}{value}"


def _broken(where: str, what: str) -> BadInputError:
    return BadInputError(f"{where} is cut off or altered ({what}): copy the whole code again", code="pix_structure")
