"""Scenarios: one written conversation that the text, fake-audio and SIP drivers all run and are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import TRIES_PER_DAY
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import Effect, RightPartyVerified, Say
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.wire import effect_as_json
from voiceagent.language import say
from voiceagent.settings.asks import AskFile
from voiceagent.settings.dialplans import case_from
from voiceagent.settings.yamltext import build, read_yaml


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Strict):
    """What the agent must do in answer to a step; what is left out is not looked at."""

    state: str | None = None
    prompts: Texts | None = None
    """Exactly these prompts, in this order."""
    effects: Texts = ()
    """At least these: `promise`, `opt_out`, or with its word `open_request:dispute`, `hangup:PTP`."""
    texts: Texts = ()
    """Each must be part of what the agent says (capitals do not matter)."""
    absent: Texts = ()
    """None may be part of what the agent says."""
    verified: bool | None = None
    within_ms: int | None = Field(default=None, ge=1)
    """From the end of the debtor's words to the agent's first sample; judged where there is audio."""


class Barge(_Strict):
    """The debtor starts before the agent has finished."""

    after_ms: int = Field(ge=0)
    """After the first sample of the agent's prompt."""


class Step(_Strict):
    """One thing the debtor does, and what must come of it. The first step may only expect (the greeting)."""

    say: str | None = None
    key: Annotated[str, Field(pattern=r"^[0-9*#]+$")] | None = None
    silence: bool = False
    hangup: bool = False
    speech_lost: bool = False
    """The speech process dies here (text and fake audio only)."""
    barge: Barge | None = None
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _one_act(self) -> Self:
        acts = [self.say is not None, self.key is not None, self.silence, self.hangup, self.speech_lost]
        if sum(acts) > 1:
            raise ValueError("a step is one of say, key, silence, hangup or speech_lost")
        if self.barge is not None and self.say is None and self.key is None and not self.hangup:
            raise ValueError("barge belongs to a step that says something, presses a key or hangs up")
        return self

    @property
    def acts(self) -> bool:
        """Whether the debtor does anything in this step."""
        return self.say is not None or self.key is not None or self.silence or self.hangup or self.speech_lost


class PaymentExpected(_Strict):
    """One payment of the promise."""

    due: str
    amount: str


class PromiseExpected(_Strict):
    """The promise to the cent and the day."""

    total: str
    payments: tuple[PaymentExpected, ...]


class Outcome(_Strict):
    """How the call must end."""

    disposition: Disposition
    promise: PromiseExpected | None = None
    """None: no promise may have been made."""
    effects: Texts = ()
    absent: Texts = ()


