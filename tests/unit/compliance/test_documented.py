"""Guards docs/compliance.md: each enforced rule names tests that exist; no rule of the files goes unnamed."""

from __future__ import annotations

import re

from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT

PAGE = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
HERE = "tests/unit/compliance/test_fixtures.py"
TABLE = re.findall(r"^\| ((?:BR|US|MX|CO|CL|PE|EC)-\d\d) \|[^|]*\| (.*) \|$", PAGE, re.MULTILINE)


def test_the_tests_it_names_exist() -> None:
    assert len(TABLE) > 15
    for rule, tests in TABLE:
        names = re.findall(r"`([^`]+)`", tests)
        assert names, rule
        for name in names:
            path, _, test = name.rpartition("::")
            body = (ROOT / (path or HERE)).read_text(encoding="utf-8")
            assert f"def {test}(" in body, (rule, name)


def test_every_rule_of_the_files_is_in_the_page() -> None:
    told = set(re.findall(r"\b[A-Z]{2}-\d\d\b", PAGE))
    for jurisdiction in load_rules(ROOT / "dialplans" / "jurisdictions").jurisdictions.values():
        for versions in jurisdiction.terms.values():
            for term in versions:
                assert term.rule.startswith("policy.") or term.rule in told, (jurisdiction.code, term.name, term.rule)
