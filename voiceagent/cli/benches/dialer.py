"""`voiceagent bench dialer`: leases a second, a million waiting, and a simulated week judged from the journal."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voiceagent.cli.arguments import count, positive
from voiceagent.cli.benches import machine_text, targets_text

HELP = "leases a second with the law on (PostgreSQL, beside procrastinate), a million waiting, or a simulated week"
EXAMPLE = "voiceagent bench dialer --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--workers", type=count, nargs="+", default=[1, 2, 4, 8], metavar="N", help="worker processes")
    parser.add_argument("--seconds", type=positive, default=4.0, help="of each measurement (default 4)")
    parser.add_argument("--waiting", type=count, default=1_000_000, help="contacts for the question of scale")
    parser.add_argument("--week", action="store_true", help="a simulated week instead, judged from its journal alone")
    parser.add_argument(
        "--contacts",
        type=count,
        default=0,
        help="of the week (default 50000: half an hour and more) or the kills (default 10000)",
    )
    parser.add_argument("--kills", action="store_true", help="workers killed at random points instead, and judged")
    parser.add_argument("--seats", type=count, default=0, help="of a worker (default 4), or of the week (one for 500)")
    parser.add_argument("--seed", type=int, default=1, help="of the week's chances")
    parser.add_argument("--sqlite", action="store_true", help="the question of scale on SQLite too")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are: `met` says whether they reach the targets."""
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator import bench_dialer
    from voiceagent.simulator.cluster import Cluster
    from voiceagent.simulator.measured_on import machine

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if args.week:
        return _week(args, say)
    if args.kills:
        return _kills(args, say)
    plan = bench_dialer.Plan(
        dialplans=Paths.from_environment().dialplans,
        workers=tuple(args.workers),
        seconds=args.seconds,
        waiting=args.waiting,
        seats=args.seats or 4,
    )
    report: dict[str, Any] = {"machine": machine()}
    with Cluster(connections=_connections(args)) as cluster:
        report["throughput"] = bench_dialer.throughput(cluster, plan, say)
        report["procrastinate"] = bench_dialer.procrastinate(cluster, plan, say)
        report["scale"] = bench_dialer.scale(cluster.url("scale"), plan, say)
    if args.sqlite:
        with tempfile.TemporaryDirectory() as folder:
            report["scale_sqlite"] = bench_dialer.scale(f"sqlite:///{Path(folder) / 'scale.db'}", plan, say)
    report |= {"targets": bench_dialer.TARGETS, "met": bench_dialer.met_of(report)}
    print(json.dumps(report)) if args.json else _show(report)
    return 0


def _week(args: argparse.Namespace, say: Callable[[str], None]) -> int:
    """1 when a rule was broken or a contact got lost."""
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.dialing_week import Plan, simulate

    contacts = args.contacts or 50_000
    seats = args.seats or max(2, contacts // 500)
    plan = Plan(Paths.from_environment().dialplans, contacts=contacts, seats=seats, seed=args.seed)
    with tempfile.TemporaryDirectory() as folder:
        week = simulate(plan, f"sqlite:///{Path(folder) / 'week.db'}", say).to_json()
    if args.json:
        print(json.dumps(week, ensure_ascii=False))
    else:
        spent = f"{week['processor_s'] / 60:.1f} min of processor"
        print(f"{week['contacts']} contacts, {week['seats']} seats, {week['attempts']} calls, {spent}")
        print(f"rules broken: {week['breach_count']}; contacts lost: {week['unaccounted']}")
        for told in week["breaches"]:
            print(f"  {told}")
        for state, count in week["contacts_by_state"].items():
            print(f"  {count:7} {state}")
        print("occupancy of the seats by hour (America/Sao_Paulo)")
        for hour, share in week["occupancy"].items():
            print(f"  {hour}h {share:6.1%} {'#' * round(share * 50)}")
    return 1 if week["breach_count"] or week["unaccounted"] else 0


def _kills(args: argparse.Namespace, say: Callable[[str], None]) -> int:
    """1 when a rule was broken, or a contact or a call got lost."""
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator import dialing_kills
    from voiceagent.simulator.cluster import Cluster

    plan = dialing_kills.Plan(
        Paths.from_environment().dialplans,
        contacts=args.contacts or 10_000,
        workers=max(args.workers),
        seats=args.seats or 4,
        seed=args.seed,
    )
    with Cluster(connections=_connections(args)) as cluster:
        report = dialing_kills.run(cluster.url("kills"), plan, say)
    told = report.to_json()
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for name, value in told.items():
            print(f"{name}: {value}")
    return 0 if report.sound else 1


def _connections(args: argparse.Namespace) -> int:
    """Every worker holds two at most, procrastinate's too; what measures holds some."""
    workers: list[int] = args.workers
    return max(60, 20 + 2 * max(workers))


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    beside, part = report["procrastinate"] or {}, report["throughput"]
    for name, title in (("leases", f"asking for {part['seats_per_worker']} seats"), ("leases_one_by_one", "one seat")):
        for workers, figures in part[name].items():
            line = f"{title}, {workers} workers: {figures['per_second']} leases/s, p99 {figures['ask_p99_ms']} ms"
            for kind, whose in (("fetches", "procrastinate's fetch"), ("bare_statements", "its bare statement")):
                if other := beside.get(kind, {}).get(workers):
                    by_processor = other["processor_ms"] / figures["processor_ms"]
                    ratio = figures["per_second"] / other["per_second"]
                    line += f"; {ratio:.2f} of {whose} ({by_processor:.2f} by processor time)"
            print(line)
    for name in ("scale", "scale_sqlite"):
        for waiting, figures in report.get(name, {}).get("by_waiting", {}).items():
            print(f"{name}: {int(waiting):,} waiting: p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms")
        if name in report:
            print(f"{name}: slower by {report[name]['slower']}")
    print(targets_text(report["targets"], report["met"]))
