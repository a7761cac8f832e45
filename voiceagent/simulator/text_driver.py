"""The text driver: a conversation without sound, for scenarios and for `chat`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.negotiation import negotiate
from voiceagent.debt.offer import Offer
from voiceagent.dialogue.delivery import first_mobile
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Effect,
    FarHungUp,
    Heard,
    Keyed,
    MachineAnswered,
    NoInput,
    SpeechLost,
    Understanding,
)
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.state import Briefing, ConversationState
from voiceagent.dialogue.understanding import understand
from voiceagent.settings.dialplans import load_policy, load_script, policy_path, script_path
from voiceagent.settings.paths import Paths
from voiceagent.settings.spokenlaw import law_of
from voiceagent.simulator.scenario import Answer, Loaded, Scenario, Step, judge


@dataclass(slots=True)
class TextCall:
    """One call as text: give it what the debtor does, take what the agent does."""

    machine: Machine
    entry: Entry = Entry.OUTBOUND
    state: ConversationState = field(init=False)
    understood: Understanding | None = field(init=False, default=None)
    """How the last words were taken."""

    def __post_init__(self) -> None:
        self.state = self.machine.start(self.entry)

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.state.ended is not None

    def answer(self) -> tuple[Effect, ...]:
        """The call is answered: the greeting."""
        return self._step(CallAnswered())

    def machine_answers(self, disposition: Disposition, *, mailbox: bool) -> tuple[Effect, ...]:
        """A machine has answered, and the call will be filed as that; `mailbox`: it records."""
        return self._step(MachineAnswered(disposition, mailbox=mailbox))

    def say(self, words: str) -> tuple[Effect, ...]:
        """The debtor says something."""
        expect = self.machine.expectation(self.state)
        briefing = self.machine.briefing
        meant = understand(
            words,
            language=self.machine.script.language,
            region=briefing.case.region,
            expect=expect.kinds,
            among=expect.among,
            today=briefing.today,
            now=briefing.started,
        )
        self.understood = self.machine.cued(self.state, meant)
        return self._step(Heard(self.understood))

    def key(self, digits: str) -> tuple[Effect, ...]:
        """The debtor presses keys."""
        return self._step(Keyed(digits))

    def silence(self) -> tuple[Effect, ...]:
        """The debtor says nothing for as long as the state waits."""
        return self._step(NoInput())

    def hang_up(self) -> tuple[Effect, ...]:
        """The debtor hangs up."""
        return self._step(FarHungUp())

    def lose_speech(self) -> tuple[Effect, ...]:
        """The speech process dies."""
        return self._step(SpeechLost())

    def _step(self, event: DialogueEvent) -> tuple[Effect, ...]:
        self.state, effects = self.machine.step(self.state, event)
        return effects


def machine_for(loaded: Loaded, paths: Paths | None = None) -> Machine:
    """The machine of a scenario: its script, policy and case at its instant."""
    scenario = loaded.scenario
    machine = machine_of(loaded.case, scenario.at, script=scenario.script, policy=scenario.policy, paths=paths)
    briefing = replace(
        machine.briefing,
        first_contact=scenario.first_contact,
        identity_tries_left=scenario.identity_tries_left,
        open_offer=_left_open(scenario, machine.briefing),
    )
    return replace(machine, briefing=briefing)


def _left_open(scenario: Scenario, briefing: Briefing) -> Offer | None:
    if scenario.open_offer is None:
        return None
    ask = scenario.open_offer.ask(briefing.policy.currency, scenario.scenario)
    return negotiate(briefing.policy, briefing.case.debts, ask, today=briefing.today, business=briefing.business)


def machine_of(
    case: Case,
    at: datetime,
    *,
    script: str = "negotiation",
    policy: str | None = None,
    paths: Paths | None = None,
) -> Machine:
    """The machine of a call to `case` that begins at `at`; `policy`: default the demonstration policy of its region."""
    dialplans = (paths or Paths.from_environment()).dialplans
    briefing = Briefing(
        case=case,
        policy=_policy(policy_path(dialplans, policy or f"demo-{case.region.lower()}")),
        started=at,
        business=BusinessCalendar(case.region, case.state),
        company="Atende Mais",
        protocol="2611180001",
        return_number=RETURN_NUMBERS.get(case.region, ""),
        address="Avenida Central 100",
        law=law_of(dialplans, case.language, case.region, case.state, at.date()),
        text_number=first_mobile(case.phones, case.region),
    )
    return Machine(_script(script_path(dialplans, script, case.language)), briefing)


#: Numbers at which the caller of a scenario can be called back, by region.
RETURN_NUMBERS = {"BR": "1140028922", "MX": "5555500100"}

#: Files are read once: hundreds of calls are played from the same ones.
_script = lru_cache(load_script)
_policy = lru_cache(load_policy)


def run_scenario(loaded: Loaded, paths: Paths | None = None) -> list[str]:
    """Run a scenario as text; everything that is not as it wants."""
    machine = machine_for(loaded, paths)
    return judge(loaded, machine.script, play(loaded, machine))


def play(loaded: Loaded, machine: Machine) -> list[Answer]:
    """The agent's answers to the steps, up to the end of the call."""
    call = TextCall(machine, loaded.scenario.entry)
    answers: list[Answer] = []
    for step in loaded.scenario.steps:
        if call.over:
            break
        effects = _act(call, step) if answers else call.answer()
        answers.append(Answer(call.state.node, list(effects), call.state.verified))
    return answers


def _act(call: TextCall, step: Step) -> tuple[Effect, ...]:
    if step.say is not None:
        return call.say(step.say)
    if step.key is not None:
        return call.key(step.key)
    if step.silence:
        return call.silence()
    if step.hangup:
        return call.hang_up()
    return call.lose_speech() if step.speech_lost else ()
