"""The installation's configuration: flag > environment > file > default, errors that say where."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voiceagent.base.errors import BadInputError
from voiceagent.settings.paths import Paths
from voiceagent.settings.yamltext import Document, build, in_words, read_yaml

_ENV = re.compile(r"VOICEAGENT_([A-Z0-9_]+?)__([A-Z0-9_]+)")
Seconds = Annotated[float, Field(ge=0, le=86400)]
Share = Annotated[float, Field(gt=0, le=1)]
Number = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DialSettings(_Section):
    """How far calls may go, and how."""

    mode: Literal["rehearsal", "pilot", "live"] = "rehearsal"
    """rehearsal: simulated phones only; pilot: the allow list; live: what a campaign in live mode says."""
    allow: tuple[Number, ...] = ()
    """Numbers a pilot may call, E.164."""
    caller_id: Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{6,14})?$")] = ""
    """Shown to debtors where neither campaign nor trunk says, E.164."""
    guard_s: Seconds = 240.0
    """No new call when the lawful window closes sooner than this (a high TMO)."""
    lease_s: Seconds = 900.0
    """A seat that says nothing for this long has lost its call."""
    ring_s: Seconds = 30.0
    """How long the far phone may ring."""


class GuardSettings(_Section):
    """What stops dialing by itself; a campaign may say its own brakes."""

    kept_for_inbound: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Idle seats, of all workers together, that outgoing calls leave to callers."""
    canary_calls: Annotated[int, Field(ge=10, le=10_000)] = 50
    """The latest calls of a campaign that its brakes look at."""
    canary_at_least: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Calls (turns, read-backs) that a share needs before it counts."""
    wrong_party: Share = 0.30
    """A campaign pauses itself when more of those who answered are somebody else."""
    opt_out: Share = 0.15
    """... want no more calls."""
    no_match: Share = 0.40
    """... of what people said was not understood."""
    overturned: Share = 0.40
    """... of the promises read back were answered with no."""
    short_calls: Share = 0.50
    """... of the calls that people answered were over within six seconds."""
    trunk_calls: Annotated[int, Field(ge=2, le=1000)] = 10
    """The latest calls of a trunk that its circuit breaker looks at."""
    trunk_failures: Share = 0.50
    """It opens when so many of these failed."""
    trunk_rest_s: Seconds = 300.0
    """How long the trunk then rests."""
    short_alarm: Share = 0.60
    """Short calls among all of a rolling day: people are told."""
    short_stop: Share = 0.80
    """... nobody is called any more until the share has fallen."""
    short_at_least: Annotated[int, Field(ge=1)] = 1000
    """Calls of the day below which the share says nothing."""
    short_month: Annotated[int, Field(ge=1)] = 500_000
    """Short calls of 30 days: people are told."""


class LogSettings(_Section):
    """What the log shows."""

    mask: bool = True
    """Hide telephone numbers, documents and e-mail addresses."""


class DatabaseSettings(_Section):
    """Where the truth is kept."""

    url: str = ""
    """Empty: the embedded SQLite file in the home."""


class Settings(_Section):
    """Everything that can be configured; each section is a table of the file."""

    dial: DialSettings = DialSettings()
    guards: GuardSettings = GuardSettings()
    log: LogSettings = LogSettings()
    database: DatabaseSettings = DatabaseSettings()


def load_settings(
    paths: Paths | None = None, *, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force.

    `flags`: {"dial.mode": "pilot"}; None values are flags not given. Environment: VOICEAGENT_DIAL__MODE=pilot (section,
    two underscores, key), VOICEAGENT_DATABASE_URL. File: VOICEAGENT_CONFIG, else config.yaml in the home if there.
    BadInputError names file and line, variable or flag.
    """
    env = dict(os.environ) if environ is None else dict(environ)
    paths = paths or Paths.from_environment(env)
    chosen = env.get("VOICEAGENT_CONFIG")
    file = Path(chosen).expanduser() if chosen else paths.home / "config.yaml"
    document = Document(str(file), {}, {})
    if chosen or file.is_file():
        document = read_yaml(file)
        document = document if document.data is not None else Document(document.source, {}, {})
    from_file = build(Settings, document).model_dump(mode="json", exclude_unset=True)
    layers = [(from_file, "")]
    layers += [({section: {key: value}}, f"{name}: ") for name, section, key, value in _environment(env)]
    for flag, value in (flags or {}).items():
        if value is not None:
            section, _, key = flag.partition(".")
            layers.append(({section: {key: value}}, f"--{flag.replace('.', '-')}: "))
    data: dict[str, Any] = {}
    for layer, origin in layers:
        for section, values in layer.items():
            data.setdefault(section, {}).update(values)
        try:
            settings = Settings.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadInputError(f"{origin}{where}: {in_words(dict(first))}") from error
    return settings


def _environment(env: Mapping[str, str]) -> list[tuple[str, str, str, Any]]:
    found: list[tuple[str, str, str, Any]] = []
    if env.get("VOICEAGENT_DATABASE_URL"):
        found.append(("VOICEAGENT_DATABASE_URL", "database", "url", env["VOICEAGENT_DATABASE_URL"]))
    for name, value in sorted(env.items()):
        match = _ENV.fullmatch(name)
        if match:
            key = match[2].lower()
            listed: Any = [item.strip() for item in value.split(",") if item.strip()] if key == "allow" else value
            found.append((name, match[1].lower(), key, listed))
    return found
