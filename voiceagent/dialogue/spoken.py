"""Short sentences that people say everywhere: the recogniser listens for them wherever their intent is understood.

A data file per language (`dialplans/language/<language>/spoken.yaml`) lists them by intent; a supervisor may add some.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from voiceagent.base.errors import BadInputError, unreadable
from voiceagent.dialogue import intents
from voiceagent.dialogue.script import INTENTS


def spoken_of(language: str) -> Mapping[str, tuple[str, ...]]:
    """Intent -> sentences, from where the language's intents are; none where it has no such file."""
    return load(intents.folder() / language / "spoken.yaml")


@lru_cache(maxsize=8)
def load(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Read one data file; none where it is absent. BadInputError names what to mend."""
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise unreadable(f"sentences from {path}", error) from error
    if not isinstance(tree, dict):
        raise BadInputError(f"{path}: put a list of sentences under each intent")
    for intent, sentences in tree.items():
        if intent not in INTENTS:
            raise BadInputError(f"{path}: no intent is called {intent!r}: one of {', '.join(sorted(INTENTS))}")
        if not isinstance(sentences, list) or not all(isinstance(one, str) and one.strip() for one in sentences):
            raise BadInputError(f"{path}: {intent} takes a list of sentences")
    return {intent: tuple(sentences) for intent, sentences in tree.items()}
