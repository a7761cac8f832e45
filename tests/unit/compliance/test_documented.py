"""Guards docs/compliance.md: each enforced rule names tests that exist; no rule of the files goes unnamed."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT

PAGE = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
HERE = "tests/unit/compliance/test_fixtures.py"
SEMANTICS = "tests/unit/compliance/test_semantics.py"
TABLE = re.findall(r"^\| ((?:BR|US|MX|CO|CL|PE|EC|EU)-\d\d) \|[^|]*\| (.*) \|$", PAGE, re.MULTILINE)
PROMISES = re.findall(r"^\| (S-\d\d) \|[^|]*\| (.*) \|$", PAGE, re.MULTILINE)
#: Every rule that the law pages know of.
KNOWN = {f"BR-{n:02d}" for n in range(1, 16)} | {f"US-{n:02d}" for n in range(1, 12)} | {
    "MX-01", "CO-01", "CL-01", "PE-01", "EC-01", "EU-01",
}  # fmt: skip


def running(source: str) -> frozenset[str]:
    """The tests of a module that run: none that is commented out, within another, or marked to be passed over."""
    return frozenset(
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not any("skip" in ast.unparse(mark) or "xfail" in ast.unparse(mark) for mark in node.decorator_list)
    )


@cache
def run_in(path: str) -> frozenset[str]:
    return running((ROOT / path).read_text(encoding="utf-8"))


def test_a_test_that_does_not_run_enforces_nothing() -> None:
    source = (
        "# def test_away(): ...\n@pytest.mark.skip\ndef test_later(): ...\ndef test_real():\n  def test_within(): ...\n"
    )
    assert running(source) == {"test_real"}


@pytest.mark.parametrize(
    ("rule", "tests", "here"), [(*row, HERE) for row in TABLE] + [(*row, SEMANTICS) for row in PROMISES]
)
def test_the_tests_it_names_exist(rule: str, tests: str, here: str) -> None:
    names = re.findall(r"`([^`]+)`", tests)
    assert names, rule
    for name in names:
        path, _, test = name.rpartition("::")
        assert test in run_in(path or here), (rule, name)


def test_every_rule_has_a_test_or_is_the_operators() -> None:
    enforced = [rule for rule, _ in TABLE]
    assert len(enforced) == len(set(enforced)) and len(PROMISES) == 12
    duties = PAGE.split("## What stays with the operator")[1].split("\n## ")[0]
    told = set(enforced) | set(re.findall(r"\b[A-Z]{2}-\d\d\b", duties))
    assert told == KNOWN


def test_every_rule_of_the_files_is_in_the_page() -> None:
    told = set(re.findall(r"\b[A-Z]{2}-\d\d\b", PAGE))
    for jurisdiction in load_rules(ROOT / "dialplans" / "jurisdictions").jurisdictions.values():
        for versions in jurisdiction.terms.values():
            for term in versions:
                assert term.rule.startswith("policy.") or term.rule in told, (jurisdiction.code, term.name, term.rule)
