"""A small shop with a morning of calls, written through the journal as the real thing does; all people are invented."""

from __future__ import annotations

import hashlib
import uuid
import wave
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases.attempts import begin_attempt
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.cases.kinds import SeatState
from voiceagent.cases.seats import seat_changed
from voiceagent.debt.case import Case, Debt
from voiceagent.journal import catalogue as said
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref
from voiceagent.storage.database import Database
from voiceagent.web.audit import Audit
from voiceagent.web.context import Context

START = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2026, 11, 18)
RATE = 8000

PEOPLE = (
    ("Marina Alves Teixeira", "+5511987650001"),
    ("Rui Barbosa Nunes", "+5511987650002"),
    ("Celina Prado", "+5511987650003"),
    ("Otávio Lima Duarte", "+5521987650004"),
    ("Joana Ferraz", "+5531987650005"),
    ("Téo Siqueira Campos", "+5541987650006"),
    ("Lia Moura", "+5551987650007"),
    ("Abel Rocha Pinto", "+5561987650008"),
)

#: speaker, state, text, from, to (seconds), and what was understood of the debtor.
Line = tuple[str, str, str | None, float, float, dict[str, Any]]

PROMISE_TALK: tuple[Line, ...] = (
    ("agent", "greet", "Olá! Aqui é a Clara, assistente virtual. Esta ligação é gravada. Falo com {name}?",
     0.4, 5.2, {}),
    ("debtor", "greet", "sim sou eu mesma", 5.9, 7.1,
     {"intent": "confirm_self", "confidence": 0.94, "latency_s": 0.62}),
    ("agent", "identity", "Por segurança, me diga o dia e o mês do seu nascimento.", 7.72, 10.9, {}),
    ("debtor", "identity", None, 11.6, 13.4, {"confidence": 0.88, "latency_s": 0.71, "sensitive": True}),
    ("agent", "offer", "Obrigada, {first}. São mil e duzentos reais; à vista sai por mil e oitenta. Fica bom?",
     14.11, 21.3, {}),
    ("debtor", "offer", "à vista não dá, consigo parcelar em três vezes", 21.9, 24.8,
     {"intent": "counter_offer", "confidence": 0.81, "slots": {"instalments": 3}, "latency_s": 0.83}),
    ("agent", "best_day", "Consigo em três parcelas de quatrocentos reais. Qual o melhor dia para a primeira?",
     25.63, 30.4, {}),
    ("debtor", "best_day", "dia quinze de dezembro", 31.2, 32.9,
     {"confidence": 0.9, "slots": {"date": "2026-12-15"}, "latency_s": 1.74}),
    ("agent", "read_back", "Três parcelas de quatrocentos reais, a primeira em quinze de dezembro. Posso confirmar?",
     34.64, 41.0, {}),
    ("debtor", "read_back", "pode confirmar", 41.6, 42.7, {"intent": "yes", "confidence": 0.97, "latency_s": 0.58}),
    ("agent", "close", "Combinado! Você recebe o código de pagamento por mensagem. Obrigada, até logo!",
     43.28, 47.9, {}),
)  # fmt: skip
WRONG_TALK: tuple[Line, ...] = (
    ("agent", "greet", "Olá! Aqui é a Clara, assistente virtual. Esta ligação é gravada. Falo com {name}?",
     0.5, 5.3, {}),
    ("debtor", "greet", "não, aqui não tem ninguém com esse nome", 5.8, 7.9,
     {"intent": "wrong_person", "confidence": 0.86, "latency_s": 0.66}),
    ("agent", "wrong", "Desculpe o engano. Vou retirar este número agora. Tenha um bom dia!", 8.56, 12.4, {}),
)  # fmt: skip


