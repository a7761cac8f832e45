"""Scripts, policies and debtor files as people keep them: read, validated, and found by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.debt.case import Case
from voiceagent.debt.policy import Policy
from voiceagent.debt.retries import RetryPlan
from voiceagent.dialogue.checker import check
from voiceagent.dialogue.finding import Finding
from voiceagent.dialogue.prompts import variables_of
from voiceagent.dialogue.script import Script
from voiceagent.settings.casefile import CaseFile
from voiceagent.settings.spokenlaw import served_laws
from voiceagent.settings.yamltext import Document, build, read_yaml

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Stored:
    """What identifies exactly which script or policy a call used."""

    name: str
    version: int
    sha256: str
    body: str


def load_script(path: Path, *, checked: bool = True) -> Script:
    """Read a script; BadInputError with file and line when it is malformed or, `checked`, unsound."""
    document = read_yaml(path)
    script = build(Script, document)
    if checked:
        errors = [finding for finding in check(script, served_laws(script, path)) if finding.is_error]
        if errors:
            raise BadInputError("; ".join(describe(document, finding) for finding in errors[:5]))
    return script


def check_script(path: Path) -> list[tuple[Finding, str]]:
    """Every finding of a script with its text `file:line: ...`; BadInputError when it cannot even be read."""
    document = read_yaml(path)
    script = build(Script, document)
    findings = [*check(script, served_laws(script, path)), *_against_other_languages(script, path)]
    return [(finding, describe(document, finding)) for finding in findings]


def _against_other_languages(script: Script, path: Path) -> Iterator[Finding]:
    """What the same script says or does in another language and not here; every language must be there."""
    if path.stem != script.language:
        return
    for language in Language:
        other_path = path.with_name(f"{language}.yaml")
        if language == script.language:
            continue
        if not other_path.is_file():
            yield Finding(("language",), f"there is no {other_path.name} beside it: write the script in {language} too")
            continue
        try:
            other = build(Script, read_yaml(other_path))
        except BadInputError:
            continue  # told where that file itself is checked
        if other.script != script.script:
            continue
        for key in ("states", "prompts"):
            for name in sorted(getattr(other, key).keys() - getattr(script, key).keys()):
                yield Finding((key,), f"{other_path.name} has {name!r} and this file has not: write it here too")
        for name, prompt in script.prompts.items():
            if name in other.prompts and variables_of(prompt) != variables_of(other.prompts[name]):
                differ = ", ".join(sorted(variables_of(prompt) ^ variables_of(other.prompts[name])))
                yield Finding(("prompts", name), f"says {{{differ}}} in only one of {path.name} and {other_path.name}")


def load_policy(path: Path) -> Policy:
    """Read a negotiation policy; BadInputError with file and line when it is malformed."""
    return build(Policy, read_yaml(path))


def load_retries(path: Path) -> RetryPlan:
    """Read a retry plan; BadInputError with file and line when it is malformed."""
    return build(RetryPlan, read_yaml(path))


def load_case(path: Path) -> Case:
    """Read a debtor file (YAML or JSON); BadInputError with file and line when it is malformed or absurd."""
    document = read_yaml(path)
    return build(CaseFile, document).case(document.source)


def case_from(given: object) -> Case:
    """A case from a file's path or from the same content as a mapping (a line of a batch)."""
    if isinstance(given, str | Path):
        return load_case(Path(given))
    return build(CaseFile, Document("debt", given, {})).case("debt")


def is_policy(path: Path) -> bool:
    """Whether a file is a negotiation policy rather than a script."""
    data = read_yaml(path).data
    return isinstance(data, dict) and "policy" in data and "script" not in data


def is_retries(path: Path) -> bool:
    """Whether a file is a retry plan."""
    data = read_yaml(path).data
    return isinstance(data, dict) and "retries" in data and "script" not in data


def retries_path(dialplans: Path) -> Path:
    """Where the house's retry plan is kept."""
    return dialplans / "retries.yaml"


def script_path(dialplans: Path, name: str, language: str) -> Path:
    """Where the script `name` of a language is kept; BadInputError listing what there is when it is not there."""
    path = dialplans / name / f"{language}.yaml"
    if not path.is_file():
        known = sorted(f"{p.parent.name} ({p.stem})" for p in dialplans.glob("*/*.yaml") if p.parent.name in _scripts())
        raise BadInputError(f"no script {name!r} in {language}: there is {', '.join(known) or 'none'} in {dialplans}")
    return path


def policy_path(dialplans: Path, name: str) -> Path:
    """Where the policy `name` is kept (a path to a file is taken as it is)."""
    direct = Path(name)
    path = direct if direct.suffix in (".yaml", ".yml", ".json") else dialplans / "policies" / f"{name}.yaml"
    if not path.is_file():
        raise BadInputError(f"no policy at {path}: give a file or a name from {dialplans / 'policies'}")
    return path


def stored(path: Path, name: str, version: int) -> Stored:
    """The identity of a file's content, body included, for the record of a call."""
    body = path.read_text(encoding="utf-8-sig")
    return Stored(name, version, hashlib.sha256(body.encode()).hexdigest(), body)


def describe(document: Document, finding: Finding) -> str:
    """`file:line: where: what is wrong; what to do`."""
    where = ".".join(str(part) for part in finding.path)
    return f"{document.source}:{document.line(finding.path)}: {where}: {finding.message}"


def schema(kind: str = "script") -> str:
    """The JSON Schema of a script (or `policy`, `retries`), for editors."""
    models: dict[str, type[BaseModel]] = {"policy": Policy, "retries": RetryPlan}
    model = models.get(kind, Script)
    return json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False)


def _scripts() -> tuple[str, ...]:
    return ("negotiation", "callback", "reminder")
