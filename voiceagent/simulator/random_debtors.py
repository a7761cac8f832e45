"""Random walks: debtors who mean anything at any time, and what no conversation may do whatever they mean."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, DECIMALS, Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.case import Case, Debt
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import TRIES_PER_DAY
from voiceagent.debt.negotiation import negotiate
from voiceagent.debt.offer import Ask
from voiceagent.debt.policy import Policy
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Effect,
    Expect,
    FarHungUp,
    Hangup,
    Heard,
    IdentityFailed,
    Keyed,
    NoInput,
    Promise,
    RightPartyVerified,
    Say,
    SpeechLost,
    Understanding,
)
from voiceagent.dialogue.law import SpokenLaw
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import INTENTS, Script
from voiceagent.dialogue.state import Briefing
from voiceagent.simulator.scenario import forbidden_words

START = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
_BORN = date(1985, 3, 15)
#: Days from today that a debtor may name: mostly near, sometimes a year of birth or nonsense.
_DAYS: tuple[Callable[[random.Random], int], ...] = (
    *(lambda chance: chance.randint(-40, 80),) * 9,
    lambda chance: chance.choice((-25_000, -400, 400, 40_000)),
)


@dataclass(slots=True)
class Walk:
    """One random conversation: everything the agent did, and what of it may never be."""

    effects: list[Effect] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    verified: bool = False
    promised: bool = False
    ending: Disposition | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """Random debtors of one script: each seed is one conversation, the same on every machine."""

    script: Script
    policy: Policy
    laws: tuple[SpokenLaw, ...]
    business: BusinessCalendar

    def walk(self, seed: int) -> Walk:
        """Talk until the conversation ends, or has gone on for longer than any may."""
        chance = random.Random(seed)
        briefing = self._briefing(chance)
        machine = Machine(self.script, briefing)
        walk = Walk()
        willing = chance.choice((0.1, 0.5, 0.9))
        state, effects = machine.step(machine.start(chance.choice(list(Entry))), CallAnswered())
        walk.effects.extend(effects)
        for _ in range(self.script.limits.turns + 60):
            if state.ended is not None:
                break
            expect = machine.expectation(state)
            helpful = chance.random() < willing
            event = _helpful(chance, expect, briefing.case) if helpful else _event(chance, expect, briefing.case)
            state, effects = machine.step(state, event)
            walk.effects.extend(effects)
        walk.ending = state.ended
        _judge(walk, self.script, briefing)
        return walk

    def machine(self, seed: int) -> Machine:
        """The machine of a conversation, for whoever wants to say something else."""
        return Machine(self.script, self._briefing(random.Random(seed)))

    def _briefing(self, chance: random.Random) -> Briefing:
        currency = self.policy.currency
        unit = 10 ** DECIMALS[currency] * {"COP": 1000, "CLP": 500}.get(currency, 1)
        due = START.date() - timedelta(days=chance.choice((-20, 30, 250, 700)))
        charges = chance.choice((0, 300, 417))
        debt = Debt("00987654", "Loja Aurora", "", Money(chance.randint(90, 2000) * unit, currency),
                    Money(charges * unit, currency), due)  # fmt: skip
        case = Case(
            "Marina Souza", chance.choice(("12345678909", "12345678909", "")), Language(self.script.language),
            next(region for region, money in CURRENCY_OF_REGION.items() if money == currency), (debt,),
            chance.choice((_BORN, _BORN, None)),
        )  # fmt: skip
        briefing = Briefing(
            case, self.policy, START, self.business, "Atende Mais", "2611180001", return_number="1140028922",
            address="Avenida Central 100", law=chance.choice(self.laws), first_contact=chance.random() < 0.5,
            identity_tries_left=chance.choice((TRIES_PER_DAY, TRIES_PER_DAY, 1, 0)),
        )  # fmt: skip
        if chance.random() < 0.3:
            ask = Ask(instalments=chance.randint(1, 5))
            offer = negotiate(self.policy, case.debts, ask, today=briefing.today, business=self.business)
            briefing = replace(briefing, open_offer=offer)
        return briefing


def _words(chance: random.Random, expect: Expect, case: Case) -> Understanding:
    """Something a debtor may have meant: what was asked for, more often than not."""
    slots: dict[str, object] = {}
    for slot, often in (("date", 0.25), ("amount", 0.1), ("instalments", 0.15), ("time", 0.1), ("down_payment", 0.05)):
        if chance.random() < often + (0.4 if slot in expect.kinds else 0):
            slots[slot] = {
                "date": (START.date() + timedelta(days=chance.choice(_DAYS)(chance))).isoformat(),
                "amount": f"{chance.randint(1, 2000)}.{chance.randint(0, 99):02d}",
                "instalments": chance.randint(1, 14),
                "time": f"{chance.randint(0, 23):02d}:{chance.choice((0, 15, 30)):02d}",
                "down_payment": f"{chance.randint(1, 900)}.00",
            }[slot]
    if expect.sensitive and chance.random() < 0.8:
        document = case.document or "000"
        digits = chance.choice((document[:3], document[-4:], document[:3], document[-4:], "000"))
        slots = {"date": chance.choice(("2027-03-15", "2027-03-15", "2027-05-02")), "digits": digits}
    if chance.random() < 0.05:
        slots["share"] = chance.choice((0.5, 1.0))
    if "yes_no" in expect.kinds and chance.random() < 0.4:
        slots["yes_no"] = chance.random() < 0.6
    likely = [name for name in expect.among if name not in ("voicemail", "cease", "wrong_person", "busy_callback")]
    intent = chance.choice([None, None, *likely[:6], chance.choice(sorted(INTENTS))])
    if expect.sensitive and chance.random() < 0.7:
        intent = None
    return Understanding(intent, 0.9, slots, (), chance.random() < 0.05, "palavras")


def _helpful(chance: random.Random, expect: Expect, case: Case) -> DialogueEvent:
    """What somebody says who wants to come to an agreement."""
    if expect.sensitive:
        digits = case.document[: expect.keys] if case.language is Language.PT_BR else case.document[-expect.keys :]
        born = {} if "digits" in expect.kinds else {"date": "2027-03-15"}
        return Heard(Understanding(None, 0.95, born or {"digits": digits}))
    if expect.kinds[:1] == ("date",) or ("date" in expect.kinds and chance.random() < 0.2):
        day = START.date() + timedelta(days=chance.randint(1, 30))
        return Heard(Understanding(None, 0.95, {"date": day.isoformat()}))
    if "instalments" in expect.kinds and chance.random() < 0.3:
        return Heard(Understanding("counter_offer", 0.9, {"instalments": chance.randint(2, 6)}))
    yes = next((name for name in ("confirm_self", "accept", "yes") if name in expect.among[:6]), "yes")
    return Heard(Understanding(yes, 0.95, {"yes_no": True}, text="sim"))


def _event(chance: random.Random, expect: Expect, case: Case) -> DialogueEvent:
    drawn = chance.random()
    if drawn < 0.06:
        return NoInput()
    if drawn < 0.14:
        return Keyed("".join(chance.choice("0123456789*#") for _ in range(expect.keys)))
    if drawn < 0.15:
        return SpeechLost()
    if drawn < 0.16:
        return FarHungUp()
    return Heard(_words(chance, expect, case))


def _judge(walk: Walk, script: Script, briefing: Briefing) -> None:
    forbidden = forbidden_words(briefing.case)
    read_back = False
    tries = 0
    for index, effect in enumerate(walk.effects):
        match effect:
            case RightPartyVerified():
                walk.verified = True
            case IdentityFailed():
                tries += 1
            case Say():
                said = effect.text.casefold()
                if not walk.verified and (effect.discloses or any(text in said for text in forbidden)):
                    walk.faults.append(f"{effect.prompt} spoke of the debt to somebody unproved")
                if script.prompts[effect.prompt].asks_reason and not briefing.law.may_ask_reason:
                    walk.faults.append(f"{effect.prompt} asked for the reason in {briefing.law.place}")
                read_back = read_back or script.prompts[effect.prompt].reads_back
            case Promise():
                walk.promised = True
                if not (walk.verified and read_back):
                    walk.faults.append("a promise without identity or read-back")
            case Hangup():
                if index != len(walk.effects) - 1:
                    walk.faults.append("the call went on after its end")
    if tries > briefing.identity_tries_left and briefing.identity_tries_left:
        walk.faults.append(f"{tries} wrong answers where {briefing.identity_tries_left} were left")
    if walk.ending is None:
        walk.faults.append("the conversation did not end")
    elif (walk.ending is Disposition.PTP) is not walk.promised:
        walk.faults.append(f"ended {walk.ending} with{'' if walk.promised else 'out'} a promise")
