"""Reads `dialplans/jurisdictions/*.yaml` into a rule book."""

from __future__ import annotations

from pathlib import Path

from voiceagent.base.errors import BadInputError
from voiceagent.compliance.rules import RuleBook
from voiceagent.settings.yamltext import read_yaml


def load_rules(folder: Path) -> RuleBook:
    """Every file of `folder`; BadInputError names the file (and line) that cannot be read.

    One bad file spoils the book: deciding with half of the law would be worse than not calling.
    """
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not files:
        raise BadInputError(f"no rule files in {folder}: set VOICEAGENT_DIALPLANS or restore dialplans/jurisdictions")
    documents = []
    for file in files:
        document = read_yaml(file)
        if not isinstance(document.data, dict):
            raise BadInputError(f"{file}:1: a jurisdiction file must be a mapping")
        try:
            RuleBook([_country_stub(document.data), document.data] if _is_state(document.data) else [document.data])
        except BadInputError as error:
            raise BadInputError(f"{file}: {error.message}") from error
        documents.append(document.data)
    return RuleBook(documents)


def _is_state(data: dict[str, object]) -> bool:
    return "-" in str(data.get("jurisdiction"))


def _country_stub(data: dict[str, object]) -> dict[str, object]:
    """Lets a state's file be checked on its own, so that an error names the right file."""
    closed = {"mon-fri": None, "sat": None, "sun": None, "holiday": None}
    window = {"rule": "-", "value": closed, "valid_from": None, "valid_to": None, "source": "-", "mark": "policy"}
    return {"jurisdiction": str(data["jurisdiction"]).partition("-")[0], "parameters": {"window": [window]}}
