"""The simulated telephones of a rehearsal: who has which, their processes, what they report, and calls they make."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from voiceagent.base.errors import UsageError
from voiceagent.debt.policy import Policy
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.debtor_voice import MARKS, pieces_of
from voiceagent.simulator.persona import Debtor, Persona
from voiceagent.simulator.phones import PhonePlan, PhonesPlan
from voiceagent.simulator.sample import SampleDebtor
from voiceagent.simulator.verdict import days_of
from voiceagent.speech.client import SpeechClient
from voiceagent.worker.children import Child, ChildSpec

T = TypeVar("T")

#: Telephones of one process: as many as the registry's SIP library can hold calls.
PER_PROCESS = 4
#: Telephones ring a while before somebody lifts them; the agent gets its first words ready meanwhile.
RING_S = 2.5
#: Patience with one rendered answer, on a machine that does other things too.
_RENDER_S = 60.0
#: Voices of the debtors; none of them is an agent's.
DEBTOR_VOICES = {
    "pt-BR": ("pm_alex@pt-BR", "am_michael@pt-BR", "pm_santa@pt-BR", "bf_emma@pt-BR", "if_sara@pt-BR"),
    "es": ("em_alex@es", "am_michael@es", "em_santa@es", "bf_emma@es", "if_sara@es"),
    "en": ("am_michael@en", "af_bella@en", "am_adam@en", "bf_emma@en", "bm_george@en"),
}


class Telephones:
    """Plugs telephones in, four to a process; they end with `stack`, and `on_line` is given what they print."""

    def __init__(
        self,
        run: Path,
        registrar: str,
        speech_socket: Path,
        language: str,
        today: date,
        tapes: Path | None,
        stack: AsyncExitStack,
        on_line: Callable[[str], None],
    ) -> None:
        self._run, self._registrar, self._speech_socket = run, registrar, speech_socket
        self._language, self._today, self._tapes = language, today, tapes
        self._stack, self._on_line = stack, on_line
        self._children: dict[str, Child] = {}
        self._plugged = 0

    async def plug_in(self, phones: Sequence[PhonePlan], passwords: Mapping[str, str]) -> list[Child]:
        """Have these telephones answered; `passwords` by number. Who is plugged in again has moved."""
        children = []
        for group in batched(phones, PER_PROCESS):
            plan = PhonesPlan(
                registrar=self._registrar,
                speech_socket=self._speech_socket,
                language=self._language,
                today=self._today.isoformat(),
                phones=tuple(phone.model_copy(update={"password": passwords[phone.number]}) for phone in group),
                tapes=self._tapes,
            )
            self._plugged += 1
            name = f"phones-{self._plugged}"
            file = plan.write(self._run / f"{name}.json")
            spec = ChildSpec(name, ("voiceagent.simulator.phones", str(file)), on_line=self._on_line, stop_s=15)
            child = Child(spec)
            self._stack.push_async_callback(child.stop)
            await child.start()
            children.append(child)
            self._children |= {phone.number: child for phone in group}
        return children

    async def call(self, number: str, to: str) -> None:
        """Have the telephone of that number call `to`."""
        if number not in self._children:
            raise UsageError(f"nobody has the telephone {number}")
        await self._children[number].tell({"call": number, "to": to})


async def render_words(speech_socket: Path, language: str, phones: Iterable[PhonePlan]) -> None:
    """Have what these people will say in the cache, one after the other; calls need not wait for it then."""
    speech = SpeechClient(speech_socket, render_s=_RENDER_S)
    for phone in phones:
        voice = await speech.voice(f"words-{phone.number}", language, phone.voice)
        says: list[str | None] = [phone.hello, *(step.say for step in (*phone.steps, *phone.later_steps))]
        if phone.persona:
            says += Debtor(Persona.load(phone.persona, language), phone.facts, phone.seed).first_answers()
        try:
            for piece in (piece for text in says if text for piece in pieces_of(text) if piece not in MARKS):
                await voice.render((SpokenPart(piece),))
        finally:
            await voice.close()


def sample_phones(debtors: Sequence[SampleDebtor], policy: Policy, today: date) -> list[PhonePlan]:
    """Telephones at which sample debtors answer as their personas."""
    return [
        PhonePlan(
            number=debtor.number,
            persona="" if debtor.persona.steps else debtor.persona.name,
            facts=debtor.facts,
            days=tuple(days_of(debtor, policy, today)),
            seed=debtor.seed,
            steps=debtor.persona.steps,
            ring_s=0.0 if debtor.persona.steps else RING_S,
            voice=debtor_voice(debtor.persona.language, index),
        )
        for index, debtor in enumerate(debtors)
    ]


def debtor_voice(language: str, index: int) -> str:
    """The voice of the telephone with that number: neighbours have different ones."""
    voices = DEBTOR_VOICES[language]
    return voices[index % len(voices)]


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in runs of up to `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def reported(line: str) -> dict[str, Any]:
    """What a telephone's line says: a step done ({number, step}), or a call's report ({number, seconds, ...})."""
    told: dict[str, Any] = json.loads(line)
    return told
