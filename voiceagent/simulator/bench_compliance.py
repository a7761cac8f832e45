"""Measures `decide()`: how fast it answers with a long history, and whether decisions replay from what was stored."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from voiceagent.compliance import (
    CaseFacts,
    Channel,
    Consent,
    Contact,
    ContactKind,
    Decision,
    Purpose,
    Request,
    RuleBook,
    decide,
)
from voiceagent.compliance.engine import STOPS
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.told_to_end import none_left

#: Everywhere with rules, both sides of several borders, and three places without.
NUMBERS = (
    "+5511987654321", "+5521987654321", "+5527987654321", "+5592987654321", "+5597987654321", "+5568987654321",
    "+5581987654321", "+558001234567", "+12125550123", "+13055550123", "+18505550123", "+18085550123", "+18005550123",
    "+17875550123", "+525512345678", "+526641234567", "+526561234567", "+573001234567", "+56221234567", "+56612123456",
    "+51987654321", "+593987654321", "+34612345678", "+447911123456", "11987654321",
)  # fmt: skip
_PLACES = (
    *[(None, None)] * 20, ("BR", "SP"), ("BR", "RJ"), ("BR", "AM"), ("BR", None), ("US", "CA"),
    ("US", "FL"), ("MX", "CHH"), ("CO", None), ("CL", "MA"), ("PE", None), ("ES", "MD"),
)  # fmt: skip
_START = datetime(2024, 6, 1, tzinfo=UTC)
_SPAN_S = int(timedelta(days=1100).total_seconds())
_CHUNK = 5000


def random_request(rng: random.Random, *, history: int | None = None) -> Request:
    """Any contact that somebody could ask about; `history` contacts, or up to a dozen."""
    at = _START + timedelta(seconds=rng.randrange(_SPAN_S))
    if rng.random() < 0.7:
        # Where most of these places are at work; otherwise nearly everything would be denied by the hour.
        at = at.replace(hour=rng.randrange(12, 23))

    def near(before: float, after: float) -> datetime:
        return at + timedelta(seconds=rng.randrange(int(-before * 86400), int(after * 86400) + 1))

    def maybe(value: Any, chance: float) -> Any:
        return value if rng.random() < chance else None

    country, state = rng.choice(_PLACES)
    due: date | None = maybe(near(3, 8).date(), 0.15)
    case = CaseFacts(
        stage=rng.choices(("amicable", "preventive", "pre_legal", "dispute", "odd"), (80, 8, 5, 5, 2))[0],
        days_overdue=rng.choice((None, -4, 0, 45, 1820, 1825, 1826)),
        stops=(rng.choice((*STOPS, "odd")),) if rng.random() < 0.08 else (),
        open_promise_due=due,
        cooloff_until=maybe(near(4, 10), 0.2),
        debtor_asked_for=maybe(near(4, 4), 0.2),
    )
    contacts = tuple(
        Contact(
            near(16, 0),
            rng.choice((Channel.VOICE, Channel.VOICE, Channel.SMS, Channel.EMAIL)),
            rng.choice(tuple(ContactKind)),
            rng.choice(NUMBERS),
            rng.choice(("D1", "D2", None)),
            rng.choice(("NA", "BUSY", "PTP", None)),
        )
        for _ in range(rng.choice((0, 0, 1, 2, 4, 12)) if history is None else history)
    )
    proof = tuple(Consent(channel, near(90, 1), rng.choice(("contract", ""))) for channel in Channel)
    return Request(
        at=at,
        channel=rng.choice((Channel.VOICE, Channel.VOICE, Channel.VOICE, Channel.SMS, Channel.EMAIL)),
        purpose=rng.choice(tuple(Purpose)),
        number=rng.choice(NUMBERS if rng.random() < 0.4 else NUMBERS[:4]),
        country=country,
        state=state,
        declared=rng.choice((*[()] * 8, ("BR-RJ",), ("CO",))),
        debt=rng.choice(("D1", None)),
        case=case,
        sarb_signatory=rng.choice((None, True, False)),
        consent=maybe(proof, 0.7),
        history=contacts,
        guard_s=rng.choice((0.0, 240.0)),
    )


def stored(request: Request, decision: Decision) -> str:
    """What a decision leaves behind, as text."""
    return json.dumps({"inputs": request.to_json(), "decision": _told(decision)})


def replays(text: str, rules: RuleBook) -> bool:
    """Whether `rules` decide the stored inputs exactly as they did then."""
    kept = json.loads(text)
    return bool(_told(decide(Request.from_json(kept["inputs"]), rules)) == kept["decision"])


def _told(decision: Decision) -> dict[str, Any]:
    end = decision.must_end_by
    return decision.to_json() | {
        "inputs_hash": decision.inputs_hash,
        "rule_version": decision.rule_version,
        "must_end_by": end and end.isoformat(),
        "detail": decision.detail,
    }


def replay_chunk(body: str, seed: int, count: int) -> tuple[int, Counter[str]]:
    """(how many of `count` random decisions differ when replayed, how often each rule spoke first)."""
    first, again = RuleBook.from_body(body), RuleBook.from_body(body)
    rng = random.Random(seed)
    differ, spoke = 0, Counter[str]()
    for _ in range(count):
        request = random_request(rng)
        decision = decide(request, first)
        differ += not replays(stored(request, decision), again)
        spoke[decision.rules[0] if decision.rules else "allowed"] += 1
    return differ, spoke


def measure(
    rules: RuleBook, *, decisions: int, timed: int, processes: int, seed: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Times `timed` decisions with a history of 50, replays `decisions` random ones on `processes` processes."""
    speed = {name: _speed(rules, timed, seed, lawful=lawful) for name, lawful in (("usual", True), ("any", False))}
    say(f"decide with 50 contacts: median {speed['usual']['p50_us']:.0f} us")
    began, differ, spoke, done = time.perf_counter(), 0, Counter[str](), 0
    with ProcessPoolExecutor(processes) as pool, none_left():
        sizes = list(_sizes(decisions))
        bodies, seeds = [rules.body] * len(sizes), [seed * 1_000_003 + n for n in range(len(sizes))]
        for size, (bad, rules_heard) in zip(sizes, pool.map(replay_chunk, bodies, seeds, sizes), strict=True):
            differ, done = differ + bad, done + size
            spoke += rules_heard
            if done % 100_000 < size:
                say(f"{done:,} of {decisions:,} replayed, {differ} differ")
    return {
        "machine": machine(),
        "seed": seed,
        "rule_version": rules.version,
        "decide": speed,
        "replay": {
            "n": decisions,
            "differ": differ,
            "seconds": round(time.perf_counter() - began, 1),
            "first_rule": dict(spoke.most_common()),
        },
        "met": {"decide_p50_le_200_us": speed["usual"]["p50_us"] <= 200, "replay": differ == 0},
    }


