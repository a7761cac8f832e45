"""A debtor persona: what a kind of person answers to what the agent asks, drawn by seed from many ways to say it.

A persona knows who it is, what it wants and how people talk; it learns what the agent said only by hearing it.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz

from voiceagent.base.errors import BadInputError
from voiceagent.language.heard import understand_slots
from voiceagent.simulator.scenario import Step

PERSONAS = Path(__file__).parent / "personas"

#: How alike a cue and what was heard must be (0-100) before the persona takes it for that question.
CUE_SCORE = 82.0
#: The same for what it refuses: one payment must not be taken for two payments.
REFUSAL_SCORE = 93.0
#: Where the personas of a language live.
REGIONS = {"pt-BR": "BR", "es": "MX", "en": "US"}
#: Only the day of the month is looked at: a long month without holidays near its end will do.
_ANY_DAY = date(2026, 10, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the persona does: says `text` ("" says nothing), and hangs up afterwards if it wants to.

    In `text`, "…" is a pause and "[beep]" a voicemail's beep.
    """

    topic: str
    text: str
    hangs_up: bool = False
    cut: bool = False
    """It hangs up while it speaks."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How the debtor takes turns and what its line is like; seconds."""

    pickup_s: float = 0.4
    """From lifting the phone to its own first word."""
    patience_s: float = 1.1
    """Silence after which it takes the agent's turn for over: agents pause between sentences."""
    attention_s: float = 12.0
    """A longer turn is understood piece by piece, as people do."""
    interrupts: bool = False
    """It answers a piece at once; others wait until the agent is silent."""
    reaction_s: float = 0.25
    """From understanding to answering."""
    pause_s: float = 0.8
    """How long it pauses where its words say so."""
    noise_dbov: float | None = None
    """Level of the noise on its line; its voice has about -20."""
    longest_s: float = 300.0
    """It hangs up then."""


