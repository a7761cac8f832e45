"""What a recogniser is measured with: its model, the words it hears, and the conversation they belong to.

Whisper hears the language the agent speaks. No registry has a Vosk model of that language, only one in Korean. Where
nothing better is installed Vosk is measured with that one, in a conversation of three states in Korean: how soon it
answers and how many calls it bears, and nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from voiceagent.base.errors import MissingPartError, UsageError
from voiceagent.settings.paths import Paths
from voiceagent.settings.yamltext import build, read_yaml
from voiceagent.simulator.telephones import DEBTOR_VOICES
from voiceagent.speech.installed import VOSK, VOSK_TEST, WHISPER, recogniser_directory

LANGUAGE = "pt-BR"
ENGINES = ("whisper", "vosk")
MATERIAL = Path(__file__).with_name("measured")
KOREAN = "ko"


class Words(BaseModel):
    """What debtors say, in which conversation: `measured/*/words.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    only: str = ""
    """What alone the figures say; empty where they say everything."""
    script: str
    agent_voice: str = ""
    """The agent's, where it is not its own."""
    voices: tuple[str, ...] = DEBTOR_VOICES[LANGUAGE]
    hello: str
    answers: tuple[str, ...]
    """Of a whole call; `!` begins what is said over the agent."""
    questions: tuple[str, ...]
    """Those that are answered the same in every call."""
    asked_in: str = ""
    """The state in which they are said unless one was misheard; empty: in any."""
    remarks: tuple[str, ...]
    """Said where there is no script."""

    def voice(self, index: int) -> str:
        """The voice of the telephone with that number: neighbours have different ones."""
        return self.voices[index % len(self.voices)]


@dataclass(frozen=True)
class Candidate:
    """An engine with everything a measurement of it needs."""

    engine: str
    model: str
    words: Words
    paths: Paths
    """Models and dialplans of its own, the rest the installation's."""

    @cached_property
    def speech(self) -> tuple[str, ...]:
        """Arguments of its speech process."""
        return ("--agent-voice", self.words.agent_voice) if self.words.agent_voice else ()

    @property
    def told(self) -> dict[str, str]:
        """What every report says of it."""
        only = {"only": self.words.only} if self.words.only else {}
        return {"engine": self.engine, "model": self.model} | only


@contextmanager
def measured_with(engine: str, paths: Paths) -> Iterator[Candidate]:
    """The engine alone hears the language; gone with the context.

    UsageError for an engine there is not, MissingPartError when its model is not installed.
    """
    if engine not in ENGINES:
        raise UsageError(f"no recogniser {engine!r}: one of {', '.join(ENGINES)}")
    directory = recogniser_directory(paths.models, engine, LANGUAGE)
    korean = engine == "vosk" and directory is None
    if korean:
        directory = paths.models / VOSK_TEST
    if directory is None or not directory.is_dir():
        wanted = VOSK_TEST if korean else WHISPER
        raise MissingPartError(f"{engine}'s model is not installed: run `voiceagent models install {wanted}`")
    material = MATERIAL / (KOREAN if korean else LANGUAGE)
    words = build(Words, read_yaml(material / "words.yaml"))
    with tempfile.TemporaryDirectory(prefix="voiceagent-") as folder:
        models = Path(folder) / "models"
        ears = {WHISPER, *VOSK.values()}
        _links(models, {path.name: path for path in paths.models.iterdir() if path.name not in ears})
        _links(models, {VOSK[LANGUAGE] if engine == "vosk" else WHISPER: directory})
        own = replace(paths, models=models)
        if korean:
            dialplans = _dialplans(Path(folder) / "dialplans", paths.dialplans, material, words.script)
            own = replace(own, dialplans=dialplans)
        yield Candidate(engine, directory.name, words, own)


def _dialplans(folder: Path, installed: Path, material: Path, script: str) -> Path:
    """The installation's law and policies, with another conversation and nothing understood."""
    _links(folder, {path.name: path for path in installed.iterdir() if path.name != "language"})
    _links(folder / script, {f"{LANGUAGE}.yaml": material / "script.yaml"})
    _links(folder / "language" / LANGUAGE, {name: material / name for name in ("intents.yaml", "answerers.yaml")})
    return folder


def _links(folder: Path, to: dict[str, Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in to.items():
        (folder / name).symlink_to(path.absolute())