def _speed(rules: RuleBook, timed: int, seed: int, *, lawful: bool) -> dict[str, Any]:
    rng = random.Random(seed)
    requests = [random_request(rng, history=50) for _ in range(timed)]
    if lawful:
        # What a dialer asks all day: one person in one place, most of them may be called, so every rule is weighed.
        quiet = CaseFacts(days_overdue=45)
        weeks = timedelta(days=30)
        requests = [
            replace(
                request,
                number="+5511987654321",
                country=None,
                state=None,
                declared=(),
                channel=Channel.VOICE,
                purpose=Purpose.COLLECTION,
                case=quiet,
                at=_noon(request.at),
                guard_s=240.0,
                history=tuple(replace(contact, at=contact.at - weeks) for contact in request.history),
            )
            for request in requests
        ]
    for request in requests[:200]:
        decide(request, rules)
    spent, cpu, allowed = [], [], 0
    for request in requests:
        began, worked = time.perf_counter_ns(), time.thread_time_ns()
        decision = decide(request, rules)
        cpu.append((time.thread_time_ns() - worked) / 1000)
        spent.append((time.perf_counter_ns() - began) / 1000)
        allowed += decision.allow
    quantiles = statistics.quantiles(spent, n=100)
    return {
        "n": timed,
        "history": 50,
        "allowed": allowed,
        "p50_us": round(statistics.median(spent), 1),
        "p95_us": round(quantiles[94], 1),
        "p99_us": round(quantiles[98], 1),
        "cpu_p50_us": round(statistics.median(cpu), 1),
    }


def _noon(at: datetime) -> datetime:
    """A Wednesday's noon in Sao Paulo near `at`."""
    return (at + timedelta(days=(2 - at.weekday()) % 7)).replace(hour=15, minute=0, second=0)


def _sizes(total: int) -> Iterator[int]:
    while total > 0:
        yield min(_CHUNK, total)
        total -= _CHUNK
