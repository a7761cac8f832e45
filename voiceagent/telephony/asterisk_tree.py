"""Asterisk's configuration as files: templates with `@NAMES@` filled in, directories, all for its owner alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: The templates of the checkout: what a rehearsal runs with, and in `exchange/` what a shop's exchange has instead.
TEMPLATES = Path(__file__).resolve().parents[2] / "asterisk"
#: Read by Asterisk's core, which reports an error when one is missing; its defaults are right.
DEFAULTED = ("acl", "ccss", "cel", "features", "indications", "pjproject", "stasis", "udptl")

#: Seconds a caller waits for a seat before he is promised a call; a debtor for a person before the seat has him back.
PATIENCE_S, HUMAN_PATIENCE_S = 300, 45

_PLACE = re.compile(r"@([A-Z_]+)@")


@dataclass(frozen=True, slots=True)
class Directories:
    """Where one Asterisk keeps what."""

    etc: Path
    lib: Path
    spool: Path
    run: Path
    log: Path
    cache: Path
    moh: Path
    """Hold music."""

    @classmethod
    def inside(cls, home: Path) -> Directories:
        """Everything in one directory."""
        return cls(*(home / name for name in ("etc", "lib", "spool", "run", "log", "cache", "moh")))

    @classmethod
    def of_system(cls) -> Directories:
        """Where distributions put it."""
        var = Path("/var")
        return cls(
            Path("/etc/asterisk"), var / "lib/asterisk", var / "spool/asterisk", Path("/run/asterisk"),
            var / "log/asterisk", var / "cache/asterisk", var / "lib/asterisk/moh",
        )  # fmt: skip

    def make(self) -> None:
        """Asterisk makes none of these itself, and loses what it wanted to write when one is missing."""
        made = (self.etc, self.cache, self.lib / "keys", self.run, self.moh, self.spool / "recording")
        for folder in (*made, self.spool / "monitor", self.log / "cdr-custom", self.log / "cel-custom"):
            folder.mkdir(parents=True, exist_ok=True)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with every `@NAME@` replaced; KeyError for a name without a value."""
    return _PLACE.sub(lambda match: values[match[1]], template)


def members(names: Iterable[str]) -> str:
    """Queue members, one per station, whose state is their endpoint's."""
    return "\n".join(f"member => PJSIP/{name},0,{name},PJSIP/{name}" for name in names)


def told_while_waiting(sound: str | None) -> str:
    """A queue's settings that have callers hear a sound (path of a .wav) soon and then every half minute."""
    if sound is None:
        return ""
    # Asterisk looks for a format that it can play by itself: the name goes without its ending.
    name = sound.removesuffix(".wav")
    return "\n".join(
        [f"periodic-announce = {name}", "periodic-announce-frequency = 30", "announce-to-first-user = yes"]
    )


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that its owner alone can read, never leaving half of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def write_tree(etc: Path, templates: Iterable[Path], values: Mapping[str, str], made: Mapping[str, str]) -> list[str]:
    """Write a configuration into `etc`; the names of the files written.

    A template of a later folder goes before one of the same name in an earlier one, and `made` (file name to text)
    before both.
    """
    files = {f"{name}.conf": "; the defaults\n" for name in DEFAULTED}
    for folder in templates:
        for template in sorted(folder.glob("*.conf")):
            files[template.name] = template.read_text(encoding="utf-8")
    texts = {name: fill(text, values) for name, text in files.items()} | dict(made)
    for name, text in texts.items():
        write_private(etc / name, text)
    return sorted(texts)
