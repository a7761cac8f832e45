"""Why a contact is called now, or is not."""

from __future__ import annotations

import argparse
import json

HELP = "why a contact is or is not called now: campaign, law, dial mode, number by number"
EXAMPLE = "voiceagent explain +5511955550100"

#: Why a case is called no more, in words; the document of `--json` has the code.
_OVER = {
    "nothing_owed": "nothing is owed any more: paid, withdrawn, or its list was taken back",
    "erased": "the person was erased",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("contact", metavar="CONTACT", help="a number (+55...), a document, or a case id")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Look and tell. Only that somebody looked is written, before anything is shown."""
    from voiceagent.cli.house import guards, masked, open_journal, rules_and_gate, tell_shown
    from voiceagent.cli.standing import clock_doubt
    from voiceagent.dialer.explain import explain_case, find_cases
    from voiceagent.dialer.optouts import people_of

    rules, gate, guard_s = rules_and_gate()
    with open_journal() as journal:
        with journal.db.read() as connection:
            doubt = clock_doubt(journal, connection)
            cases = find_cases(connection, args.contact, journal.tenant_id)
            people = people_of(connection, cases)
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
                for case_id in cases
            ]
        tell_shown(journal, people)
    for one in found:
        one["waits_for"] = [doubt, *one["waits_for"]] if doubt else one["waits_for"]
    if args.json:
        print(json.dumps({"cases": found}, ensure_ascii=False))
        return 0
    for one in found:
        waits = f", but {'; '.join(one['waits_for'])}" if one["waits_for"] else ""
        why = "; ".join(_OVER.get(reason, reason) for reason in one["reasons"])
        answer = f"may be called now{waits}" if one["callable"] else f"is not called now: {why}"
        print(f"{one['name']} ({one['creditor']}) {answer}" if "name" in one else f"case {one['case_id']} {answer}")
        for number in one["numbers"]:
            fate = "allowed" if number["allow"] and number["mode_allows"] else number["why"]
            again = f"; again {number['retry_at']}" if number["retry_at"] else ""
            rules_told = f" [{', '.join(number['rules'])}]" if number["rules"] else ""
            print(f"  {masked(number['number'])} {number['status']}: {fate}{rules_told}{again}")
    return 0
