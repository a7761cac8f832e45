"""Proofs about a script: what no conversation can do whatever the debtor says, found on the graph before any call."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from voiceagent.dialogue.acts import ACTS, ARGUMENTS
from voiceagent.dialogue.guards import GUARDS, REMEMBERED
from voiceagent.dialogue.prompts import PromptError, discloses, variables_of
from voiceagent.dialogue.script import AGAIN, ANYTHING, INTENTS, LISTEN, SLOTS, STAY, Action, Script, State, Transition
from voiceagent.dialogue.turn import YES
from voiceagent.dialogue.variables import VARIABLES

Where = tuple[str | int, ...]

#: Actions that put another offer on the table, so that what was read back before no longer counts.
_CHANGES_OFFER = frozenset({"quote", "counter", "set_date", "refuse_offer", "accept"})
_NEEDS_OFFER = frozenset({"set_date", "accept"})
_DAY_KEYS = frozenset({"day_1", "day_2", "day_3"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: where in the file, and one line that says what and what to do."""

    path: Where
    message: str
    is_error: bool = True


def check(script: Script) -> list[Finding]:
    """Everything wrong with a script; empty when it is sound. The graph is only walked when every name exists."""
    findings = list(_names(script))
    if not any(finding.is_error for finding in findings):
        findings.extend(_graph(script))
        findings.extend(_endings(script))
    return list(dict.fromkeys(findings))


# --- names ---


def _names(script: Script) -> Iterator[Finding]:
    for key in ("start", "give_up", "speech_lost"):
        yield from _state_named(script, getattr(script, key), (key,))
    yield from _prompts_named(script, (script.speech_lost_prompt,), ("speech_lost_prompt",))
    yield from _prompts_named(script, script.reprompt, ("reprompt",))
    for name, prompt in script.prompts.items():
        try:
            unknown = sorted(variables_of(prompt) - VARIABLES.keys())
        except PromptError as error:
            yield Finding(("prompts", name), error.message)
            continue
        for variable in unknown:
            yield Finding(("prompts", name), f"uses {{{variable}}}: one of {', '.join(sorted(VARIABLES))}")
    for index, transition in enumerate(script.anywhere):
        path: Where = ("anywhere", index)
        if not transition.hear:
            yield Finding(path, "needs `hear`")
        yield from _transition_names(script, transition, path)
    for name, state in script.states.items():
        yield from _state_names(script, name, state)
    used = _used_prompts(script)
    for name in sorted(script.prompts.keys() - used):
        yield Finding(("prompts", name), "is never said: remove it or say it somewhere", is_error=False)


def _state_names(script: Script, name: str, state: State) -> Iterator[Finding]:
    path: Where = ("states", name)
    for key in ("say", "reprompt", "silence"):
        yield from _prompts_named(script, getattr(state, key), (*path, key))
    yield from _prompts_named(script, (state.ask,) if state.ask else (), (*path, "ask"))
    yield from _action_names(state.do, (*path, "do"))
    yield from _action_names(state.hung_up_do, (*path, "hung_up_do"))
    if state.give_up is not None:
        yield from _state_named(script, state.give_up, (*path, "give_up"))
    for key, meaning in state.keys.items():
        if meaning not in INTENTS | _DAY_KEYS:
            yield Finding((*path, "keys", key), f"{meaning!r} is no intent and none of {', '.join(sorted(_DAY_KEYS))}")
        elif meaning in INTENTS and not any(meaning in t.hear for t in (*state.on, *script.anywhere)):
            yield Finding((*path, "keys", key), f"nothing in `on` hears {meaning!r}: the key would do nothing")
    for kind in ("on", "next"):
        for index, transition in enumerate(getattr(state, kind)):
            yield from _transition_names(script, transition, (*path, kind, index))
            if kind == "next" and transition.go in (STAY, LISTEN, AGAIN):
                yield Finding((*path, kind, index), f"a state that decides cannot {transition.go!r}: name a state")


def _transition_names(script: Script, transition: Transition, path: Where) -> Iterator[Finding]:
    for name in transition.hear:
        if name not in INTENTS | SLOTS | {ANYTHING}:
            yield Finding((*path, "hear"), f"{name!r} is no intent and no slot: see docs/writing-a-script.md")
    for guard in transition.when:
        plain = guard.removeprefix("not ")
        if plain.startswith(REMEMBERED):
            if not any(_remembers(script, plain.removeprefix(REMEMBERED))):
                yield Finding((*path, "when"), f"{guard!r}: nothing does `remember: {plain.removeprefix(REMEMBERED)}`")
        elif plain not in GUARDS:
            yield Finding((*path, "when"), f"unknown guard {plain!r}: one of {', '.join(sorted(GUARDS))}")
    yield from _action_names(transition.do, (*path, "do"))
    yield from _prompts_named(script, transition.say, (*path, "say"))
    if transition.go not in (STAY, LISTEN, AGAIN):
        yield from _state_named(script, transition.go, (*path, "go"))


def _state_named(script: Script, name: str, path: Where) -> Iterator[Finding]:
    if name not in script.states:
        yield Finding(path, f"there is no state {name!r}: write it or correct the name")


def _prompts_named(script: Script, names: Iterable[str], path: Where) -> Iterator[Finding]:
    for name in names:
        if name not in script.prompts:
            yield Finding(path, f"there is no prompt {name!r}: write it or correct the name")


