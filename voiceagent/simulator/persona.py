"""A debtor persona: what a kind of person answers to what the agent asks, drawn by seed from many ways to say it.

A persona knows who it is, what it wants and how people talk; it learns what the agent said only by hearing it.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz

from voiceagent.base.errors import BadInputError

PERSONAS = Path(__file__).parent / "personas"

#: How alike a cue and what was heard must be (0-100) before the persona takes it for that question.
CUE_SCORE = 82.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the persona does: says `text` ("" says nothing), and hangs up afterwards if it wants to."""

    topic: str
    text: str
    hangs_up: bool = False


@dataclass(frozen=True, slots=True)
class Persona:
    """One kind of debtor in one language."""

    name: str
    language: str
    disposition: str
    """How a call to it should end."""
    promise: str | None
    """cash, instalments, or None when it promises nothing."""
    instalments: int
    day: int | None
    """Day of the month it will pay on."""
    topics: tuple[tuple[str, tuple[str, ...]], ...]
    """Question topics with the cues they are recognised by, most telling first."""
    answers: dict[str, tuple[str, ...]]
    """Ways to answer each topic."""
    hangs_up_after: tuple[str, ...]
    refuses: tuple[str, ...] = ()
    """What it does not want to hear read back: it says so (`read_back_wrong`) instead of confirming."""

    @classmethod
    def load(cls, name: str, language: str) -> Persona:
        """The persona `name` of a language; BadInputError names the ones there are."""
        data = _load(language)
        personas: dict[str, Any] = data["personas"]
        if name not in personas:
            raise BadInputError(f"no persona {name!r} for {language}: one of {', '.join(personas)}")
        own = personas[name]
        answers = {**data["answers"], **own.get("answers", {})}
        missing = [topic for topic in own["takes_part_in"] if topic not in answers]
        if missing:
            raise BadInputError(f"persona {name}: no answers for {', '.join(missing)}")
        return cls(
            name=name,
            language=language,
            disposition=own["disposition"],
            promise=own.get("promise"),
            instalments=own.get("instalments", 1),
            day=own.get("day"),
            topics=tuple((topic, tuple(cues)) for topic, cues in data["topics"].items()),
            answers={topic: tuple(answers[topic]) for topic in own["takes_part_in"]},
            hangs_up_after=tuple(own.get("hangs_up_after", ())),
            refuses=tuple(own.get("refuses", ())),
        )

    @staticmethod
    def names(language: str) -> list[str]:
        """Every persona of a language, in the order of the file."""
        return list(_load(language)["personas"])


class Debtor:
    """One debtor in one call. `facts` fill the answers: day, birth_day_month, digits, time."""

    def __init__(self, persona: Persona, facts: dict[str, str], seed: int) -> None:
        self.persona = persona
        self._facts = facts
        self._seed = seed
        self._drawn: dict[str, list[str]] = {}
        self._last: str | None = None
        self.finished = False

    def first_answers(self) -> list[str]:
        """What it will say the first time it is asked each thing, to be rendered before it lifts the phone."""
        return [self._fill(self._left(topic)[-1]) for topic in self.persona.answers]

    def picked_up(self) -> Answer | None:
        """What it says when it lifts the phone, None when nothing."""
        return self._answer("pickup") if "pickup" in self.persona.answers else None

    def hears(self, text: str) -> Answer | None:
        """Its answer to what it heard; None when it did not take it for a question, or does not want to answer."""
        topic = self.topic_of(text)
        if topic == "unclear":
            topic = self._last or "identity"
        if topic is None or topic not in self.persona.answers or self.finished:
            return None
        return self._answer(topic)

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
            wrong = any(fuzz.partial_ratio(plain(cue), heard) >= CUE_SCORE for cue in self.persona.refuses)
            return "read_back_wrong" if wrong else "read_back"
        if best is None or best[1] != "fits":
            return best[1] if best else None
        # "Does that suit you?" is about the offer that came before it.
        return found.get("offer_instalments") or found.get("offer_cash") or "fits"

    def _answer(self, topic: str) -> Answer:
        if topic != "pickup":
            self._last = topic
        left = self._left(topic)
        hangs_up = topic in self.persona.hangs_up_after
        self.finished = self.finished or hangs_up
        return Answer(topic, self._fill(left.pop()), hangs_up)

    def _left(self, topic: str) -> list[str]:
        """The ways to answer it that were not used yet, the next one last."""
        left = self._drawn.get(topic)
        if not left:
            # A generator of its own per topic: what is asked in between does not change what will be said.
            left = list(self.persona.answers[topic])
            random.Random(f"{self._seed}:{topic}").shuffle(left)
            self._drawn[topic] = left
        return left

    def _fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: self._facts[match[1]], text)


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation: how two spellings of one sound are compared."""
    folded = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^a-z0-9 ]+", " ", "".join(c for c in folded if not unicodedata.combining(c))).strip()


def _load(language: str) -> dict[str, Any]:
    path = PERSONAS / f"{language}.yaml"
    if not path.is_file():
        raise BadInputError(
            f"no personas for {language}; there are {', '.join(p.stem for p in PERSONAS.glob('*.yaml'))}"
        )
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data
