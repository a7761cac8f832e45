"""What people are told about the command line is true: every command shows an example, and every line shown parses."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceagent.cli.main import build_parser, main
from voiceagent.settings.config import Settings

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "models" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PARSER = build_parser()


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield child
                yield from commands(child)


def complaint(line: str) -> str:
    """What the parser objects to in one shell line that begins with voiceagent; empty: nothing."""
    words = shlex.split(line, comments=True)
    for end in ("|", ">", "&&"):
        words = words[: words.index(end)] if end in words else words
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            PARSER.parse_args(words[1:])
        except SystemExit as left:
            return said.getvalue() if left.code else ""
    return ""


@pytest.mark.parametrize("command", list(commands(PARSER)), ids=lambda command: command.prog)
def test_every_command_says_what_it_does_and_shows_a_line_that_works(command: argparse.ArgumentParser) -> None:
    assert command.description
    examples = re.findall(r"voiceagent (?:[^&|\n]|\n(?! *voiceagent))+", command.epilog or "")
    assert examples
    own = command.prog.split()[1:]
    for example in examples:
        line = example.strip().splitlines()[0]
        assert complaint(line) == ""
        assert shlex.split(line)[1 : 1 + len(own)] == own


def test_every_line_of_the_pages_that_is_to_be_typed_parses() -> None:
    wrong, seen = [], 0
    for page in PAGES:
        fenced = False
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            fenced = fenced != line.startswith("```")
            typed = re.match(r"(?:    )?(?:\.venv/bin/)?(voiceagent [a-z].*)", line)
            if typed and (fenced or line.startswith("    ")):
                seen += 1
                if told := complaint(typed[1]):
                    wrong.append(f"{page.name}:{number}: {told.splitlines()[-1]}")
    assert seen > 20
    assert wrong == []


def test_a_line_that_does_not_work_is_found() -> None:
    assert "invalid choice" in complaint("voiceagent phone everybody")
    assert "--company" in complaint("voiceagent up   # without a name")


def test_every_setting_is_on_the_page_of_settings_with_its_default() -> None:
    text = (ROOT / "docs" / "quick-start.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+\.\w+)` \| ([^|]+?) \|", text, re.MULTILINE))
    settings = Settings().model_dump()
    assert set(told) == {f"{section}.{key}" for section, keys in settings.items() for key in keys}
    for name, default in told.items():
        section, key = name.split(".")
        value = settings[section][key]
        if value not in ("", ()):
            assert default.strip("`") == (str(value).lower() if isinstance(value, (bool, str)) else f"{value:g}")


def test_every_link_between_the_pages_leads_somewhere() -> None:
    dead = []
    for page in (*PAGES, ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            file = page.parent / path if path else page
            if not file.exists():
                dead.append(f"{page.name}: {target}")
            elif anchor:
                heads = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
                if anchor not in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}:
                    dead.append(f"{page.name}: {target}")
    assert dead == []


def test_a_level_of_the_log_that_there_is_not_is_bad_usage(monkeypatch, capsys) -> None:
    monkeypatch.setenv("VOICEAGENT_LOG", "loud")
    assert main(["retries", "show"]) == 2
    assert "write DEBUG, INFO" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "why"),
    [("none.yaml", "No such file"), ("folder", "Is a directory"), ("sound.wav", "not text in UTF-8 (byte 5)")],
)
def test_a_file_that_cannot_be_read_is_named_once_with_why(tmp_path, capsys, name: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "sound.wav").write_bytes(b"RIFF\xa4\x00")
    path = tmp_path / name
    assert main(["offer", "--policy", "demo-br", "--debt", str(path)]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"voiceagent: cannot read {path}: ") and why in err and err.count(str(path)) == 1
    assert "Errno" not in err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("campaigns list novembro", "voiceagent campaigns list: unrecognized arguments: novembro"),
        ("campaigns trunks --cps fast", "voiceagent campaigns trunks: argument --cps: invalid float value: 'fast'"),
        ("serve --port 80000", "argument --port: 80000: a port is a number from 0 to 65535"),
        ("serve --port http", "argument --port: 'http' is no whole number"),
        ("simulate --all --calls 0", "argument --calls: 0: 1 or more"),
        ("demo --seats 0", "argument --seats: 0: 1 or more"),
        ("", "voiceagent: the following arguments are required: COMMAND"),
    ],
)
def test_bad_usage_is_one_line_of_the_command_that_knows(capsys, line: str, told: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(line.split())
    out, err = capsys.readouterr()
    assert left.value.code == 2 and out == ""
    assert told in err and err.endswith("--help\n") and err.count("\n") == 1


@pytest.mark.parametrize(
    "line", ["--debug retries show", "retries --debug show", "retries show --debug", "retries show"]
)
def test_debug_may_stand_anywhere(line: str) -> None:
    assert PARSER.parse_args(line.split()).debug is ("--debug" in line)


def test_a_terminal_without_the_letters_is_told_what_to_set(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True))
    assert main(["chat", "--language", "pt-BR"]) == 1
    assert "ascii has no '\\xe1': set PYTHONUTF8=1" in capsys.readouterr().err
