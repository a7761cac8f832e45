"""The demo: draws debtors, rehearses, judges, and shows what happened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from voiceagent.base.errors import UsageError
from voiceagent.base.money import Money
from voiceagent.cases.calls import call_detail, calls
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.settings.dialplans import load_policy, policy_path
from voiceagent.settings.paths import Paths
from voiceagent.simulator import verdict
from voiceagent.simulator.direct import WiredRehearsal
from voiceagent.simulator.footprint import Footprints
from voiceagent.simulator.listening import let_slip
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import RehearsalSettings
from voiceagent.simulator.sample import SampleDebtor, draw, people_of
from voiceagent.simulator.telephones import batched, sample_phones
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.installed import WHISPER
from voiceagent.speech.longhand import LongHand
from voiceagent.worker.children import Child
from voiceagent.worker.lifeline import until_told

#: Telephones plugged in at a time: each takes a part of a process, and 200 debtors are not called at once.
TELEPHONES = 16
#: Engines that really hear and speak; a rehearsal on any other proves nothing.
REAL_RECOGNISERS = frozenset({"vosk", "whisper"})


class Demo:
    """One run of the demo: `calls` debtors, the `personas` (default: all) one after the other."""

    def __init__(
        self,
        *,
        calls: int,
        language: str,
        at: str | None,
        seed: int,
        seats: int,
        port: int | None,
        progress: Callable[[str], None],
        personas: Sequence[str] = (),
        asterisk: bool = True,
    ) -> None:
        self._house = Rehearsal if asterisk else WiredRehearsal
        people = people_of(language)
        self._zone = ZoneInfo(people.zone)
        self.at = instant(at, self._zone)
        self.seed, self._port, self._progress = seed, port, progress
        names = list(islice(cycle(personas), calls)) if personas else mix(language, calls, seed)
        self._debtors = draw([Persona.load(name, language) for name in names], today=self.today, seed=seed)
        self._paths = Paths.from_environment()
        policy = f"demo-{people.region.lower()}"
        self._policy = load_policy(policy_path(self._paths.dialplans, policy))
        self._settings = RehearsalSettings(
            at=self.at,
            language=language,
            region=people.region,
            policy=policy,
            seats=min(seats, calls),
            console_port=port,
        )

    @property
    def today(self) -> date:
        """The debtors' day."""
        return self.at.astimezone(self._zone).date()

    async def run(self, show: Callable[[dict[str, Any]], None] | None) -> tuple[dict[str, Any], list[str]]:
        """Rehearse; the document and everything that went wrong. Keeps the console open until interrupted, if any."""
        self._progress(f"{len(self._debtors)} debtors, beginning at {self.at.isoformat()} (seed {self.seed})")
        home = self._paths.home / "demo"
        numbers = [debtor.number for debtor in self._debtors]
        async with self._house(self._settings, numbers, home, self._paths, self._progress) as rehearsal:
            if rehearsal.run.console:
                self._progress(f"console: {rehearsal.run.console}")
            rehearsal.run.engines = await _engines(rehearsal, self._settings.language)
            called = 0
            phones: list[Child] = []
            footprints = Footprints(lambda: rehearsal.parts(phones))
            sampling = asyncio.create_task(footprints.run(), name="footprints")
            for group in batched(self._debtors, TELEPHONES):
                plans = sample_phones(group, self._policy, self.today)
                self._progress("rendering what debtors will say")
                await rehearsal.render_words(plans[: self._settings.seats])
                rendering = asyncio.create_task(rehearsal.render_words(plans), name="words")
                phones[:] = await rehearsal.plug_in(plans)
                await asyncio.to_thread(self._enrol, rehearsal, group)
                called += len(group)
                await rehearsal.until_called(called)
                rendering.cancel()
                await asyncio.gather(rendering, *(process.stop() for process in phones), return_exceptions=True)
            sampling.cancel()
            document, problems = await asyncio.to_thread(self._judge, rehearsal)
            document["processes"] = footprints.report()
            document["channels_left"] = await rehearsal.channels_left()
            problems += footprints.leaks()
            if document["channels_left"]:
                problems.append(f"{document['channels_left']} channels are left in Asterisk")
            if show is not None:
                show(document)
            if rehearsal.run.console:
                self._progress(f"console: {rehearsal.run.console} (Ctrl-C ends it)")
                await until_told()
        return document, problems

    def _enrol(self, rehearsal: Rehearsal, group: Sequence[SampleDebtor]) -> None:
        if self._settings.region == "BR":
            rehearsal.enrol_list(group)
        else:
            rehearsal.enrol_cases([debtor.case for debtor in group])

    def _judge(self, rehearsal: Rehearsal) -> tuple[dict[str, Any], list[str]]:
        by_number = {debtor.number: debtor for debtor in self._debtors}
        with rehearsal.records.db.read() as connection:
            rows = list(reversed(calls(connection, limit=10_000)))
            details = [call_detail(connection, row["id"]) for row in rows]
        problems = rehearsal.differences(rows)
        documents, promises, latencies, right = [], [], [], 0
        for detail in details:
            debtor = by_number[detail["number"]]
            expected = verdict.expected_promise(debtor, self._policy, self.today)
            made = _promise_of(detail)
            report = rehearsal.run.reports.get(detail["number"], {})
            turns = verdict.turns_document(detail["turns"], report.get("said", ()))
            disposition = str(detail["disposition"])
            if len(detail["agreements"]) > 1:
                problems.append(f"call {detail['id']}: more than one agreement was recorded")
            if made is not None:
                promises.append(made)
                if made != expected:
                    problems.append(
                        f"call {detail['id']}: a promise was recorded that {debtor.persona.name} did not make"
                    )
            right += verdict.as_expected(debtor, disposition) and made == expected
            latencies += [turn["latency_s"] for turn in turns if turn["latency_s"] is not None and turn["heard"]]
            heard = [text for _, text in report.get("heard", ())]
            documents.append(self._call(detail, debtor, expected, made, turns, heard, rehearsal.recordings))
        slips = self._slips(rehearsal, details)
        problems += slips
        problems += self._too_few(right)
        problems += _unreal(rehearsal.run.engines)
        return {
            "summary": verdict.summary(rows, promises, latencies) | {"as_expected": right, "disclosed": len(slips)},
            "engines": rehearsal.run.engines,
            "at": self.at.isoformat(),
            "seed": self.seed,
            "problems": problems,
            "calls": documents,
        }, problems

    def _slips(self, rehearsal: Rehearsal, details: Sequence[dict[str, Any]]) -> list[str]:
        """What strangers were told of the debt, as a recogniser hears it in the recordings."""
        talked = [(detail, _recording(detail, rehearsal.recordings)) for detail in details if detail["t_answer"]]
        whisper = self._paths.models / WHISPER
        if all(debtor.persona.steps for debtor in self._debtors) or not whisper.is_dir():
            return []
        self._progress("listening to the recordings for what was said before identity was proved")
        scribe, people, found = LongHand(whisper), people_of(self._settings.language), []
        telling = (*people.telling, people.creditor, people.product)
        for detail, recording in talked:
            if recording is None:
                continue
            slip = let_slip(scribe, recording, self._settings.language, telling, _proved_after(detail))
            if slip:
                found.append(f"call {detail['id']}: a stranger was told of the debt: {slip}")
        return found

    def _too_few(self, right: int) -> list[str]:
        """One in six calls may go another way than planned (a misheard word ends in a callback), never a promise."""
        needed = len(self._debtors) - len(self._debtors) // 6
        if right >= needed:
            return []
        return [
            f"only {right} of {len(self._debtors)} calls ended as their persona should be brought to ({needed} needed)"
        ]

    def _call(
        self,
        detail: dict[str, Any],
        debtor: SampleDebtor,
        expected: verdict.ExpectedPromise | None,
        made: verdict.ExpectedPromise | None,
        turns: list[dict[str, Any]],
        debtor_heard: list[str],
        recordings: Path,
    ) -> dict[str, Any]:
        recording = _recording(detail, recordings)
        return {
            "id": str(detail["id"]),
            "persona": debtor.persona.name,
            "expected_disposition": debtor.persona.disposition,
            "disposition": str(detail["disposition"]),
            "promise_expected": expected.to_json() if expected else None,
            "promise": made.to_json() if made else None,
            "recording": str(recording) if recording is not None else None,
            "ring_s": round(detail["ring_s"], 2),
            "talk_s": round(detail["talk_s"], 2),
            "verified": bool(detail["right_party"]),
            "turns": turns,
            "debtor_heard": debtor_heard,
        }


