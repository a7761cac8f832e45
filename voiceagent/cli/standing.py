"""How campaigns stand and what people must look at, as `campaigns status` and `campaigns check` tell it."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa

    from voiceagent.journal.journal import Journal

#: A promised call not made so long after its instant is no queue any more.
LATE = timedelta(minutes=10)


def status(journal: Journal, name: str | None = None, *, as_json: bool) -> int:
    """Progress, ETA, and what holds calls back now, of all campaigns or one; 0. BadInputError when there is no such."""
    from voiceagent.cli.house import guards as house_guards
    from voiceagent.cli.house import rules_and_gate
    from voiceagent.dialer.campaigns import all_campaigns, require_campaign
    from voiceagent.dialer.floor import read_floor
    from voiceagent.dialer.heartbeat import staff
    from voiceagent.dialer.pacing import Allotment
    from voiceagent.dialer.progress import progress
    from voiceagent.dialer.switches import all_stops
    from voiceagent.dialer.tables import CampaignState

    rules, _, _ = rules_and_gate()
    with journal.db.read() as connection:
        now, tenant, guards = journal.clock.now(), journal.tenant_id, house_guards()
        asking = [] if guards.kept_for_inbound else ["status"]
        held = Allotment(read_floor(connection, tenant, now, asking=asking, guards=guards)).held()
        working = staff(connection, tenant, now)
        doubt = clock_doubt(journal, connection)
        rows, lines = [], []
        wanted = all_campaigns(connection, tenant) if name is None else [require_campaign(connection, name, tenant)]
        for one in wanted:
            why = held.get(one.name)
            row = {
                "name": one.name,
                "state": one.state.value,
                "mode": one.mode.value,
                "held": why.reason if why else None,
                "until": why.until.isoformat() if why and why.until else None,
                "why": (why.detail if why else "") or one.reason,
                "mend": why.mend if why else "",
                "brake": one.brake,
                **progress(connection, one, now, tenant, rules),
            }
            rows.append(row)
            lines.append(
                f"{one.name}  {one.state.value}  {one.mode.value}  {row['called']} of {row['contacts']} contacts "
                f"called, {row['calls_last_hour']} calls in the last hour, all called once by {row['eta'] or '-'}"
            )
            if why is not None:
                lines.append(f"  held: {why.told()}")
            elif one.state is CampaignState.PAUSED:
                told = f": {one.reason}" if one.reason else ""
                lines.append(f"  paused{told}; to go on: voiceagent campaigns start {shlex.quote(one.name)}")
            elif one.state is CampaignState.DRAFT:
                begin = f"voiceagent campaigns start {shlex.quote(one.name)}"
                lines.append(f"  in draft, nobody is called; to begin: {begin}")
            lines += [f"    call {call}" for call in (one.brake or {}).get("calls", [])]
        stops = [
            {"scope": stop.scope.value, "name": stop.name, "reason": stop.reason, "by": stop.actor}
            for stop in all_stops(connection, tenant)
        ]
    document = {
        "campaigns": rows,
        "stopped": stops,
        "workers": working.workers,
        "idle_seats": working.idle,
        "troubles": dict(working.troubles),
        "clock": doubt,
    }
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
        return 0
    for stop in stops:
        which = f"--trunk {stop['name']}" if stop["name"] else "--all"
        name = stop["name"] or "everything"
        print(f"STOPPED {name} by {stop['by']}: {stop['reason']}; to go on: voiceagent campaigns resume {which}")
    if any(row["state"] == CampaignState.RUNNING for row in rows):
        lines = [*([doubt] if doubt else []), *working.told(), *lines]
    print("\n".join(lines) or "no campaign yet: voiceagent campaigns create NAME")
    return 0


def clock_doubt(journal: Journal, connection: sa.Connection) -> str:
    """Why this machine's clock cannot be trusted, so that nobody is called; "" when nothing speaks against it."""
    from voiceagent.dialer.clockguard import ClockGuard

    fault = ClockGuard(journal.clock).doubt(connection)
    return f"nobody is called, the clock cannot be trusted: {fault}" if fault else ""


def check(journal: Journal, *, as_json: bool) -> int:
    """Contacts with nothing planned, brakes, switches, late promised calls, short calls; 1 when people must look."""
    from voiceagent.cli.house import guards as house_guards
    from voiceagent.dialer.callbacks import late_callbacks
    from voiceagent.dialer.campaigns import all_campaigns
    from voiceagent.dialer.floor import short_calls
    from voiceagent.dialer.switches import all_stops
    from voiceagent.dialer.watch import stale_cases

    with journal.db.read() as connection:
        now = journal.clock.now()
        stale = stale_cases(connection, journal.tenant_id, now)
        braked = [one for one in all_campaigns(connection, journal.tenant_id) if one.brake]
        stops = all_stops(connection, journal.tenant_id)
        late = late_callbacks(connection, journal.tenant_id, now - LATE)
        doubt = clock_doubt(journal, connection)
        day = short_calls(connection, journal.tenant_id, now)
        month, _ = short_calls(connection, journal.tenant_id, now, back=timedelta(days=30))
    short = house_guards().short_calls.alarm_told(*day, month)
    report: dict[str, list[dict[str, Any]]] = {
        "stale": [
            {"campaign": one.campaign, "case_id": str(one.case_id), "why": one.why, "since": one.since.isoformat()}
            for one in stale
        ],
        "braked": [{"campaign": one.name, **(one.brake or {})} for one in braked],
        "stopped": [{"scope": one.scope.value, "name": one.name, "reason": one.reason} for one in stops],
        "late_callbacks": late,
        "clock": [{"fault": doubt}] if doubt else [],
        "short_calls": [{"fault": short}] if short else [],
    }
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return 1 if any(report.values()) else 0
    for one in report["stale"]:
        print(f"{one['campaign']}: contact {one['case_id']} is {one['why']} since {one['since']}")
    for one in report["braked"]:
        print(
            f"{one['campaign']}: paused by its brake {one['brake']} in {len(one['calls'])} calls; look at them "
            f"(voiceagent campaigns status), then: voiceagent campaigns start {shlex.quote(one['campaign'])}"
        )
    for one in report["stopped"]:
        which = f"--trunk {one['name']}" if one["name"] else "--all"
        print(f"stopped: {one['name'] or 'everything'}: {one['reason']}; voiceagent campaigns resume {which}")
    for one in late:
        whose = f"{one['campaign']} ({one['campaign_state']})" if one["campaign"] else "no campaign"
        mend = (
            f"voiceagent explain {one['case_id']}" if one["case_id"] else "nobody knows whose case it is, call by hand"
        )
        print(f"promised call {one['id']} was due at {one['due_at']}, {whose}: {mend}")
    for told in filter(None, (doubt, short)):
        print(told)
    if not any(report.values()):
        print("every contact is planned, final or explained; nothing is stopped")
    return 1 if any(report.values()) else 0
