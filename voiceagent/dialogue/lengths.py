"""How long prompts and whole conversations take to say, estimated from their words before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from voiceagent.base.money import CURRENCY_OF_REGION, DECIMALS, Money
from voiceagent.dialogue.law import STRICTEST, SpokenLaw, expand
from voiceagent.dialogue.prompts import carrier, pieces
from voiceagent.dialogue.script import AGAIN, LISTEN, STAY, Prompt, Script, State
from voiceagent.dialogue.speaking import speak
from voiceagent.dialogue.variables import VARIABLES, Type, Value

#: Seconds that a rendered unit takes beyond its letters, and letters a second, as measured on the phrase banks.
UNIT_S, LETTERS_PER_S = 0.35, 19.5
#: Seconds of pause behind a unit that ends a sentence.
SENTENCE_S = 0.3
#: Seconds that a debtor takes for an answer, with the silence that ends it and the agent's reaction.
ANSWER_S = 3.5

#: The longest a prompt may be, and a conversation in which every question is answered.
PROMPT_MAX_S, CALL_MAX_S = 12.0, 360.0

#: Currencies whose amounts are spoken in thousands.
_LARGE = frozenset({"COP", "CLP"})

#: Ordinary values, rather long than short ones; cents add about 1.5 s to an amount.
_NAMES = {
    "persona": "Clara",
    "first_name": "Aparecida",
    "company": "Atendimento Central",
    "creditor": "Lojas Aurora Brasil",
}
_NAME, _ADDRESS = "Maria de Souza Santos", "Avenida Central 100, Ciudad de México"


@dataclass(frozen=True, slots=True)
class Lengths:
    """The seconds of every prompt of a script, by name: its longest variant under the longest law it serves."""

    prompts: Mapping[str, float]

    def state_s(self, state: State) -> float:
        """A visit: what is said on entering and, where it listens, the answer."""
        said = sum(self.prompts[name] for name in state.say)
        return said + (ANSWER_S if state.on else 0.0)


def lengths(script: Script, laws: Iterable[SpokenLaw] = ()) -> Lengths:
    """Estimate every prompt; the legal texts are those of the law that makes it longest."""
    served = tuple(laws) or (STRICTEST,)
    return Lengths({name: _prompt_s(script, prompt, served) for name, prompt in script.prompts.items()})


def _prompt_s(script: Script, prompt: Prompt, laws: tuple[SpokenLaw, ...]) -> float:
    texts = set()
    for variant in prompt.variants:
        for law in laws:
            for first_contact in (True, False):
                try:
                    texts.add(expand(variant, law, script.legal, first_contact=first_contact))
                except LookupError:
                    continue  # told as a missing wording
    return max((_text_s(text, script) for text in texts), default=0.0)


def _text_s(text: str, script: Script) -> float:
    seconds = 0.0
    for literal, field in pieces(text):
        units = [part.text for part in carrier(literal)]
        if field is not None:
            units += [part.text for part in speak(VARIABLES[field].type, _sample(field, script), script.language, "")]
        seconds += sum(unit_s(unit) for unit in units)
    return seconds


def unit_s(text: str) -> float:
    """Seconds of one rendered unit with the pause behind it."""
    return UNIT_S + len(text) / LETTERS_PER_S + (SENTENCE_S if text.endswith((".", "!", "?")) else 0.0)


def _sample(field: str, script: Script) -> Value:
    kind = VARIABLES[field].type
    if kind is Type.MONEY:
        currencies = {CURRENCY_OF_REGION[region] for region in script.serves if region in CURRENCY_OF_REGION}
        large = sorted(currencies & _LARGE)
        currency = large[0] if large else CURRENCY_OF_REGION[script.language.default_region]
        return Money(480_000 * 10 ** DECIMALS[currency] if large else 48_700, currency)
    if kind in (Type.DATE, Type.DAY, Type.WEEKDAY):
        return date(2026, 12, 24)
    if kind is Type.TIME:
        return datetime(2026, 12, 24, 18, 45)
    if kind is Type.INSTALMENTS:
        return 12
    if kind is Type.DIGITS:
        return {"contract": "1234", "text_number_end": "1234"}.get(field, "2611181030")
    if kind is Type.EMAIL:
        return "maria.aparecida@correio.com"
    return _ADDRESS if field == "address" else _NAMES.get(field, _NAME)


def longest_s(script: Script, estimated: Lengths, entry: str) -> float:
    """Seconds of the longest conversation from `entry` in which every question is asked once and answered.

    States that can lead back to each other are all counted, once each; what may be said anywhere is a digression and is
    not. To that come the most questions that may be asked again in a call. An upper bound, not an average.
    """
    group = _groups(script)
    members: dict[str, list[str]] = {}
    for name, head in group.items():
        members.setdefault(head, []).append(name)
    spent: dict[str, float] = {}

    def after(head: str) -> float:
        if head not in spent:
            own = sum(estimated.state_s(script.states[name]) for name in members[head])
            ways = {group[way] for name in members[head] for way in _ways(script.states[name])} - {head}
            spent[head] = own + max((after(way) for way in ways), default=0.0)
        return spent[head]

    again = max(
        (estimated.prompts[name] + ANSWER_S for state in script.states.values() for name in state.reprompt), default=0.0
    )
    return after(group[entry]) + script.limits.errors_per_call * again


def _ways(state: State) -> set[str]:
    return {transition.go for transition in (*state.on, *state.next)} - {STAY, LISTEN, AGAIN}


def _groups(script: Script) -> dict[str, str]:
    """Each state with the one that stands for all that can lead back to it and be led to by it."""
    reach: dict[str, set[str]] = {}
    for name in script.states:
        seen: set[str] = set()
        frontier = [name]
        while frontier:
            for way in _ways(script.states[frontier.pop()]) - seen:
                seen.add(way)
                frontier.append(way)
        reach[name] = seen
    return {name: min([name, *(other for other in reach[name] if name in reach[other])]) for name in script.states}
