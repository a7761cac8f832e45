"""Guards that a rule file which cannot be read is named, and that half of the law is never loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT

FILES = ROOT / "dialplans" / "jurisdictions"


def test_the_shipped_rules_load_and_their_version_is_their_content(tmp_path: Path) -> None:
    rules = load_rules(FILES)
    assert {"BR", "BR-SP", "BR-RJ", "US", "MX", "CO", "CL", "PE", "EC"} <= set(rules.jurisdictions)
    copy = Path(shutil.copytree(FILES, tmp_path / "copy"))
    assert load_rules(copy).version == rules.version
    file = copy / "BR-RJ.yaml"
    file.write_text(file.read_text().replace("09:00-19:00", "09:00-18:00"))
    assert load_rules(copy).version != rules.version


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("jurisdiction: [", "BR-RJ.yaml:"),
        ("", "BR-RJ.yaml"),
        ("jurisdiction: BR-RJ\nparameters: {window: []}\n", "BR-RJ.yaml: jurisdiction BR-RJ, window"),
        ("jurisdiction: BR-RJ\nparameters: {windows: [{}]}\n", "BR-RJ.yaml"),
    ],
)
def test_one_bad_file_spoils_the_book(tmp_path: Path, broken: str, complaint: str) -> None:
    copy = Path(shutil.copytree(FILES, tmp_path / "copy"))
    (copy / "BR-RJ.yaml").write_text(broken)
    with pytest.raises(BadInputError, match=complaint):
        load_rules(copy)


def test_no_files(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no rule files"):
        load_rules(tmp_path)
