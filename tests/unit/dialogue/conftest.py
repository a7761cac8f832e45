"""Shared parts of the dialogue tests: a briefing and a way to talk to the machine with understandings made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.case import Case, Debt
from voiceagent.dialogue.events import CallAnswered, DialogueEvent, Effect, Heard, Say, Understanding
from voiceagent.dialogue.law import STRICTEST, Hours
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.state import Briefing, ConversationState
from voiceagent.settings.dialplans import load_policy, load_script

DIALPLANS = Path(__file__).resolve().parents[3] / "dialplans"
SAO_PAULO_HOURS: Hours = (*[(8 * 60, 20 * 60)] * 5, (8 * 60, 14 * 60), None)


def make_case(**changes: object) -> Case:
    """An invented debtor: born on 15 March, document beginning 123, owing 900 plus 300 of charges."""
    values: dict[str, object] = {
        "name": "Marina Souza",
        "document": "123.456.789-09",
        "language": Language.PT_BR,
        "region": "BR",
        "debts": (Debt("00987654", "Loja Aurora", "cartão", Money(90000), Money(30000), date(2026, 3, 10)),),
        "birth_date": date(1985, 3, 15),
        "phones": ("+5511987650001",),
        "state": "SP",
    }
    return Case(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def script() -> Script:
    return load_script(DIALPLANS / "negotiation" / "pt-BR.yaml")


@pytest.fixture
def briefing() -> Briefing:
    return make_briefing(make_case())


def make_briefing(case: Case) -> Briefing:
    return Briefing(
        case=case,
        policy=load_policy(DIALPLANS / "policies" / "demo-br.yaml"),
        started=datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("America/Sao_Paulo")),
        business=BusinessCalendar("BR", "SP"),
        company="Atende Mais",
        protocol="20261118001",
        return_number="1140028922",
        text_number="+5511987650001",
        law=replace(STRICTEST, hours=SAO_PAULO_HOURS),
    )


@dataclass
class Talk:
    """One conversation driven event by event; keeps everything that was said."""

    machine: Machine
    state: ConversationState
    effects: tuple[Effect, ...] = ()
    history: list[Effect] = field(default_factory=list)

    def event(self, event: DialogueEvent) -> tuple[Effect, ...]:
        self.state, self.effects = self.machine.step(self.state, event)
        self.history.extend(self.effects)
        return self.effects

    def hear(self, intent: str | None = None, text: str = "…", **slots: object) -> tuple[Effect, ...]:
        return self.event(Heard(Understanding(intent, 0.95, slots, text=text)))

    def prompts(self) -> list[str]:
        return [effect.prompt for effect in self.effects if isinstance(effect, Say)]

    def types(self) -> list[str]:
        return [type(effect).__name__ for effect in self.effects]

    def verify(self) -> None:
        self.hear("confirm_self")
        self.hear(date="2027-03-15")
        assert self.state.verified


@pytest.fixture
def begin(script: Script) -> Callable[..., Talk]:
    def start(briefing: Briefing | None = None, other: Script | None = None) -> Talk:
        machine = Machine(other or script, briefing or make_briefing(make_case()))
        talk = Talk(machine, machine.start())
        talk.event(CallAnswered())
        return talk

    return start
