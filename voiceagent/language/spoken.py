"""A piece of speech: the unit shared by prompts, the phrase bank and the voices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """Text said in one breath. A cacheable part is a carrier or a phrase-bank unit; the others hold personal data."""

    text: str
    cacheable: bool = True