def _action_names(actions: Iterable[Action], path: Where) -> Iterator[Finding]:
    for action in actions:
        if action.name not in ACTS:
            yield Finding(path, f"unknown action {action.name!r}: one of {', '.join(sorted(ACTS))}")
            continue
        allowed = ARGUMENTS[action.name]
        if allowed is None:
            if not action.argument:
                yield Finding(path, f"{action.name} needs a word: write {{{action.name}: word}}")
        elif action.argument not in (allowed or ("",)):
            said = ", ".join(word for word in allowed if word) or "nothing"
            yield Finding(path, f"{action.name} takes {said}, not {action.argument!r}")


def _remembers(script: Script, mark: str) -> Iterator[bool]:
    for _, transition in script.transitions:
        yield from (a.name == "remember" and a.argument == mark for a in transition.do)
    for state in script.states.values():
        yield from (a.name == "remember" and a.argument == mark for a in state.do)


def _used_prompts(script: Script) -> set[str]:
    used = {script.speech_lost_prompt, *script.reprompt}
    for state in script.states.values():
        used.update((*state.say, *state.reprompt, *state.silence, state.ask or ""))
    for _, transition in script.transitions:
        used.update(transition.say)
    return used


# --- what every conversation can reach ---


@dataclass(frozen=True, slots=True)
class _Place:
    """A state together with what is known for certain on arriving there."""

    node: str
    verified: bool = False
    offered: bool = False
    accepted: bool = False
    read_back: bool = False
    confirmed: bool = False


class _Walk:
    """Explores every place a conversation can be in and collects what goes wrong on the way."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.findings: list[Finding] = []
        self.seen: set[_Place] = set()
        self.queue: deque[_Place] = deque()

    def run(self) -> None:
        self.arrive(_Place(self.script.start))
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
            # A later entry is only reached where this one's verification guard failed.
            if transition.when == ("verified",):
                held = [option for option in held if not option.verified]
            elif transition.when == ("not verified",):
                held = [option for option in held if option.verified]

    def listen(self, place: _Place, state: State) -> None:
        path: Where = ("states", place.node)
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
        facts = {"verified": place.verified, "promised": place.confirmed and None}
        for guard in guards:
            wanted, name = not guard.startswith("not "), guard.removeprefix("not ")
            known = facts.get(name)
            if known is not None and known is not wanted:
                return False
        return True

    @staticmethod
    def known(place: _Place, guards: tuple[str, ...]) -> _Place:
        """What a guard that held adds to what is known."""
        if {"offer_made", "offer_as_asked", "offer_cash", "offer_instalments", "offer_down_payment"} & set(guards):
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
        if name in ("quote", "counter"):
            # The policy may offer nothing; `offer_none` decides, and the rest of a decision has an offer.
            place = replace(place, offered=True)
        if name in ("promise", "accept", "set_date", "quote", "counter") and not place.verified:
            self.findings.append(
                Finding(path, f"{name} is reachable before the debtor is verified: go by way of identity")
            )
        if name in _NEEDS_OFFER and not place.offered:
            self.findings.append(Finding(path, f"{name} is reachable without an offer: `quote` one first"))
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
        return [place]

    def say(self, place: _Place, names: tuple[str, ...], path: Where) -> _Place:
        for name in names:
            prompt = self.script.prompts[name]
            if discloses(prompt) and not place.verified:
                message = f"prompt {name!r} speaks of the debt and is reachable before identity is proved"
                self.findings.append(Finding(path, f"{message}: move it behind `verified`"))
            if prompt.reads_back:
                if not place.accepted:
                    self.findings.append(Finding(path, f"{name!r} reads back what was not accepted: `accept` first"))
                place = replace(place, read_back=True)
        return place


def _graph(script: Script) -> Iterator[Finding]:
    walk = _Walk(script)
    walk.run()
    yield from walk.findings
    reached = {place.node for place in walk.seen}
    for name in script.states:
        if name not in reached:
            yield Finding(("states", name), "is never reached: lead there or remove it")


# --- endings ---


def _ways(script: Script, name: str, *, listening: bool) -> set[str]:
    """The states that can follow directly; with `listening`, also those that need words."""
    state = script.states[name]
    ways = {transition.go for transition in state.next}
    if listening and state.on:
        ways |= {transition.go for transition in (*state.on, *script.anywhere)}
        ways |= {state.give_up or script.give_up, script.give_up, script.speech_lost}
    return ways - {STAY, LISTEN, AGAIN}


def _endings(script: Script) -> Iterator[Finding]:
    ending = {name for name, state in script.states.items() if state.end is not None}
    while True:
        more = {name for name in script.states.keys() - ending if _ways(script, name, listening=True) & ending}
        if not more:
            break
        ending |= more
    for name in sorted(script.states.keys() - ending):
        yield Finding(("states", name), "no way leads from here to an `end`: give it one")
    for key in ("give_up", "speech_lost"):
        name = getattr(script, key)
        if any(script.states[place].on for place in _closure(script, name)):
            yield Finding((key,), f"{name!r} leads to a state that listens: it must end the call by itself")
    for name in script.states:
        if name in _closure(script, name, beyond=True):
            yield Finding(("states", name), "decides in a circle without listening: it would never end")


def _closure(script: Script, name: str, *, beyond: bool = False) -> set[str]:
    """The states entered without any word being said, from `name` on (or `beyond` it)."""
    reached: set[str] = set() if beyond else {name}
    frontier = [name]
    while frontier:
        for way in _ways(script, frontier.pop(), listening=False):
            if way not in reached:
                reached.add(way)
                frontier.append(way)
    return reached
