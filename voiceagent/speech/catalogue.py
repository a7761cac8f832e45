"""The catalogue of speech models: what can be installed, from where, under which licence, and how it is checked."""

from __future__ import annotations

from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from voiceagent.base.errors import BadInputError


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Entry):
    """An archive that holds parts of a model: a package of a registry, or a file of the publisher's site."""

    registry: Literal["pypi", "npm"] | None = None
    package: str = ""
    version: str = ""
    url: str = ""
    file: str
    """File name in the download cache."""
    sha256: str | None = None
    """None where the publisher names none: then the digest at installation is what `verify` holds it to."""
    size: int
    """Bytes (about, when there is no digest)."""

    @property
    def label(self) -> str:
        """What people see."""
        return f"{self.package} {self.version}" if self.registry else self.file


class ModelFile(_Entry):
    """One installed file, put together from members of the sources in order."""

    path: str
    sha256: str
    size: int
    members: tuple[tuple[int, str], ...]
    """(index of the source, name inside its archive)."""


class Model(_Entry):
    """One thing to install."""

    name: str
    kind: Literal["recogniser", "voice", "test"]
    languages: tuple[str, ...]
    version: str
    licence: str
    about: str
    default: Literal["required", "optional", "never"]
    """Whether `models install` without names takes it; an optional one that cannot be had is no failure."""
    sources: tuple[Source, ...] = Field(min_length=1)
    files: tuple[ModelFile, ...] = ()
    folder: str = ""
    """Instead of `files`: the folder of the archive that is installed whole."""
    must_hold: tuple[str, ...] = ()
    """Files that such a folder must hold."""

    @property
    def download_bytes(self) -> int:
        """How much has to be fetched."""
        return sum(source.size for source in self.sources)


def load_catalogue() -> tuple[Model, ...]:
    """Every model known, in the order of installation."""
    text = resources.files("voiceagent.speech").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return tuple(Model.model_validate(entry) for entry in yaml.safe_load(text))


def find(name: str, catalogue: tuple[Model, ...]) -> Model:
    """The model of that name."""
    for model in catalogue:
        if model.name == name:
            return model
    raise BadInputError(f"no model {name!r} in the catalogue: one of {', '.join(model.name for model in catalogue)}")
