"""Looks at every part of the installation, says how to mend each, and what the machine can carry."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from voiceagent.cli.arguments import port

if TYPE_CHECKING:
    from voiceagent.cli.checkup.finding import Finding

HELP = "check every part, say how to mend each, estimate this machine's capacity"
EXAMPLE = "voiceagent doctor --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--port", type=port, default=8080, help="the console's port to look at (default: %(default)s)")
    parser.add_argument("--no-capacity", action="store_true", help="neither listen nor measure (some seconds)")


def run(args: argparse.Namespace) -> int:
    """Examine; 1 when anything fails."""
    import json

    from voiceagent.base.clock import SystemClock
    from voiceagent.base.errors import INSTALL, MissingPartError
    from voiceagent.cli.checkup import capacity, machine, parts, speaking
    from voiceagent.cli.checkup.finding import Finding, Status, examine
    from voiceagent.settings.config import Settings, load_settings
    from voiceagent.settings.paths import Paths

    paths = Paths.from_environment()
    measured: list[capacity.Capacity] = []
    settings: list[Settings] = []

    def configured() -> Finding:
        settings.append(load_settings(paths))
        return Finding("config", Status.OK, "every setting can be read")

    def database() -> Finding:
        if not settings:
            return Finding("database", Status.WARN, "which one it is could not be read", "mend the configuration first")
        return parts.database(settings[0].database.url or paths.database_url())

    def carried() -> Finding:
        try:
            measured.append(capacity.measure(paths.models))
        except MissingPartError as error:
            return Finding("capacity", Status.WARN, error.message, "install it, then run doctor again")
        return Finding("capacity", Status.OK, measured[0].words())

    checks: list[tuple[str, Callable[[], Finding], str]] = [
        ("home", lambda: machine.home(paths.home), "set VOICEAGENT_HOME"),
        ("config", configured, "mend the line, variable or setting that it names"),
        ("disk", lambda: machine.disk(paths.recordings), "set VOICEAGENT_RECORDINGS"),
        ("clock", lambda: machine.clock(SystemClock().now()), INSTALL),
        ("ports", lambda: machine.ports(args.port), "let this user open sockets on loopback"),
        ("database", database, "voiceagent db upgrade"),
        ("dialplans", lambda: parts.dialplans(paths.dialplans), "voiceagent script check"),
        ("sip", parts.sip, INSTALL),
        ("asterisk", lambda: parts.asterisk(paths.asterisk), "scripts/asterisk"),
        ("vad", parts.voice_activity, INSTALL),
        ("models", lambda: parts.recognisers(paths.models), "voiceagent models install"),
        ("catalogue", lambda: parts.installed(paths.models), "voiceagent models install"),
        ("voices", lambda: parts.voices(paths.models), "voiceagent models install"),
        ("bank", lambda: speaking.bank(paths.models), "voiceagent models install --recommended"),
        ("answers", speaking.sure_answers, "git restore voiceagent/speech/constrained/weights (in the checkout)"),
        ("second look", lambda: speaking.second_look(paths.models), "voiceagent models install whisper-base"),
    ]
    if not args.no_capacity:
        checks += [
            ("spoken", lambda: speaking.spoken(paths.models), "mend the parts above first"),
            ("capacity", carried, "mend the parts above first"),
        ]
    findings = []
    for part, look, mend in checks:
        findings.append(examine(part, look, mend))
        if not args.json:
            _show(findings[-1])
    failed = any(finding.status is Status.FAIL for finding in findings)
    if args.json:
        room = measured[0].as_json() if measured else None
        document = {"ok": not failed, "checks": [finding.as_json() for finding in findings], "capacity": room}
        print(json.dumps(document, ensure_ascii=False))
    return 1 if failed else 0


def _show(finding: Finding) -> None:
    """At once: what follows may take its time."""
    print(f"{finding.status.value:<5} {finding.part:<11} {finding.detail}", flush=True)
    if finding.mend and finding.status.value != "ok":
        print(f"{'':<16} → {finding.mend}", flush=True)
