"""`voiceagent script check`: prove conversation scripts and policies sound before a call uses them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from voiceagent.base.errors import BadInputError
from voiceagent.cli.actions import add_action

HELP = "prove conversation scripts and negotiation policies sound"
EXAMPLE = "voiceagent script check dialplans/negotiation/pt-BR.yaml"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parts = parser.add_subparsers(dest="part", metavar="check|schema", required=True)
    check = add_action(
        parts,
        "check",
        "prove files sound; without a path, everything in dialplans/",
        "voiceagent script check dialplans/negotiation/pt-BR.yaml",
    )
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="scripts, policies, retry plans, folders")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    shape = add_action(
        parts,
        "schema",
        "print the JSON Schema of a script, a policy or a retry plan, for editors",
        "voiceagent script schema > script.schema.json",
    )
    of = shape.add_mutually_exclusive_group()
    of.add_argument("--policy", action="store_true", help="of a policy")
    of.add_argument("--retries", action="store_true", help="of a retry plan")


def run(args: argparse.Namespace) -> int:
    """0 when everything is sound, 1 when anything is not."""
    from voiceagent.settings.dialplans import retries_path, schema
    from voiceagent.settings.paths import Paths

    if args.part == "schema":
        print(schema("policy" if args.policy else "retries" if args.retries else "script"))
        return 0
    dialplans = Paths.from_environment().dialplans
    files = list(_files(args.paths or [dialplans / "negotiation", dialplans / "policies", retries_path(dialplans)]))
    if not files:
        where = ", ".join(map(str, args.paths)) or dialplans
        raise BadInputError(f"no script or policy found in {where}: give a .yaml file")
    problems = [(path, *problem) for path in files for problem in _problems(path)]
    failed = any(is_error for _, is_error, _ in problems)
    if args.json:
        found = [{"file": str(path), "error": is_error, "message": text} for path, is_error, text in problems]
        print(json.dumps({"files": [str(path) for path in files], "sound": not failed, "findings": found}))
        return int(failed)
    for _, is_error, text in problems:
        print(f"{'error' if is_error else 'warning'}: {text}", file=sys.stderr)
    print(f"{len(files)} file{'s' if len(files) != 1 else ''} checked: {'NOT sound' if failed else 'sound'}")
    return int(failed)


def _files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(path.rglob("*.yaml")))
        elif path.is_file():
            found.append(path)
        else:
            raise BadInputError(f"no such file or directory: {path}")
    return found


def _problems(path: Path) -> list[tuple[bool, str]]:
    from voiceagent.settings.dialplans import check_script, is_policy, is_retries, load_policy, load_retries

    try:
        if is_retries(path):
            load_retries(path)
            return []
        if is_policy(path):
            load_policy(path)
            return []
        return [(finding.is_error, text) for finding, text in check_script(path)]
    except BadInputError as error:
        return [(True, error.message)]
