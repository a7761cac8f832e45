"""Looks at every part of the installation, says how to mend each, and what the machine can carry."""

from __future__ import annotations

import argparse

HELP = "check every part, say how to mend each, estimate this machine's capacity"
EXAMPLE = "voiceagent doctor --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--port", type=int, default=8080, help="the console's port to look at (default: %(default)s)")
    parser.add_argument("--no-capacity", action="store_true", help="neither listen nor measure (some seconds)")


def run(args: argparse.Namespace) -> int:
    """Examine; 1 when anything fails."""
    import json

    from voiceagent.base.clock import SystemClock
    from voiceagent.base.errors import MissingPartError
    from voiceagent.cli.checkup import capacity, machine, parts, speaking
    from voiceagent.cli.checkup.finding import Finding, Status, examine
    from voiceagent.settings.config import load_settings
    from voiceagent.settings.paths import Paths

    paths = Paths.from_environment()
    url = load_settings(paths).database.url or paths.database_url()
    findings = [
        examine("home", lambda: machine.home(paths.home), "set VOICEAGENT_HOME"),
        examine("disk", lambda: machine.disk(paths.recordings), "set VOICEAGENT_RECORDINGS"),
        examine("clock", lambda: machine.clock(SystemClock().now()), "pip install tzdata"),
        examine("ports", lambda: machine.ports(args.port), "let this user open sockets on loopback"),
        examine("database", lambda: parts.database(url), "voiceagent db upgrade"),
        examine("dialplans", lambda: parts.dialplans(paths.dialplans), "voiceagent script check"),
        examine("sip", parts.sip, "pip install 'voiceagent[telephony]'"),
        examine("asterisk", lambda: parts.asterisk(paths.asterisk), "scripts/asterisk"),
        examine("vad", parts.voice_activity, "pip install 'voiceagent[telephony]'"),
        examine("models", lambda: parts.recognisers(paths.models), "voiceagent models install"),
        examine("catalogue", lambda: parts.installed(paths.models), "voiceagent models install"),
        examine("voices", lambda: parts.voices(paths.models), "voiceagent models install"),
        examine("bank", lambda: speaking.bank(paths.models), "voiceagent models install --recommended"),
        examine("answers", speaking.sure_answers, "pip install --force-reinstall voiceagent"),
        examine("second look", lambda: speaking.second_look(paths.models), "voiceagent models install whisper-base"),
    ]
    carried = None
    if not args.no_capacity:
        findings.append(examine("spoken", lambda: speaking.spoken(paths.models), "mend the parts above first"))
        measured: list[capacity.Capacity] = []

        def look() -> Finding:
            try:
                measured.append(capacity.measure(paths.models))
            except MissingPartError as error:
                return Finding("capacity", Status.WARN, error.message, "install it, then run doctor again")
            return Finding("capacity", Status.OK, measured[0].words())

        findings.append(examine("capacity", look, "mend the parts above first"))
        carried = measured[0].as_json() if measured else None
    failed = any(finding.status is Status.FAIL for finding in findings)
    if args.json:
        document = {"ok": not failed, "checks": [finding.as_json() for finding in findings], "capacity": carried}
        print(json.dumps(document, ensure_ascii=False))
        return 1 if failed else 0
    for finding in findings:
        print(f"{finding.status.value:<5} {finding.part:<11} {finding.detail}")
        if finding.mend and finding.status is not Status.OK:
            print(f"{'':<16} → {finding.mend}")
    return 1 if failed else 0
