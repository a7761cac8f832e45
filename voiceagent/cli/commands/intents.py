"""`voiceagent intents`: train the classifiers of intents after their examples or rules were extended."""

from __future__ import annotations

import argparse
from pathlib import Path

from voiceagent.cli.actions import add_action

HELP = "train what recognises a debtor's intents from its data files, or check that it was"
EXAMPLE = "voiceagent intents train"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, says in (
        ("train", "learn from dialplans/language/*/intents.yaml and store the models beside them"),
        ("check", "whether the stored models were learned from the files as they are now"),
    ):
        action = add_action(actions, name, says, f"voiceagent intents {name}")
        action.add_argument("--language", action="append", metavar="L", help="pt-BR, es or en (default: all)")


def run(args: argparse.Namespace) -> int:
    """One line a language; `check` is a failure when a model is missing or older than its data."""
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.dialogue.intents import number_words
    from voiceagent.dialogue.training import retrain, stored
    from voiceagent.settings.paths import Paths

    try:
        languages = [Language(name) for name in args.language or Language]
    except ValueError:
        raise UsageError(f"no language {args.language}: one of {', '.join(Language)}") from None
    folder: Path = Paths.from_environment().dialplans / "language"
    stale = 0
    for language in languages:
        data, numbers = folder / language / "intents.yaml", number_words(language)
        if args.action == "train":
            path = retrain(data, numbers)
            print(f"{language}: {path} ({path.stat().st_size / 1024:,.0f} kB)")
        elif stored(data, numbers) is None:
            stale += 1
            print(f"{language}: not learned from {data} as it is now: run `voiceagent intents train`")
        else:
            print(f"{language}: up to date")
    return 1 if stale else 0
