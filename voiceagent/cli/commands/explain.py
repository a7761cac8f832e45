"""Why a contact is called now, or is not."""

from __future__ import annotations

import argparse
import json

HELP = "why a contact is or is not called now: campaign, law, dial mode, number by number"
EXAMPLE = "voiceagent explain +5511955550100"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("contact", metavar="CONTACT", help="a number (+55...), a document, or a case id")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Look and tell; nothing is written."""
    from voiceagent.cli.house import guards, masked, open_journal, rules_and_gate
    from voiceagent.cli.standing import clock_doubt
    from voiceagent.dialer.explain import explain_case, find_cases

    rules, gate, guard_s = rules_and_gate()
    with open_journal() as journal, journal.db.read() as connection:
        doubt = clock_doubt(journal, connection)
        found = [
            explain_case(
                connection,
                case_id,
                now=journal.clock.now(),
                rules=rules,
                gate=gate,
                guard_s=guard_s,
                tenant_id=journal.tenant_id,
                guards=guards(),
            )
            for case_id in find_cases(connection, args.contact, journal.tenant_id)
        ]
    for one in found:
        one["waits_for"] = [doubt, *one["waits_for"]] if doubt else one["waits_for"]
    if args.json:
        print(json.dumps({"cases": found}, ensure_ascii=False))
        return 0
    for one in found:
        waits = f", but {'; '.join(one['waits_for'])}" if one["waits_for"] else ""
        answer = f"may be called now{waits}" if one["callable"] else f"is not called now: {'; '.join(one['reasons'])}"
        print(f"{one.get('name', one['case_id'])} ({one.get('creditor', '-')}) {answer}")
        for number in one["numbers"]:
            fate = "allowed" if number["allow"] and number["mode_allows"] else number["why"]
            again = f"; again {number['retry_at']}" if number["retry_at"] else ""
            rules_told = f" [{', '.join(number['rules'])}]" if number["rules"] else ""
            print(f"  {masked(number['number'])} {number['status']}: {fate}{rules_told}{again}")
    return 0