def _recording(detail: dict[str, Any], recordings: Path) -> Path | None:
    path = detail["recordings"][0]["path"] if detail["recordings"] else None
    return recordings / path if path else None


def _proved_after(detail: dict[str, Any]) -> float | None:
    """Seconds from the answer until identity was proved; None when it never was."""
    proved = [row["at"] for row in detail["identity_tries"] if row["matched"]]
    return (min(proved) - detail["t_answer"]).total_seconds() if proved else None


def _promise_of(detail: dict[str, Any]) -> verdict.ExpectedPromise | None:
    if not detail["agreements"]:
        return None
    agreement = detail["agreements"][0]
    currency = agreement["currency"]
    parts = [Instalment(row["number"], row["due"], Money(row["amount_minor"], currency)) for row in detail["promises"]]
    return verdict.made_promise(parts, Money(agreement["total_minor"], currency))


async def _engines(rehearsal: Rehearsal, language: str) -> dict[str, str]:
    info = await SpeechClient(rehearsal.speech_socket).info()
    heard = [program.name for program in info.asr for model in program.models if language in model.languages]
    spoken = [program.name for program in info.tts]
    return {"asr": heard[0] if heard else "", "tts": spoken[0] if spoken else "", "sip": rehearsal.SIP}


def _unreal(engines: dict[str, str]) -> list[str]:
    problems = []
    if engines["asr"] not in REAL_RECOGNISERS:
        problems.append(f"speech was recognised by {engines['asr'] or 'nothing'}: run `voiceagent models install`")
    if engines["tts"] not in ("kokoro", "pyttsx3"):
        problems.append(f"prompts were spoken by {engines['tts'] or 'nothing'}: run `voiceagent models install`")
    return problems


