"""Who began a call, which decides how it is opened."""

from __future__ import annotations

from enum import StrEnum


class Entry(StrEnum):
    """The three beginnings of a conversation."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    """The debtor calls us."""
    CALLBACK = "callback"
    """We call because it was agreed."""
