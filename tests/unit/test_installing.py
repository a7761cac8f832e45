"""Guards how people are told to install: from the checkout's lock file, never by our name, which is a stranger's."""

from __future__ import annotations

import re
import tomllib

import pytest

from voiceagent.base.errors import INSTALL
from voiceagent.settings.paths import ROOT

#: What people read or copy: the program's messages, the pages, the scripts, the images.
TOLD = [
    path
    for folder in ("voiceagent", "docs", "scripts", "docker", "metrics", "dialplans")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in ("", ".py", ".md", ".sh", ".yaml", ".yml", ".Dockerfile", ".js", ".html") and path.is_file()
] + [ROOT / "README.md", ROOT / "models" / "README.md", ROOT / "docker-compose.yml"]
#: A package index's `voiceagent`, with or without extras or a version; a path that ends in it is our own.
_STRANGER = re.compile(r"\b(?:pipx?|pip3|uv tool) (?:re)?install\b[^\n]*?(?<![\w./-])voiceagent(?![\w/-])")


def test_nobody_is_told_to_install_a_stranger_s_program() -> None:
    told = [f"{path}: {found[0]}" for path in TOLD for found in _STRANGER.finditer(path.read_text(encoding="utf-8"))]
    assert not told


@pytest.mark.parametrize(
    "line",
    ["pip install 'voiceagent[speech]'", "pip install --force-reinstall voiceagent", "pipx install voiceagent==1"],
)
def test_a_stranger_is_known_when_told(line: str) -> None:
    assert _STRANGER.search(line)
    assert not _STRANGER.search("pip install --no-deps -e /srv/voiceagent")


def test_one_sentence_says_how_to_install() -> None:
    """What is missing comes from the lock file, wherever it is missed."""
    own = ROOT / "voiceagent" / "base" / "errors.py"
    others = [path for path in (ROOT / "voiceagent").rglob("*.py") if path != own]
    assert not [path for path in others if re.search(r"\bpip3? install", path.read_text(encoding="utf-8"))]


def test_the_lock_file_has_every_package_of_every_extra() -> None:
    lock = re.search(r"-r (\S+)", INSTALL)
    assert lock
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / lock[1]).read_text(encoding="utf-8"), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.match(r"[\w.-]+", one)[0].lower() for one in named}  # type: ignore[index]
    assert names <= locked


def test_what_the_checkout_ships_is_restored_and_not_reinstalled() -> None:
    doctor = (ROOT / "voiceagent" / "cli" / "commands" / "doctor.py").read_text(encoding="utf-8")
    (restored,) = re.findall(r"git restore (\S+)", doctor)
    assert (ROOT / restored / "calibration.json").is_file()