def mix(language: str, calls: int, seed: int) -> list[str]:
    """Whom a demonstration calls: as many different personas as it can, the first two of the file always among them."""
    names = Persona.names(language)
    others = names[2:]
    chosen: list[str] = []
    chance = random.Random(seed)
    while len(chosen) < calls:
        chance.shuffle(others)
        chosen += [*names[:2], *others]
    return chosen[:calls]


def instant(text: str | None, zone: ZoneInfo) -> datetime:
    """What `--at` says; default next Wednesday 10:00 in the debtors' zone. UsageError when it is no instant."""
    if text is None:
        here = datetime.now(UTC).astimezone(zone)
        days = (2 - here.weekday()) % 7 or 7
        return (here + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at: not an instant: {text!r}; write it like 2026-11-25T10:00:00-03:00") from None
    if at.tzinfo is None:
        raise UsageError(f"--at: give an offset, for example {text}-03:00")
    return at


def table(document: dict[str, Any]) -> str:
    """The calls and the figures, for people."""
    lines = [f"{'persona':14} {'outcome':30} {'s':>5}  promise"]
    for call in document["calls"]:
        label = MEANING[Disposition(call["disposition"])].label
        mark = (
            ""
            if call["disposition"] == call["expected_disposition"]
            else f"  (expected {call['expected_disposition']})"
        )
        promise = call["promise"]
        said = f"{promise['amount']} in {promise['instalments']}, first {promise['first_due']}" if promise else ""
        lines.append(f"{call['persona']:14} {call['disposition'] + ' ' + label:30} {call['talk_s']:5.0f}  {said}{mark}")
    figures = document["summary"]
    lines += [
        "",
        f"calls {figures['calls']}  human {figures['human']}  CPC {figures['cpc']}  promises {figures['promises']} "
        f"({figures['promised']} {figures['currency']})",
        f"TMA {figures['tma_s']} s  TMO {figures['tmo_s']} s  answer to a turn: median {figures['turn_p50_s']} s, "
        f"p95 {figures['turn_p95_s']} s",
    ]
    return "\n".join(lines)