@dataclass(slots=True)
class Shop:
    """An installation in a directory of its own, with a clock that stands still."""

    directory: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    url: str = ""
    """Of a database; empty: a SQLite file in the directory."""
    db: Database = field(init=False)
    journal: Journal = field(init=False)
    taken: list[Taken] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.db = Database(self.url or f"sqlite:///{self.directory / 'shop.db'}")
        self.db.upgrade()
        self.journal = Journal(self.db, self.clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        self.taken = import_cases(self.journal, [_case(n) for n in range(len(PEOPLE))], source="test")

    @property
    def context(self) -> Context:
        """As the application wants it."""
        return Context(self.db, self.journal, self.clock, self.directory, ZONE, Audit(self.journal))

    def tell(self, call: uuid.UUID, *payloads: said.Said) -> None:
        """Record events of a call now."""
        self.journal.record([NewEvent("call", call, payload, "agent") for payload in payloads])

    def seat(self, name: str, state: SeatState, call: uuid.UUID | None = None) -> None:
        """Put a seat's state on the board."""
        self.journal.record([seat_changed(name, "worker-1", state, attempt_id=call)])

    def dial(self, person: int, seat: str = "pa-1") -> uuid.UUID:
        """A call allowed, committed and ringing."""
        kept, now = self.taken[person], self.clock.now()
        inputs = private_ref("compliance", {"number": PEOPLE[person][1]}, now)
        decision = said.ComplianceDecided(
            uuid7(now), True, ("BR-08",), "BR 2026-01", inputs, hashlib.sha256(inputs.body.encode()).hexdigest(),
            case_id=kept.case_id, person_id=kept.person_id,
        )  # fmt: skip
        local = now.astimezone(ZONE)
        attempted = said.CallAttempted(
            kept.case_id, kept.person_id, kept.phone_ids[0], "rehearsal", decision_id=decision.decision_id, seat=seat,
            worker="worker-1", language="pt-BR", zone=ZONE.key, local_date=local.date(), local_hour=local.hour,
            script_sha256="5c" * 32, policy_sha256="a1" * 32,
        )  # fmt: skip
        call = begin_attempt(self.journal, attempted, decision=decision)
        self.clock.advance(1)
        self.tell(call, said.CallRinging())
        return call

    def answer(self, call: uuid.UUID, ring_s: float = 6.0) -> None:
        """The far side picks up."""
        self.clock.advance(ring_s)
        self.tell(call, said.CallAnswered())
        self.tell(call, said.CallFirstAudio(0.4))

    def talk(self, call: uuid.UUID, person: int, lines: tuple[Line, ...]) -> None:
        """Say the lines; the clock moves on by their length."""
        name = PEOPLE[person][0]
        numbers = {"agent": 0, "debtor": 0}
        for speaker, state, text, start, end, more in lines:
            numbers[speaker] += 1
            words = text and private_ref("utterance", text.format(name=name, first=name.split()[0]), self.clock.now())
            if speaker == "agent":
                turn: said.Said = said.AgentTurnPlayed(
                    numbers[speaker], state, state, 0, words or None, start, end - start, end - start
                )
            else:
                turn = said.DebtorTurnHeard(
                    numbers[speaker], state, words or None, more.get("confidence", 0.0), more.get("intent"),
                    more.get("slots", {}), more.get("latency_s"), "vosk", more.get("result", "ok"),
                    more.get("sensitive", False), start, end,
                )  # fmt: skip
            self.tell(call, turn)
        self.clock.advance(lines[-1][4])

    def record(self, call: uuid.UUID, lines: tuple[Line, ...], marks: tuple[tuple[float, float], ...] = ()) -> None:
        """A stereo file with a tone wherever somebody speaks: agent left, debtor right."""
        seconds = lines[-1][4] + 0.6
        sound = np.zeros((int(seconds * RATE), 2), dtype=np.int16)
        for speaker, _, _, start, end, _ in lines:
            at = np.arange(int(start * RATE), int(end * RATE))
            swell = 0.35 + 0.65 * np.abs(np.sin(at / RATE * 5.1)) * np.abs(np.sin(at / RATE * 1.7))
            pitch = 210 if speaker == "agent" else 130
            sound[at, 0 if speaker == "agent" else 1] = 9000 * swell * np.sin(2 * np.pi * pitch * at / RATE)
        path = self.directory / f"{call}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(sound.tobytes())
        recording, body = uuid7(self.clock.now()), path.read_bytes()
        self.tell(
            call,
            said.RecordingOpened(recording, path.name),
            said.RecordingClosed(recording, seconds, len(body), hashlib.sha256(body).hexdigest(), marks),
        )

    def promise(self, call: uuid.UUID, person: int) -> None:
        """Three instalments of 400.00, confirmed by the debtor's fifth turn."""
        kept, now = self.taken[person], self.clock.now()
        parts = tuple(
            said.PromisedInstalment(uuid7(now), n, due, 40_000)
            for n, due in enumerate((date(2026, 12, 15), date(2027, 1, 15), date(2027, 2, 15)), 1)
        )
        self.tell(
            call, said.PromiseMade(uuid7(now), kept.case_id, 120_000, 15_000, "BRL", parts, kept.debt_ids, 5, 41.6)
        )

    def end(self, call: uuid.UUID, disposition: str, talk_s: float = 0.0, **verdict: Any) -> None:
        """Line down and verdict."""
        self.tell(call, said.CallHungUp("near" if talk_s else "failure", 200 if talk_s else 480))
        self.clock.advance(2)
        self.tell(call, said.CallEnded(disposition, ring_s=6.0, talk_s=talk_s, wrap_s=2.0, **verdict))

    def promised_call(self, person: int = 0, seat: str = "pa-1") -> uuid.UUID:
        """A call that ended with a promise, with its recording."""
        call = self.dial(person, seat)
        self.answer(call)
        self.talk(call, person, PROMISE_TALK)
        self.tell(call, said.IdentityVerified("birth_day_month"))
        self.promise(call, person)
        self.record(call, PROMISE_TALK, ((11.6, 13.4),))
        self.end(call, "PTP", 47.9, human=True, right_party=True)
        return call

    def wrong_call(self, person: int, seat: str = "pa-2") -> uuid.UUID:
        """A call to somebody else's number."""
        call = self.dial(person, seat)
        self.answer(call)
        self.talk(call, person, WRONG_TALK)
        self.tell(call, said.NumberMarked(self.taken[person].phone_ids[0], "wrong"))
        self.record(call, WRONG_TALK)
        self.end(call, "WN", 12.4, human=True)
        return call

    def unanswered_call(self, person: int, disposition: str = "NA", seat: str = "pa-3") -> uuid.UUID:
        """Nobody, or a busy line."""
        call = self.dial(person, seat)
        self.clock.advance(25)
        self.end(call, disposition)
        return call

    def morning(self) -> uuid.UUID:
        """Eight calls, one of them still running, and four seats; returns the call with the first promise."""
        first = self.promised_call(0)
        self.wrong_call(1)
        self.unanswered_call(2)
        self.unanswered_call(3, "BUSY", "pa-2")
        self.clock.advance(70)
        self.promised_call(4, "pa-2")
        machine = self.dial(5, "pa-3")
        self.answer(machine)
        self.clock.advance(4)
        self.end(machine, "VM", 4.2, machine=True)
        silent = self.dial(6, "pa-1")
        self.answer(silent)
        self.clock.advance(14)
        self.end(silent, "SIL", 14.0)
        self.seat("pa-2", SeatState.IDLE)
        self.seat("pa-3", SeatState.WRAPUP)
        self.seat("pa-4", SeatState.OFFLINE)
        live = self.dial(7, "pa-1")
        self.answer(live)
        self.seat("pa-1", SeatState.TALKING, live)
        self.clock.advance(9)
        return first


def _case(n: int) -> Case:
    name, number = PEOPLE[n]
    debt = Debt(
        f"C-{n:04d}", "Loja Aurora", "crediário", Money(90_000), Money(45_000), (START - timedelta(days=90)).date()
    )
    return Case(name, f"{n:011d}", Language.PT_BR, "BR", (debt,), date(1984, 5, 2), (number,), state="SP")
