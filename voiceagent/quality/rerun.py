"""The script's side of a replay: today's script, taken turn by turn along the way the call really went."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.cases import tables as t
from voiceagent.cases.store import load_case, load_content
from voiceagent.debt.case import Case
from voiceagent.debt.identity import datum_value
from voiceagent.debt.policy import Policy
from voiceagent.dialogue.delivery import first_mobile
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Expect,
    Heard,
    Keyed,
    NoInput,
    SpeechLost,
    Understanding,
)
from voiceagent.dialogue.expectation import expectation
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.state import Briefing, ConversationState
from voiceagent.dialogue.understanding import understand
from voiceagent.quality.calls import KeptCall, KeptTurn
from voiceagent.settings.dialplans import load_script, script_path
from voiceagent.settings.spokenlaw import law_of
from voiceagent.settings.yamltext import build, parse_yaml

_COMPANY, _PROTOCOL = "Atende Mais", "00000000"
_DEFAULT_SCRIPT = "negotiation"


def machine_of(connection: sa.Connection, call: KeptCall, dialplans: Path) -> Machine:
    """Today's script with the case as it is kept and the policy of that call; BadInputError says why it cannot be."""
    if call.case_id is None:
        raise BadInputError("nobody knew whose case it was", code="no_case")
    case = load_case(connection, call.case_id).case
    body = load_content(connection, call.policy_sha256) if call.policy_sha256 else None
    if body is None:
        raise BadInputError("the policy of that call is not kept", code="no_policy")
    briefing = Briefing(
        case=case,
        policy=build(Policy, parse_yaml(body, "policy")),
        started=call.started,
        business=BusinessCalendar(case.region, case.state),
        company=_COMPANY,
        protocol=_PROTOCOL,
        law=law_of(dialplans, case.language, case.region, case.state, call.today),
        text_number=first_mobile(case.phones, case.region),
    )
    return Machine(todays_script(connection, call, dialplans), briefing)


def todays_script(connection: sa.Connection, call: KeptCall, dialplans: Path) -> Script:
    """The script of that name and language as it is in `dialplans` now."""
    kept = t.content.c
    name = connection.execute(sa.select(kept.name).where(kept.sha256 == (call.script_sha256 or ""))).scalar()
    return load_script(script_path(dialplans, (name or _DEFAULT_SCRIPT).partition("/")[0], call.language))


class Rerun:
    """Follows the kept call with today's script; asks at each turn where other words would have led."""

    def __init__(self, machine: Machine, entry: Entry) -> None:
        self._machine = machine
        self._state, _ = machine.step(machine.start(entry), CallAnswered())

    def expect(self, call: KeptCall, turn: KeptTurn) -> Expect:
        """What today's script listens for where the turn was said; what it listened for then, if that is no more."""
        script = self._machine.script
        return expectation(script, turn.state) if turn.state in script.states else call.expect(turn.state)

    def arrive(self, turn: KeptTurn) -> bool:
        """Whether today's script too is where the turn was said; if not, it is put there where it can be."""
        if self._state.node == turn.state and self._state.ended is None:
            return True
        if turn.state in self._machine.script.states:
            self._state = replace(self._state, node=turn.state, ended=None)
        return False

    def cued(self, meant: Understanding) -> Understanding:
        """With the cue of the script that its words hold."""
        return self._machine.cued(self._state, meant)

    def lead(self, event: DialogueEvent) -> str:
        """The state (or the outcome) that an event would lead to from here."""
        return _where(self._machine.step(self._state, event)[0])

    def follow(self, event: DialogueEvent) -> str:
        """Go on with what happened; where it led."""
        self._state, _ = self._machine.step(self._state, event)
        return _where(self._state)

    def kept_event(self, call: KeptCall, turn: KeptTurn) -> DialogueEvent | None:
        """What happened, as the script was told it; None for what was no answer to anything."""
        if turn.result == "ignored" or (turn.sensitive and turn.verified is None and turn.result == "dtmf"):
            return None
        if turn.result == "no_input":
            return NoInput()
        if turn.result == "unavailable":
            return SpeechLost()
        if turn.sensitive:
            return Heard(self._identity(turn))
        if turn.result == "dtmf":
            return Keyed(turn.text or "")
        return Heard(_kept_meaning(call, turn))

    def _identity(self, turn: KeptTurn) -> Understanding:
        """An identity answer is kept nowhere: one that comes to the same."""
        if turn.verified is None:
            return Understanding()
        node = self._machine.script.states.get(turn.state)
        asked = next(
            (act.argument for on in (node.on if node else ()) for act in on.do if act.name == "check_identity"), None
        )
        slots = proof(self._machine.briefing.case, asked or "", right=turn.verified)
        return Understanding(None, 1.0, slots, text="")


def proof(case: Case, datum: str, *, right: bool) -> dict[str, Any]:
    """Slots that answer the question for a datum, rightly or wrongly."""
    if datum == "birth_day_month":
        born = case.birth_date
        return {} if born is None else {"date": (born if right else born + timedelta(days=1)).isoformat()}
    value = datum_value(case, datum) or ""
    return {"digits": value if right else "".join(str(9 - int(digit)) for digit in value)}


def _kept_meaning(call: KeptCall, turn: KeptTurn) -> Understanding:
    """What was understood then; what the journal keeps no slot of (an address, a number) is read from the words."""
    text = turn.text or ""
    expect = call.expect(turn.state)
    again = understand(text, language=call.language, region=call.region, expect=expect.kinds, today=call.today)
    private = {name: value for name, value in again.slots.items() if name in ("digits", "email", "phone", "name")}
    return Understanding(turn.intent, turn.confidence, private | turn.slots, ambiguous=again.ambiguous, text=text)


def _where(state: ConversationState) -> str:
    return state.ended.value if state.ended is not None else state.node
