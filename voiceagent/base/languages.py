"""The languages the agent speaks and the region each one defaults to."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A conversation's language, as written in files, commands and the database."""

    PT_BR = "pt-BR"
    ES = "es"
    EN = "en"

    @property
    def default_region(self) -> str:
        """The ISO 3166 country assumed when nothing says otherwise."""
        return {"pt-BR": "BR", "es": "MX", "en": "US"}[self.value]
