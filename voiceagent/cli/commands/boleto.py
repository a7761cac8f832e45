"""`voiceagent boleto`: the digits of bank, utility and tax slips, read and written."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date

from voiceagent.base.errors import UsageError
from voiceagent.cli.actions import add_action
from voiceagent.cli.commands.understand import as_day

HELP = "read the digits of slips (boleto): bar code and typed line; write them for tests"
EXAMPLE = "voiceagent boleto decode 00190.00009 01234.567004 00000.000174 7 16610000025000 --today 2026-11-18"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    encode = add_action(
        actions,
        "encode",
        "the line of a bar code; or a bank's slip from its parts, for tests only: no bank knows it, nobody can pay it",
        "voiceagent boleto encode --bank 001 --due 2026-12-15 --amount 250.00 --free-field 0000001234567000000000017"
        """\n  echo '{"id":1,"bank":"001","due":"2026-12-15","amount":"250.00","""
        """"free_field":"0000001234567000000000017"}' | voiceagent boleto encode --batch -""",
    )
    encode.add_argument("code", nargs="*", metavar="DIGITS", help="a bar code (or line) to turn into its other form")
    encode.add_argument("--bank", help="3 digits")
    encode.add_argument("--due", metavar="DAY", help="YYYY-MM-DD; left out: no date")
    encode.add_argument("--amount", help="like 250.00; left out: the payer types it")
    encode.add_argument("--free-field", metavar="DIGITS", help="the bank's own 25 digits")
    decode = add_action(
        actions,
        "decode",
        "what 44, 47 or 48 digits say, refusing those with a wrong check digit",
        EXAMPLE + """\n  echo '{"id":1,"code":"00190.00009 01234.567004 00000.000174 7 16610000025000","""
        """"today":"2026-11-18"}' | voiceagent boleto decode --batch -""",
    )
    decode.add_argument("code", nargs="*", metavar="DIGITS", help="with or without dots, hyphens and spaces")
    for action in (encode, decode):
        action.add_argument(
            "--today", metavar="DAY", help="YYYY-MM-DD (default today): due dates lie near it, their factors come again"
        )
        action.add_argument("--batch", metavar="FILE", help="one JSON object a line; - reads stdin (docs/payments.md)")
        action.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Write or read one slip, or a batch of them; what is given beside a batch holds for its lines that lack it."""
    from voiceagent.cli.batch import run_batch
    from voiceagent.payments.slipwire import read_boleto, write_boleto

    today: date = as_day(args.today)
    answer = write_boleto if args.action == "encode" else read_boleto
    names = ("bank", "due", "amount", "free_field") if args.action == "encode" else ()
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if args.code:
        given["code"] = " ".join(args.code)
    if args.batch is not None:
        return run_batch(args.batch, lambda line: answer(given | line, today))
    if not given:
        raise UsageError(f"give the digits, or --batch FILE; see voiceagent boleto {args.action} --help")
    document = answer(given, today)
    if document["registered"] is False:
        print("voiceagent: for tests only: no bank has registered this slip, so nobody can pay it", file=sys.stderr)
    if args.json:
        print(json.dumps(document, ensure_ascii=False))
    elif args.action == "encode":
        print(f"{document['barcode']}\n{document['linha']}")
    else:
        print("\n".join(f"{name}: {value}" for name, value in document.items() if value is not None))
    return 0
