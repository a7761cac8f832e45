"""Speech models: what there is, install, verify."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceagent.cli.actions import add_action
from voiceagent.cli.phrasebanks import bank_state, bank_texts, scripted_languages

if TYPE_CHECKING:
    from voiceagent.speech.catalogue import Model
    from voiceagent.speech.store import ModelStore, State

HELP = "speech models: list the catalogue, install, verify"
EXAMPLE = "voiceagent models install --recommended && voiceagent models verify"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = add_action(actions, "list", "what can be installed and what is", "voiceagent models list --json")
    install = add_action(
        actions,
        "install",
        "install models (all that the agent uses, or those named)",
        "voiceagent models install --bank pt-BR",
    )
    install.add_argument("names", nargs="*", metavar="NAME", help="models of the catalogue")
    install.add_argument(
        "--recommended", action="store_true", help="all models the agent uses and the phrase bank of every script"
    )
    install.add_argument(
        "--for-tests",
        "--with-vosk-test-model",
        dest="for_tests",
        action="store_true",
        help="also the Korean model that tests use",
    )
    install.add_argument(
        "--bank", action="append", default=[], metavar="LANGUAGE", choices=("pt-BR", "es", "en"),
        help="render the phrase bank of the agent's voice (may be given again)",
    )  # fmt: skip
    install.add_argument("--phrases", type=Path, metavar="FILE", help="also render these lines: VOICE<tab>TEXT")
    verify = add_action(
        actions, "verify", "compute every installed file's digest anew", "voiceagent models verify kokoro"
    )
    verify.add_argument("names", nargs="*", metavar="NAME", help="models of the catalogue")
    for action in (listing, install, verify):
        action.add_argument("--models", type=Path, metavar="DIR", help="models directory (default: models/)")
        action.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    from voiceagent.settings.paths import Paths
    from voiceagent.speech.catalogue import load_catalogue
    from voiceagent.speech.fetch import cache_directory
    from voiceagent.speech.store import ModelStore

    directory = args.models or Paths.from_environment().models
    store = ModelStore(directory, cache_directory(), load_catalogue(), _progress)
    if args.action == "list":
        _show(store.states(), args.json, [_bank_row(directory, language) for language in scripted_languages()])
        return 0
    if args.action == "verify":
        states = store.verify(args.names)
        _show(states, args.json)
        bad = [state for state in states if state.problem or not state.installed]
        for state in bad:
            print(f"voiceagent: {state.model.name}: {state.problem or 'not installed'}", file=sys.stderr)
        if not states:
            print(f"voiceagent: no model is in {directory}: run `voiceagent models install`", file=sys.stderr)
        return 1 if bad or not states else 0
    return _install(args, store, directory)


def _install(args: argparse.Namespace, store: ModelStore, directory: Path) -> int:
    from voiceagent.base.errors import VoiceagentError
    from voiceagent.speech.catalogue import find
    from voiceagent.speech.installed import VOSK_TEST

    wants_default = args.recommended or not (args.names or args.bank or args.phrases or args.for_tests)
    chosen = list(dict.fromkeys([*(store.default_names() if wants_default else ()), *args.names]))
    if args.for_tests and VOSK_TEST not in chosen:
        chosen.append(VOSK_TEST)
    models = [find(name, store.catalogue) for name in chosen]
    results: list[dict[str, Any]] = []
    unreachable: set[str] = set()
    failed = False
    for model in models:
        result = {"name": model.name, "result": "", "message": ""}
        results.append(result)
        hosts = {source.url.split("/")[2] for source in model.sources if source.url}
        if hosts & unreachable:
            result |= {"result": "unavailable", "message": f"{', '.join(hosts)} cannot be reached"}
            continue
        try:
            result["result"] = "installed" if store.install(model.name) else "already there"
            _progress(f"{model.name}: {result['result']}")
        except VoiceagentError as error:
            unreachable |= hosts
            optional = model.default == "optional" and model.name not in args.names
            failed = failed or not optional
            result |= {"result": "unavailable" if optional else "failed", "message": error.message}
            note = "; optional, the rest works without it" if optional else ""
            print(f"voiceagent: {model.name}: {error.message}{note}", file=sys.stderr)
    reports = [] if failed else _render(args, directory)
    if args.json:
        print(json.dumps({"models": results, "bank": reports}, ensure_ascii=False))
    return 1 if failed else 0


def _render(args: argparse.Namespace, directory: Path) -> list[dict[str, Any]]:
    import asyncio
    from dataclasses import asdict

    from voiceagent.speech.bank import bank_jobs, phrase_file, render_bank

    languages = list(dict.fromkeys([*args.bank, *(scripted_languages() if args.recommended else ())]))
    batches = [(language, bank_jobs(directory, language, bank_texts(language))) for language in languages]
    if args.phrases:
        batches.append((str(args.phrases), phrase_file(directory, args.phrases)))
    reports = []
    for name, jobs in batches:
        report = asyncio.run(render_bank(directory, jobs, _progress))
        _progress(
            f"phrase bank {name}: {report.wanted} phrases, {report.rendered} rendered in {report.seconds} s; "
            f"the bank holds {report.units} units, {report.bytes / 1e6:.1f} MB"
        )
        reports.append({"of": name, **asdict(report)})
    return reports


def _show(states: list[State], as_json: bool, banks: list[dict[str, Any]] | None = None) -> None:
    rows = [_row(state) for state in states]
    if as_json:
        print(json.dumps({"models": rows, **({} if banks is None else {"banks": banks})}, ensure_ascii=False))
        return
    for row in rows:
        state = "problem" if row["problem"] else "installed" if row["installed"] else "-"
        languages = ",".join(row["languages"])
        print(f"{row['name']:14} {state:10} {row['kind']:11} {languages:12} {row['megabytes']:>5} MB  {row['licence']}")
        print(f"{'':14} {row['about']}")
        if row["problem"]:
            print(f"{'':14} {row['problem']}")
    for bank in banks or ():
        print(f"{'phrase bank':14} {bank['state']:10} {'voice':11} {bank['language']:12} {bank['told']}")


def _bank_row(models: Path, language: str) -> dict[str, Any]:
    """A bank is `whole`, `partial` (scripts or models changed since, or it was not finished), `-` or a `problem`."""
    from voiceagent.base.errors import VoiceagentError

    try:
        bank = bank_state(models, language)
    except VoiceagentError as error:
        return {"language": language, "state": "problem", "told": error.message}
    state = "whole" if not bank.missing else "partial" if bank.missing < bank.units else "-"
    told = f"{bank.units - bank.missing} of {bank.units} phrases of {bank.voice}"
    return {
        "language": language,
        "state": state,
        "told": told if state == "whole" else f"{told}: {bank.mend}",
        "voice": bank.voice,
        "phrases": bank.units,
        "missing": bank.missing,
    }


def _row(state: State) -> dict[str, Any]:
    model: Model = state.model
    return {
        "name": model.name,
        "kind": model.kind,
        "languages": list(model.languages),
        "version": model.version,
        "installed": state.installed,
        "installed_version": state.version,
        "problem": state.problem,
        "licence": model.licence,
        "about": model.about,
        "megabytes": round(model.download_bytes / 1e6),
        "default": model.default,
        "sources": [source.url or f"{source.registry}:{source.label}" for source in model.sources],
        "sha256": [source.sha256 for source in model.sources],
    }


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