class Scenario(_Strict):
    """A whole scenario file."""

    scenario: str
    """One sentence: what it shows."""
    language: Language = Language.PT_BR
    script: str = "negotiation"
    policy: str | None = None
    """Default: the demonstration policy of the case's region."""
    case: str | dict[str, Any]
    """A file in `cases/` beside the scenario (without .yaml), or a debtor file's content."""
    at: Annotated[datetime, Field()]
    """Start of the call, with offset."""
    entry: Entry = Entry.OUTBOUND
    """Who began the call."""
    first_contact: bool = True
    """Nobody has talked with the debtor about the case before."""
    open_offer: AskFile | None = None
    """What the debtor had asked for when an earlier call ended: the policy's answer is still on the table."""
    identity_tries_left: int = Field(default=TRIES_PER_DAY, ge=0)
    audio: bool = True
    """False: not worth speaking (the audio drivers leave it out)."""
    steps: tuple[Step, ...] = Field(min_length=1)
    outcome: Outcome

    @property
    def has_a_past(self) -> bool:
        """Whether it needs something that was before the call, which only drivers without a database make up."""
        return (
            self.entry is not Entry.OUTBOUND
            or not self.first_contact
            or self.open_offer is not None
            or self.identity_tries_left != TRIES_PER_DAY
        )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.at.utcoffset() is None:
            raise ValueError("at: give an offset, for example 2026-11-18T10:00:00-03:00")
        if any(not step.acts for step in self.steps[1:]):
            raise ValueError("only the first step may do nothing")
        return self


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario with its debtor, ready to run; the first step is always the greeting, to which the debtor listens."""

    name: str
    scenario: Scenario
    case: Case


def load_scenario(path: Path) -> Loaded:
    """Read a scenario and the case it names; BadInputError with file and line when malformed."""
    scenario = build(Scenario, read_yaml(path))
    given = scenario.case
    case = case_from(path.parent / "cases" / f"{given}.yaml" if isinstance(given, str) else given)
    if case.language is not scenario.language:
        raise BadInputError(f"{path}: the case speaks {case.language}, the scenario {scenario.language}")
    if scenario.steps[0].acts:
        # What the agent says on answering is an answer of its own, wanted or not.
        scenario = scenario.model_copy(update={"steps": (Step(), *scenario.steps)})
    return Loaded(path.stem, scenario, case)


def scenario_files(directory: Path) -> list[Path]:
    """Every scenario of a directory, by name."""
    return sorted(directory.glob("*.yaml"))


@dataclass(slots=True)
class Answer:
    """What the agent did in answer to one step."""

    state: str
    effects: list[Effect] = field(default_factory=list)
    verified: bool = False
    latency_ms: float | None = None

    @property
    def says(self) -> list[Say]:
        """What was spoken, in order."""
        return [effect for effect in self.effects if isinstance(effect, Say)]


def judge(loaded: Loaded, script: Script, answers: list[Answer]) -> list[str]:
    """Everything that is not as the scenario wants; empty when the run is good. `answers`: one for each step done.

    Steps are counted from 0, the greeting.

    Whatever the scenario says, nothing about the debt may be heard before identity is proved, and a promise needs
    its read-back.
    """
    problems: list[str] = []
    for number, (step, answer) in enumerate(zip(loaded.scenario.steps, answers, strict=False)):
        problems += [f"step {number}: {problem}" for problem in _unmet(step.expect, answer)]
    if len(answers) < len(loaded.scenario.steps):
        problems.append(f"the call ended before step {len(answers)}")
    effects = [effect for answer in answers for effect in answer.effects]
    problems += disclosed(loaded.case, effects)
    problems += _unread(script, effects)
    return problems + _ending(loaded.scenario.outcome, effects)


def _unmet(expected: Expected, answer: Answer) -> list[str]:
    problems = []
    spoken = " ".join(said.text for said in answer.says).casefold()
    names = [said.prompt for said in answer.says]
    if expected.state is not None and answer.state != expected.state:
        problems.append(f"state {answer.state}, not {expected.state}")
    if expected.prompts is not None and names != list(expected.prompts):
        problems.append(f"prompts {names}, not {list(expected.prompts)}")
    if expected.verified is not None and answer.verified is not expected.verified:
        problems.append(f"verified is {answer.verified}")
    problems += _effects_missing(expected.effects, answer.effects)
    problems += [f"not said: {text!r}" for text in expected.texts if text.casefold() not in spoken]
    problems += [f"said: {text!r}" for text in expected.absent if text.casefold() in spoken]
    if expected.within_ms is not None and answer.latency_ms is not None and answer.latency_ms > expected.within_ms:
        problems.append(f"answered after {answer.latency_ms:.0f} ms, not within {expected.within_ms}")
    return problems


def effect_names(effects: list[Effect]) -> set[str]:
    """The names a scenario may use for effects: `type`, and `type:word` for those that carry one."""
    names: set[str] = set()
    for effect in effects:
        shown = effect_as_json(effect)
        if shown is not None:
            names.add(shown["type"])
            word = next(
                (shown[key] for key in ("kind", "scope", "status", "reason", "disposition") if key in shown), None
            )
            names.add(f"{shown['type']}:{word}")
    return names


def _effects_missing(wanted: tuple[str, ...], effects: list[Effect]) -> list[str]:
    there = effect_names(effects)
    return [f"no effect {name}" for name in wanted if name not in there]


def forbidden_words(case: Case) -> list[str]:
    """What must not be heard before identity is proved: creditor, products, and every amount of the case in words."""
    amounts = [case.total, *(debt.original for debt in case.debts), *(debt.charges for debt in case.debts)]
    spoken = [say.joined(say.money(amount, case.language)) for amount in amounts if amount.minor > 0]
    named = [case.creditor, *(debt.product for debt in case.debts if debt.product)]
    return [text.casefold() for text in (*named, *spoken)]


def disclosed(case: Case, effects: Sequence[Effect]) -> list[str]:
    """Every prompt that spoke of the debt before identity was proved."""
    problems = []
    forbidden = forbidden_words(case)
    for effect in effects:
        if isinstance(effect, RightPartyVerified):
            break
        if isinstance(effect, Say):
            said = effect.text.casefold()
            if effect.discloses or any(text in said for text in forbidden):
                problems.append(f"prompt {effect.prompt!r} spoke of the debt before identity was proved")
    return problems


def _unread(script: Script, effects: list[Effect]) -> list[str]:
    """A promise whose amounts were not read back before it."""
    read_back = False
    for effect in effects:
        if isinstance(effect, Say) and script.prompts[effect.prompt].reads_back:
            read_back = True
        shown = effect_as_json(effect)
        if shown is not None and shown["type"] == "promise" and not read_back:
            return ["a promise was recorded without a read-back"]
    return []


def _ending(outcome: Outcome, effects: list[Effect]) -> list[str]:
    shown = [found for effect in effects if (found := effect_as_json(effect)) is not None]
    problems = _effects_missing(outcome.effects, effects)
    ends = [found["disposition"] for found in shown if found["type"] == "hangup"]
    if ends != [outcome.disposition.value]:
        problems.append(f"ended {ends or 'not at all'}, not {outcome.disposition.value}")
    promises = [found for found in shown if found["type"] == "promise"]
    if outcome.promise is None:
        problems += ["a promise was recorded that nobody made"] if promises else []
    else:
        made = [{"total": found["amount"], "payments": found["instalments"]} for found in promises]
        wanted = outcome.promise.model_dump(mode="json")
        if made != [{"total": wanted["total"], "payments": wanted["payments"]}]:
            problems.append(f"promised {made}, not {wanted}")
    spoken = " ".join(effect.text for effect in effects if isinstance(effect, Say)).casefold()
    return problems + [f"said: {text!r}" for text in outcome.absent if text.casefold() in spoken]
