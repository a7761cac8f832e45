"""Guards batches against hostile lines: each spoils itself only, keeps its id where it has one, and crashes nothing."""

from __future__ import annotations

import errno
import io
import json
import math
from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.cli.batch import run_batch
from voiceagent.cli.main import main
from voiceagent.compliance import Request, RuleBook, decide
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT

ASKED = {"at": "2026-11-19T10:00:00-03:00", "channel": "voice", "number": "+5511987654321"}


@pytest.fixture(scope="module")
def rules() -> RuleBook:
    return load_rules(ROOT / "dialplans" / "jurisdictions")


def replies(path: Path, rules: RuleBook | None, *lines: bytes) -> list[dict[str, object]]:
    path.write_bytes(b"\n".join(lines))
    out = io.StringIO()
    assert run_batch(str(path), lambda line: decide(Request.from_json(line), rules).to_json(), out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("line", "identity", "code"),
    [
        (b"not json", None, "bad_json"),
        (b"[]", None, "bad_input"),
        (b'{"id": 1, "at": "\xff\xfe"}', None, "bad_json"),
        (b'{"id": 1, "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None, "bad_json"),
        (b'{"id": 1, "at": ' + b"9" * 5000 + b"}", None, "bad_input"),
        (json.dumps({"id": 1, **ASKED, "at": "9999-12-31T23:59:59-12:00"}).encode(), 1, "bad_input"),
        (json.dumps({"id": 1, **ASKED, "at": "0001-01-01T00:00:00+14:00"}).encode(), 1, "bad_input"),
        (json.dumps({"id": 1, **ASKED, "guard_s": math.nan}).encode(), 1, "bad_input"),
        (json.dumps({"id": 1, **ASKED, "history": [None]}).encode(), 1, "bad_input"),
    ],
)
def test_a_line_nobody_can_read_spoils_itself_only(
    tmp_path: Path, rules: RuleBook, line: bytes, identity: object, code: str
) -> None:
    good = json.dumps({"id": "good", **ASKED}).encode()
    before, bad, after = replies(tmp_path / "batch", rules, b"\xef\xbb\xbf" + good, line, good)
    assert before == after == {"id": "good", "allow": True, "rules": [], "retry_at": None}
    error = bad["error"]
    assert isinstance(error, dict) and (bad["id"], error["code"]) == (identity, code) and "\n" not in error["message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"case": {"days_overdue": 10**20}},
        {"case": {"open_promise_due": "9999-12-31"}},
        {"case": {"cooloff_until": "9999-12-31T23:59:59+00:00"}},
        {"case": {"stops": ["nonsense"]}},
        {"number": "\x00"},
        {"number": "+" + "9" * 40},
        {"declared": ["", "-", "XX-YY"]},
        {"guard_s": 1e308},
    ],
)
def test_what_cannot_be_true_is_denied(tmp_path: Path, rules: RuleBook, changes: dict[str, object]) -> None:
    (told,) = replies(tmp_path / "batch", rules, json.dumps({"id": 1} | ASKED | changes).encode())
    assert told["allow"] is False and told["rules"]


def test_a_line_that_names_a_file_no_disk_takes_spoils_itself_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"id": 1, "policy": "x" * 5000, "debt": "debtor.yaml"}, {"id": 2, "policy": "demo-br", "debt": "y" * 5000}]
    (tmp_path / "batch").write_text("\n".join(map(json.dumps, lines)))
    assert main(["offer", "--batch", str(tmp_path / "batch")]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["id"], line["error"]["code"]) for line in told] == [(1, "bad_input"), (2, "bad_input")]
    assert all("File name too long" in line["error"]["message"] for line in told)


def test_a_line_whose_file_may_not_be_looked_at_spoils_itself_only(tmp_path: Path) -> None:
    def refuse(line: dict[str, object]) -> dict[str, object]:
        raise PermissionError(errno.EACCES, "Permission denied", line["file"])

    (tmp_path / "batch").write_text('{"id": 1, "file": "shut/one.yaml"}')
    out = io.StringIO()
    assert run_batch(str(tmp_path / "batch"), refuse, out) == 0
    message = "cannot read shut/one.yaml: Permission denied"
    assert json.loads(out.getvalue()) == {"id": 1, "error": {"code": "bad_input", "message": message}}


def test_an_id_of_half_a_character_comes_back_as_it_was(tmp_path: Path, rules: RuleBook) -> None:
    (told,) = replies(tmp_path / "batch", rules, json.dumps({"id": "\ud800", **ASKED}).encode())
    assert told["id"] == "\ud800" and told["allow"] is True


def test_a_batch_that_cannot_be_opened_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot read"):
        run_batch(str(tmp_path), dict)