@dataclass(frozen=True, slots=True)
class Persona:
    """One kind of debtor in one language."""

    name: str
    language: str
    disposition: str
    """How a call to it should end."""
    topics: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Question topics with the cues they are recognised by, most telling first."""
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ways to answer each topic."""
    at_first: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ways to answer a topic the first time it comes up."""
    promise: str | None = None
    """cash, instalments, or None when it promises nothing."""
    instalments: int = 1
    haggles: int = 0
    """Offers it refuses before it takes one."""
    pays_on: str = "day"
    """The fact that names the day it will pay on: day, or other_day when it changes its mind."""
    hangs_up_after: tuple[str, ...] = ()
    hangs_up_during: tuple[str, ...] = ()
    """Topics in whose answer it hangs up half-way."""
    refuses: tuple[str, ...] = ()
    """What it does not want to hear read back: it says so (`read_back_wrong`) instead of confirming."""
    sex: str = ""
    """m or f where its words depend on it."""
    manners: Manners = Manners()
    steps: tuple[Step, ...] = ()
    """A load persona does these by ear for loudness alone; it recognises nothing, so it costs nothing."""

    @property
    def speaks(self) -> bool:
        """Whether it ever says anything."""
        return bool(self.answers) or any(step.say is not None for step in self.steps)

    @classmethod
    def load(cls, name: str, language: str) -> Persona:
        """The persona `name` of a language; BadInputError names the ones there are, or says what is wrong with it."""
        data = _load(language)
        personas: dict[str, Any] = data["personas"]
        if name not in personas:
            raise BadInputError(f"no persona {name!r} for {language}: one of {', '.join(personas)}")
        own = personas[name]
        answers = {**data["answers"], **own.get("answers", {})}
        part = own.get("takes_part_in", [])
        missing = [topic for topic in part if topic not in answers]
        if missing:
            raise BadInputError(f"persona {name}: no answers for {', '.join(missing)}")
        try:
            return cls(
                name=name,
                language=language,
                disposition=own["disposition"],
                topics=tuple((topic, tuple(cues)) for topic, cues in data["topics"].items()),
                answers={topic: tuple(answers[topic]) for topic in part},
                at_first={topic: tuple(said) for topic, said in own.get("at_first", {}).items()},
                promise=own.get("promise"),
                instalments=own.get("instalments", 1),
                haggles=own.get("haggles", 0),
                pays_on=own.get("pays_on", "day"),
                hangs_up_after=tuple(own.get("hangs_up_after", ())),
                hangs_up_during=tuple(own.get("hangs_up_during", ())),
                refuses=tuple(own.get("refuses", ())),
                sex=own.get("sex", ""),
                manners=Manners(**own.get("manners", {})),
                steps=tuple(Step.model_validate(step) for step in own.get("steps", ())),
            )
        except (TypeError, ValueError) as error:
            raise BadInputError(f"persona {name} for {language}: {error}") from None

    @staticmethod
    def names(language: str) -> list[str]:
        """Every persona of a language that converses, in the order of the file."""
        return [name for name, own in _load(language)["personas"].items() if not own.get("steps")]


class Debtor:
    """One debtor in one call. `facts` fill the answers: birth, digits, day, other_day, hour.

    `days` are the days of the month that may be read back to it as its first payment (empty: any).
    """

    def __init__(self, persona: Persona, facts: dict[str, str], seed: int, days: Collection[int] = ()) -> None:
        self.persona = persona
        self._facts = facts
        self._seed = seed
        self._days = frozenset(days)
        self._drawn: dict[tuple[str, bool], list[str]] = {}
        self._asked: dict[str, int] = {}
        self._last: str | None = None
        self.finished = False

    def first_answers(self) -> list[str]:
        """What it will say the first time it is asked each thing, to be rendered before it lifts the phone."""
        return [self._fill(self._left(topic, topic in self.persona.at_first)[-1]) for topic in self.persona.answers]

    def picked_up(self) -> Answer | None:
        """What it says when it lifts the phone, None when nothing."""
        return self._answer("pickup") if "pickup" in self.persona.answers else None

    def hears(self, text: str) -> Answer | None:
        """Its answer to what it heard; None when it did not take it for a question, or does not want to answer."""
        topic = self.topic_of(text)
        again = topic == "unclear"
        if again:
            topic = self._last or "identity"
        if topic is None or topic not in self.persona.answers or self.finished:
            return None
        return self._answer(topic, again=again)

    def topic_of(self, text: str) -> str | None:
        """The last question of what was heard decides: people answer what was asked at the end."""
        heard = plain(text)
        best: tuple[float, str] | None = None
        found: dict[str, str] = {}
        for topic, cues in self.persona.topics:
            for cue in cues:
                alignment = fuzz.partial_ratio_alignment(plain(cue), heard, score_cutoff=CUE_SCORE)
                if alignment is None or len(heard) < len(cue) * 0.6:
                    continue
                place = alignment.dest_end + alignment.score / 1000
                found[topic] = topic
                if best is None or place > best[0]:
                    best = (place, topic)
        if best is not None and best[1] == "read_back":
            return "read_back_wrong" if self._is_wrong(heard, text) else "read_back"
        if best is None or best[1] != "fits":
            return best[1] if best else None
        # "Does that suit you?" is about the offer that came before it.
        return found.get("offer_instalments") or found.get("offer_cash") or "fits"

    def _is_wrong(self, heard: str, text: str) -> bool:
        """Whether what is read back is not what it wants: another way to pay, or surely another day."""
        if any(fuzz.partial_ratio(plain(cue), heard) >= REFUSAL_SCORE for cue in self.persona.refuses):
            return True
        corrects = "read_back" in self.persona.at_first
        if not self._days or (corrects and not self._asked.get("read_back")):
            return False
        days = dates_in(text, self.persona.language)
        # Whoever has corrected a day wants to hear the new one.
        return not days & self._days if days else corrects

    def _answer(self, topic: str, *, again: bool = False) -> Answer:
        persona = self.persona
        if topic != "pickup":
            self._last = topic
        if not again:
            self._asked[topic] = self._asked.get(topic, 0) + 1
        first = topic in persona.at_first and self._asked.get(topic, 0) <= max(1, persona.haggles)
        left = self._left(topic, first)
        cut = topic in persona.hangs_up_during
        hangs_up = cut or topic in persona.hangs_up_after
        self.finished = self.finished or hangs_up
        return Answer(topic, self._fill(left.pop()), hangs_up, cut)

    def _left(self, topic: str, first: bool) -> list[str]:
        """The ways to answer it that were not used yet, the next one last."""
        left = self._drawn.get((topic, first))
        if not left:
            # A generator of its own per topic: what is asked in between does not change what will be said.
            left = list(self.persona.at_first[topic] if first else self.persona.answers[topic])
            random.Random(f"{self._seed}:{topic}").shuffle(left)
            self._drawn[topic, first] = left
        return left

    def _fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: self._facts[match[1]], text)


def dates_in(text: str, language: str) -> frozenset[int]:
    """The days of the month that a text surely names."""
    read = understand_slots(text, language=language, region=REGIONS[language], expect=("date",), today=_ANY_DAY)
    others = [other.get("value") for other in read.alternatives if other.get("slot") == "date"]
    named = [read.slots.get("date"), *others]
    return frozenset(date.fromisoformat(str(day)).day for day in named if day is not None)


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation: how two spellings of one sound are compared."""
    folded = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^a-z0-9 ]+", " ", "".join(c for c in folded if not unicodedata.combining(c))).strip()


def load_people(language: str) -> dict[str, Any]:
    """Who the personas of a language may be (simulator.sample.People); BadInputError when there are none."""
    people: dict[str, Any] = _load(language)["people"]
    return people


@lru_cache
def _load(language: str) -> dict[str, Any]:
    path = PERSONAS / f"{language}.yaml"
    if not path.is_file():
        raise BadInputError(
            f"no personas for {language}; there are {', '.join(p.stem for p in PERSONAS.glob('*.yaml'))}"
        )
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data
