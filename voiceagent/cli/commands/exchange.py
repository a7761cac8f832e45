"""Asterisk's configuration for a shop, made from one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from voiceagent.cli.actions import add_action

HELP = "Asterisk's configuration for a shop: seats, people, trunks, made from one file"
EXAMPLE = "voiceagent exchange write exchange.yaml --into /etc/asterisk --system"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_action(actions, "example", "print a file to begin with", "voiceagent exchange example > exchange.yaml")
    write = add_action(
        actions,
        "write",
        "write Asterisk's configuration and the workers' sip.yaml; passwords are made once and kept",
        EXAMPLE,
    )
    write.add_argument("file", type=Path, metavar="FILE", help="seats, people, trunks, numbers (see `example`)")
    write.add_argument("--into", type=Path, required=True, metavar="DIR", help="where Asterisk's files go")
    write.add_argument(
        "--system",
        action="store_true",
        help="for a distribution's Asterisk, with its directories; else everything is kept inside DIR, etc/ included",
    )
    write.add_argument(
        "--secrets", type=Path, metavar="FILE", help="passwords (default: exchange-secrets.yaml beside FILE)"
    )
    write.add_argument("--sip", type=Path, metavar="FILE", help="for the workers (default: sip.yaml at home)")
    write.add_argument("--json", action="store_true", help="one JSON document on stdout")
    start = add_action(
        actions, "run", "run Asterisk with what was written, until Ctrl-C", "voiceagent exchange run var/pbx"
    )
    start.add_argument("folder", type=Path, metavar="DIR", help="as given to `write --into`, without --system")
    ask = add_action(actions, "ask", "ask that Asterisk", 'voiceagent exchange ask var/pbx "pjsip show endpoints"')
    ask.add_argument("folder", type=Path, metavar="DIR", help="as given to `write --into`, without --system")
    ask.add_argument("words", metavar="COMMAND", help="a command of Asterisk's own command line")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    import json
    import sys

    from voiceagent.settings.paths import Paths
    from voiceagent.telephony.asterisk_tree import TEMPLATES

    if args.action == "example":
        print((TEMPLATES / "exchange" / "exchange.example.yaml").read_text(encoding="utf-8"), end="")
        return 0
    if args.action in ("run", "ask"):
        return _asterisk(args.folder, ["-f", "-n"] if args.action == "run" else ["-rx", args.words])
    from voiceagent.cli.exchange_files import check_sip, read_exchange, read_secrets, write_secrets, write_sip
    from voiceagent.telephony.asterisk_program import AsteriskProgram
    from voiceagent.telephony.asterisk_tree import Directories
    from voiceagent.telephony.exchange import make_music, write_exchange

    paths = Paths.from_environment()
    exchange = read_exchange(args.file)
    kept = args.secrets or args.file.with_name("exchange-secrets.yaml")
    passwords = read_secrets(kept).completed(exchange)
    sip = args.sip or paths.home / "sip.yaml"
    check_sip(sip)
    into = args.into.absolute()
    if args.system:
        program, where, etc = AsteriskProgram.of_system(), Directories.of_system(), into
        etc.mkdir(parents=True, exist_ok=True)
    else:
        program, where = AsteriskProgram.find(paths.asterisk), Directories.inside(into)
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        where.make()
        etc = where.etc
    write_secrets(kept, passwords)
    files = write_exchange(exchange, passwords, program, where, etc)
    if not args.system or where.moh.parent.is_dir():
        make_music(where)
    write_sip(sip, exchange, passwords)
    if args.json:
        told = {"etc": str(etc), "files": files, "secrets": str(kept), "sip": str(sip), "registrar": exchange.registrar}
        print(json.dumps(told, ensure_ascii=False))
        return 0
    seats = exchange.seat_names
    print(f"{etc}: {len(files)} files; seats {seats[0]} to {seats[-1]}, {len(exchange.trunks)} trunks", file=sys.stderr)
    print(f"{kept}: passwords; {sip}: for the workers (all for their owner alone)", file=sys.stderr)
    return 0


def _asterisk(folder: Path, options: list[str]) -> int:
    """Become Asterisk, or its command line."""
    import os

    from voiceagent.base.errors import MissingPartError
    from voiceagent.settings.paths import Paths
    from voiceagent.telephony.asterisk_program import AsteriskProgram

    settings = folder.absolute() / "etc" / "asterisk.conf"
    if not settings.is_file():
        raise MissingPartError(f"no {settings}: run `voiceagent exchange write FILE --into {folder}` first")
    program = AsteriskProgram.find(Paths.from_environment().asterisk)
    os.execv(program.command[0], [*program.command, "-C", str(settings), *options])
