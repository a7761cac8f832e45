"""The script of one call: the pure machine with its state, and the understanding of what is heard in it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from voiceagent.dialogue.answers import keyed
from voiceagent.dialogue.completeness import is_complete
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import DialogueEvent, Effect, Expect, Heard, Keyed, Say, Understanding
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.speaking import speak
from voiceagent.dialogue.state import Briefing
from voiceagent.dialogue.understanding import understand
from voiceagent.dialogue.variables import VARIABLES, Type
from voiceagent.speech.protocol import Hypothesis

Finder = Callable[[str, str], Awaitable[Briefing | None]]
"""Given the digits a caller told and the datum they are asked as, what the call is about; None: nobody has them."""


class ScriptBrain:
    """Implements the Brain port with `dialogue`."""

    def __init__(self, machine: Machine, entry: Entry = Entry.OUTBOUND, find: Finder | None = None) -> None:
        """BadInputError when the call cannot be held as it is briefed: build it before anybody's phone rings.

        `find`: for a caller whose case must be found first (`Briefing.caller_known` is false).
        """
        self._machine, self._find = machine, find
        self._state = machine.start(entry)
        self.language = str(machine.script.language)
        self.today = machine.briefing.today.isoformat()
        self._everywhere = frozenset(name for entry in machine.script.anywhere for name in entry.hear)

    @property
    def state(self) -> str:
        """The script's state now."""
        return self._state.node

    @property
    def verified(self) -> bool:
        """Whether identity was proved."""
        return self._state.verified

    def personal_says(self) -> list[Say]:
        """The names this call may say: the only parts of prompts that cannot come from the phrase bank."""
        briefing, script = self._machine.briefing, self._machine.script
        says: dict[str, Say] = {}
        for name, variable in VARIABLES.items():
            if variable.type is Type.NAME:
                with contextlib.suppress(LookupError):
                    value = variable.value(briefing, self._state)
                    say = Say(name, 0, speak(variable.type, value, script.language, briefing.case.region))
                    says.setdefault(say.text, say)
        return [say for text, say in says.items() if text]

    async def consult(self, event: DialogueEvent) -> None:
        """Find whose case it is where the event holds what the caller is to be found by."""
        if self._find is None or self._machine.briefing.caller_known or not isinstance(event, (Heard, Keyed)):
            return
        node = self._machine.script.states[self._state.node]
        asked = next((act.argument for t in node.on for act in t.do if act.name == "identify"), None)
        said = event.understanding if isinstance(event, Heard) else self._keyed(event)
        digits = re.sub(r"\D", "", str(said.slots.get("digits", "")))
        if asked is not None and digits and (briefing := await self._find(digits, asked)) is not None:
            self._machine = replace(self._machine, briefing=briefing)

    def _keyed(self, event: Keyed) -> Understanding:
        return keyed(self._machine.script, self._state, event.digits, self._machine.briefing.today)

    def step(self, event: DialogueEvent) -> Sequence[Effect]:
        """Move on."""
        self._state, effects = self._machine.step(self._state, event)
        return effects

    def foresee(self, event: DialogueEvent) -> Sequence[Effect]:
        """What `step` would answer now."""
        return self._machine.step(self._state, event)[1]

    def complete(self, understanding: Understanding, expect: Expect) -> bool | None:
        """Whether nobody has to be waited for any more."""
        return is_complete(understanding, expect, self.language)

    def understand(self, hypothesis: Hypothesis, expect: Expect, *, only_global: bool) -> Understanding:
        """What the words mean there; with `only_global` whatever could answer a question is left out."""
        briefing = self._machine.briefing
        meant = understand(
            hypothesis.text,
            alternatives=hypothesis.alternatives,
            language=self.language,
            region=briefing.case.region,
            expect=("intent",) if only_global else expect.kinds,
            among=tuple(self._everywhere) if only_global else expect.among,
            today=briefing.today,
            now=briefing.started,
            doubtful=hypothesis.reason == "low_confidence",
        )
        if only_global:
            intent = meant.intent if meant.intent in self._everywhere else None
            return Understanding(intent, meant.confidence, text=hypothesis.text)
        return self._machine.cued(self._state, meant)
