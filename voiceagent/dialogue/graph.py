"""The walk over everything a conversation can reach, with what is known for certain on the way there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from voiceagent.dialogue.finding import Finding, Where
from voiceagent.dialogue.law import AT_ONCE, BEFORE_THE_DEBT, TEXTS, SpokenLaw, expand
from voiceagent.dialogue.prompts import discloses, legal_texts, pieces, variables_of
from voiceagent.dialogue.script import AGAIN, LISTEN, STAY, Action, Prompt, Script, State, Transition
from voiceagent.dialogue.turn import YES
from voiceagent.dialogue.variables import CASE_VARIABLES

#: Actions that put another offer on the table, so that what was read back before no longer counts.
_CHANGES_OFFER = frozenset({"quote", "counter", "set_date", "refuse_offer", "accept", "resume_offer"})
_MAKES_OFFER = frozenset({"quote", "counter", "resume_offer"})
_NEEDS_OFFER = frozenset({"set_date", "accept"})


@dataclass(frozen=True, slots=True)
class _Place:
    """A state together with what is known for certain on arriving there."""

    node: str
    verified: bool = False
    offered: bool = False
    accepted: bool = False
    read_back: bool = False
    confirmed: bool = False
    promised: bool = False
    charged: bool | None = None
    """Whether anything was added to the debt; None while either may be."""
    itemised: bool = False
    told: frozenset[str] = frozenset()
    """The legal texts that were said."""


class _Walk:
    """Explores every place a conversation can be in under one law and collects what goes wrong on the way."""

    def __init__(self, script: Script, law: SpokenLaw | None) -> None:
        self.script = script
        self.law = law
        self.wanted = frozenset(n for n in (law.required if law else ()) if law and law.text(n, script.legal))
        self.legal = {name: self.legal_part(prompt) for name, prompt in script.prompts.items()}
        self.secret = {name: self.is_secret(prompt) for name, prompt in script.prompts.items()}
        self.findings: list[Finding] = []
        self.seen: set[_Place] = set()
        self.queue: deque[_Place] = deque()

    def run(self) -> None:
        for entry in self.script.entries:
            self.arrive(_Place(entry))
        while self.queue:
            place = self.queue.popleft()
            state = self.script.states[place.node]
            if state.next:
                self.decide(place, state)
            elif state.end is None:
                self.listen(place, state)

    def arrive(self, place: _Place) -> None:
        """Enter a state: its actions and prompts happen, then it is queued."""
        if place in self.seen:
            return
        self.seen.add(place)
        state = self.script.states[place.node]
        path: Where = ("states", place.node)
        for after in self.act(replace(place, read_back=False), state.do, (*path, "do"), None):
            self.queue.append(self.say(after, state.say, (*path, "say")))

    def decide(self, place: _Place, state: State) -> None:
        held: list[_Place] = [place]
        for index, transition in enumerate(state.next):
            path: Where = ("states", place.node, "next", index)
            for option in held:
                if self.possible(option, transition.when):
                    self.follow(self.known(option, transition.when), transition, path)
            held = [left for option in held if (left := self.refused(option, transition.when)) is not None]

    def listen(self, place: _Place, state: State) -> None:
        path: Where = ("states", place.node)
        for name in sorted((self.wanted & AT_ONCE) - place.told):
            message = f"listens before {name} was said, which {self.place} wants at once"
            self.findings.append(Finding(path, f"{message}: say {{legal_{name}}} in the greeting"))
        for names, key in ((state.reprompt or self.script.reprompt, "reprompt"), (state.silence, "silence")):
            for name in names:
                self.say(place, (name,), (*path, key))
        if state.ask is not None:
            self.say(place, (state.ask,), (*path, "ask"))
        self.say(place, (self.script.speech_lost_prompt,), ("speech_lost_prompt",))
        for target in (state.give_up or self.script.give_up, self.script.give_up, self.script.speech_lost):
            self.arrive(replace(place, node=target))
        named = {name for transition in state.on for name in transition.hear}
        for index, transition in enumerate(state.on):
            self.consider(place, transition, (*path, "on", index))
        for index, transition in enumerate(self.script.anywhere):
            if not set(transition.hear) <= named:
                self.consider(place, transition, ("anywhere", index))

    def consider(self, place: _Place, transition: Transition, path: Where) -> None:
        if not self.possible(place, transition.when):
            return
        self.follow(self.known(place, transition.when), transition, path)

    def follow(self, place: _Place, transition: Transition, path: Where) -> None:
        for acted in self.act(place, transition.do, (*path, "do"), transition):
            after = self.say(acted, transition.say, (*path, "say"))
            if transition.go in (STAY, LISTEN, AGAIN):
                state = self.script.states[after.node]
                if transition.go == AGAIN:
                    after = self.say(after, state.say, (*path, "go"))
                if after not in self.seen:
                    self.seen.add(after)
                    self.queue.append(after)
            else:
                self.arrive(replace(after, node=transition.go))

    def possible(self, place: _Place, guards: tuple[str, ...]) -> bool:
        """Whether guards that speak of what is tracked can hold here; the others always may."""
        return all(self.fact(place, guard) is not False for guard in guards)

    def fact(self, place: _Place, guard: str) -> bool | None:
        """Whether a guard holds for certain, certainly does not, or may do either."""
        wanted, name = not guard.startswith("not "), guard.removeprefix("not ")
        known: bool | None = None
        if name in ("verified", "promised"):
            known = getattr(place, name)
        elif name == "charged":
            known = place.charged
        elif self.law is not None and name in ("itemise_always", "may_ask_reason"):
            known = getattr(self.law, name)
        return None if known is None else known is wanted

    def refused(self, place: _Place, guards: tuple[str, ...]) -> _Place | None:
        """What is known where an entry was passed over because its guards did not hold; None: it always is taken."""
        open_ones = [guard for guard in guards if self.fact(place, guard) is not True]
        if not open_ones:
            return None
        if open_ones == ["charged"]:
            return replace(place, charged=False)
        return replace(place, charged=True) if open_ones == ["not charged"] else place

    @staticmethod
    def known(place: _Place, guards: tuple[str, ...]) -> _Place:
        """What a guard that held adds to what is known."""
        if "charged" in guards or "not charged" in guards:
            place = replace(place, charged="charged" in guards)
        if {
            "offer_made",
            "offer_as_asked",
            "offer_cash",
            "offer_instalments",
            "offer_down_payment",
            "offer_stands",
        } & set(guards):
            return replace(place, offered=True)
        return place

    def act(
        self, place: _Place, actions: tuple[Action, ...], path: Where, transition: Transition | None
    ) -> list[_Place]:
        places = [place]
        for action in actions:
            places = [after for before in places for after in self.act_one(before, action.name, path, transition)]
        return places

    def act_one(self, place: _Place, name: str, path: Where, transition: Transition | None) -> list[_Place]:
        if name == "check_identity":
            return [replace(place, verified=True), place]
        if name in _MAKES_OFFER:
            if self.law is not None and self.law.itemise_always and not place.itemised and place.charged is not False:
                message = f"an offer is made before the parts of the amount were said, which {self.place} always wants"
                self.findings.append(Finding(path, f"{message}: say a prompt with {{original}} and {{charges}} first"))
            # The policy may offer nothing; `offer_none` decides, and the rest of a decision has an offer.
            place = replace(place, offered=True)
        if name in _MAKES_OFFER | {"promise", "accept", "set_date"} and not place.verified:
            self.findings.append(
                Finding(path, f"{name} is reachable before the debtor is verified: go by way of identity")
            )
        if name in _NEEDS_OFFER and not place.offered:
            self.findings.append(Finding(path, f"{name} is reachable without an offer: `quote` one first"))
        if place.promised and name in _CHANGES_OFFER | {"confirm", "promise"}:
            self.findings.append(Finding(path, f"{name} is reachable after the promise, which stands: `not promised`"))
        if name == "deliver" and not place.promised:
            self.findings.append(Finding(path, "deliver is reachable before a promise: there is nothing to send yet"))
        if name in _CHANGES_OFFER:
            place = replace(place, accepted=name == "accept", read_back=False, confirmed=False)
        if name == "confirm":
            if not place.read_back:
                self.findings.append(
                    Finding(path, "confirm is reachable without a read-back: say a `reads_back` prompt")
                )
            if transition is None or not set(transition.hear) <= YES:
                self.findings.append(
                    Finding(path, f"confirm must answer a yes: hear only {', '.join(sorted(YES))} there")
                )
            place = replace(place, confirmed=True)
        if name == "promise" and not (place.accepted and place.confirmed):
            self.findings.append(
                Finding(path, "promise is reachable without accept, read-back and a second yes: `confirm` first")
            )
        return [replace(place, promised=True)] if name == "promise" else [place]

    def say(self, place: _Place, names: tuple[str, ...], path: Where) -> _Place:
        for name in names:
            prompt = self.script.prompts[name]
            if prompt.asks_reason and self.law is not None and not self.law.may_ask_reason:
                message = f"prompt {name!r} asks for the reason, which {self.place} forbids"
                self.findings.append(Finding(path, f"{message}: reach it only `when: may_ask_reason`"))
            place = replace(place, told=place.told | self.legal[name])
            if self.secret[name] and place.verified:
                for legal in sorted((self.wanted & BEFORE_THE_DEBT) - place.told):
                    message = f"prompt {name!r} speaks of the debt before {legal} was said, which {self.place} wants"
                    self.findings.append(Finding(path, f"{message}: say {{legal_{legal}}} before it"))
            if {"original", "charges"} <= variables_of(prompt):
                place = replace(place, itemised=True)
            if self.secret[name] and not place.verified:
                message = f"prompt {name!r} speaks of the debt and is reachable before identity is proved"
                self.findings.append(Finding(path, f"{message}: move it behind `verified`"))
            if prompt.reads_back:
                if not place.accepted:
                    self.findings.append(Finding(path, f"{name!r} reads back what was not accepted: `accept` first"))
                place = replace(place, read_back=True)
        return place

    @property
    def place(self) -> str:
        return self.law.place if self.law is not None else "the law"

    def legal_part(self, prompt: Prompt) -> frozenset[str]:
        """The legal texts that are surely said with the prompt: those of every variant."""
        each = [legal_texts(prompt.model_copy(update={"variants": (text,)})) for text in prompt.variants]
        return frozenset.intersection(*each) if each else frozenset()

    def is_secret(self, prompt: Prompt) -> bool:
        """Whether the prompt, with the law's words in it, speaks of the debt."""
        if discloses(prompt) or self.law is None or not legal_texts(prompt):
            return discloses(prompt)
        return any(
            field in CASE_VARIABLES
            for text in prompt.variants
            for _, field in pieces(expand(text, self.law, self.script.legal))
        )


def explore(script: Script, laws: Sequence[SpokenLaw]) -> Iterator[Finding]:
    """Everything that goes wrong on some way through the script, under each of the laws (none: whatever the law)."""
    reached: set[str] = set()
    # Places that ask for the same things make the same walk.
    distinct: dict[Any, SpokenLaw | None] = {_demand(script, law): law for law in reversed(laws)} or {None: None}
    for law in distinct.values():
        walk = _Walk(script, law)
        walk.run()
        yield from walk.findings
        reached |= {place.node for place in walk.seen}
    # A state that one place's law keeps from its debtors is still there for those of another.
    if laws:
        anywhere = _Walk(script, None)
        anywhere.run()
        reached |= {place.node for place in anywhere.seen}
    for name in script.states:
        if name not in reached:
            yield Finding(("states", name), "is never reached: lead there or remove it")


def _demand(script: Script, law: SpokenLaw) -> Any:
    return law.itemise_always, law.may_ask_reason, frozenset((name, law.text(name, script.legal)) for name in TEXTS)
