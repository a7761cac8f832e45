"""Proofs about a script: what no conversation can do whatever the debtor says, found on the graph before any call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from voiceagent.dialogue.acts import ACTS, ARGUMENTS
from voiceagent.dialogue.answers import PERIOD_KEYS
from voiceagent.dialogue.finding import Finding, Where
from voiceagent.dialogue.graph import explore
from voiceagent.dialogue.guards import GUARDS, REMEMBERED
from voiceagent.dialogue.law import AT_ONCE, LATER, ON_A_MACHINE, TEXTS, SpokenLaw, without_legal
from voiceagent.dialogue.lengths import CALL_MAX_S, PROMPT_MAX_S, lengths, longest_s
from voiceagent.dialogue.prompts import PromptError, legal_texts, pieces, variables_of
from voiceagent.dialogue.script import AGAIN, ANYTHING, INTENTS, LISTEN, SLOTS, STAY, Action, Script, State, Transition
from voiceagent.dialogue.variables import CASE_VARIABLES, VARIABLES

_DAY_KEYS = frozenset({"day_1", "day_2", "day_3"})


def check(script: Script, laws: Sequence[SpokenLaw] = ()) -> list[Finding]:
    """Everything wrong with a script; empty when it is sound. The graph is only walked when every name exists.

    `laws` are those of every place the script serves: what they want said must be there, and be said in time.
    """
    findings = list(_names(script))
    if not any(finding.is_error for finding in findings):
        findings.extend(_wording(script, laws))
        findings.extend(explore(script, laws if not any(finding.is_error for finding in findings) else ()))
        findings.extend(_endings(script))
        findings.extend(_ladders(script))
        if not any(finding.is_error for finding in findings):
            findings.extend(_durations(script, laws))
    return list(dict.fromkeys(findings))


# --- names ---


def _names(script: Script) -> Iterator[Finding]:
    for key in ("start", "give_up", "speech_lost"):
        yield from _state_named(script, getattr(script, key), (key,))
    for entry, state_name in script.starts.items():
        yield from _state_named(script, state_name, ("starts", entry))
    for key in sorted(name for name in script.legal if name.removesuffix(LATER) not in TEXTS):
        yield Finding(("legal", key), f"no law asks for {key!r}: one of {', '.join(sorted(TEXTS))}")
    yield from _prompts_named(script, (script.speech_lost_prompt,), ("speech_lost_prompt",))
    yield from _prompts_named(script, (script.misheard,) if script.misheard else (), ("misheard",))
    yield from _prompts_named(script, script.reprompt, ("reprompt",))
    for name, prompt in script.prompts.items():
        try:
            legal = {f"legal_{name}" for name in TEXTS}
            unknown = sorted(variables_of(prompt) - VARIABLES.keys() - legal)
        except PromptError as error:
            yield Finding(("prompts", name), error.message)
            continue
        for variable in unknown:
            yield Finding(("prompts", name), f"uses {{{variable}}}: one of {', '.join(sorted(VARIABLES))}")
    yield from _cue_names(script)
    for index, transition in enumerate(script.anywhere):
        path: Where = ("anywhere", index)
        if not transition.hear:
            yield Finding(path, "needs `hear`")
        for name in sorted(script.cues.keys() & set(transition.hear)):
            yield Finding((*path, "hear"), f"{name!r} is a cue: only a state's own `on` hears cues")
        yield from _transition_names(script, transition, path)
    for name, state in script.states.items():
        yield from _state_names(script, name, state)
    used = _used_prompts(script)
    for name in sorted(script.prompts.keys() - used):
        yield Finding(("prompts", name), "is never said: remove it or say it somewhere", is_error=False)


def _cue_names(script: Script) -> Iterator[Finding]:
    heard = {name for state in script.states.values() for transition in state.on for name in transition.hear}
    for name in script.cues:
        if name in INTENTS | SLOTS | {ANYTHING}:
            yield Finding(("cues", name), f"{name!r} is an intent or slot already: choose another word")
        elif name not in heard:
            yield Finding(("cues", name), "no state hears it: remove it or hear it somewhere", is_error=False)


def _state_names(script: Script, name: str, state: State) -> Iterator[Finding]:
    path: Where = ("states", name)
    for key in ("say", "reprompt", "silence"):
        yield from _prompts_named(script, getattr(state, key), (*path, key))
    yield from _prompts_named(script, (state.ask,) if state.ask else (), (*path, "ask"))
    yield from _action_names(state.do, (*path, "do"))
    yield from _action_names(state.hung_up_do, (*path, "hung_up_do"))
    if state.give_up is not None:
        yield from _state_named(script, state.give_up, (*path, "give_up"))
    if state.digits_from is not None and (state.digits is None or state.digits_from > state.digits):
        yield Finding((*path, "digits_from"), "must not be more than `digits`, the most keys that are taken")
    for key, meaning in state.keys.items():
        heard = "date" if meaning in _DAY_KEYS else "period" if meaning in PERIOD_KEYS else meaning
        if heard == meaning and meaning not in INTENTS | script.cues.keys():
            others = ", ".join(sorted(_DAY_KEYS | PERIOD_KEYS))
            yield Finding((*path, "keys", key), f"{meaning!r} is no intent, no cue and none of {others}")
        elif not any({heard, ANYTHING} & set(t.hear) for t in (*state.on, *script.anywhere)):
            yield Finding((*path, "keys", key), f"nothing in `on` hears {heard!r}: the key would do nothing")
    for kind in ("on", "next"):
        for index, transition in enumerate(getattr(state, kind)):
            yield from _transition_names(script, transition, (*path, kind, index))
            if kind == "next" and transition.go in (STAY, LISTEN, AGAIN):
                yield Finding((*path, kind, index), f"a state that decides cannot {transition.go!r}: name a state")


def _transition_names(script: Script, transition: Transition, path: Where) -> Iterator[Finding]:
    for name in transition.hear:
        if name not in INTENTS | SLOTS | {ANYTHING} | script.cues.keys():
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
    used = {script.speech_lost_prompt, *script.reprompt, script.misheard or ""}
    for state in script.states.values():
        used.update((*state.say, *state.reprompt, *state.silence, state.ask or ""))
    for _, transition in script.transitions:
        used.update(transition.say)
    return used


# --- what the law wants said ---


def _wording(script: Script, laws: Sequence[SpokenLaw]) -> Iterator[Finding]:
    """Every text that a place requires exists, can be rendered, and is referred to by some prompt."""
    referred = {name for prompt in script.prompts.values() for name in legal_texts(prompt)}
    for law in laws:
        for name in sorted(law.required & TEXTS):
            text = law.text(name, script.legal)
            if text is None:
                where = f"`legal` here, or duty.{name}.say.{script.language} in {law.place}.yaml"
                yield Finding(("serves",), f"{law.place} wants {name} said and it has no wording: write it in {where}")
                continue
            if text and name not in referred:
                yield Finding(("serves",), f"{law.place} wants {name} said: put {{legal_{name}}} into a prompt")
            for said in (text, law.text(name, script.legal, first_contact=False) or ""):
                yield from _wording_of(law, name, said)


def _wording_of(law: SpokenLaw, name: str, text: str) -> Iterator[Finding]:
    try:
        used = {field for _, field in pieces(text) if field is not None}
    except PromptError as error:
        yield Finding(("serves",), f"{law.place}, {name}: {error.message}")
        return
    for field in sorted(used - VARIABLES.keys()):
        yield Finding(("serves",), f"{law.place}, {name} uses {{{field}}}: one of {', '.join(sorted(VARIABLES))}")
    if name in AT_ONCE | ON_A_MACHINE and used & CASE_VARIABLES:
        yield Finding(("serves",), f"{law.place}, {name} speaks of the debt and is said before identity is proved")


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


# --- the ladder of a question that is not answered, and how long everything takes ---


def _ladders(script: Script) -> Iterator[Finding]:
    """A debtor who is not understood can always go on by keys, and is told which."""
    for name, state in script.states.items():
        if not state.on:
            continue
        if not (state.keys or state.digits):
            yield Finding(("states", name), "listens and takes no keys: give it `keys` or `digits`")
            continue
        for key in ("reprompt", "silence"):
            ladder: tuple[str, ...] = getattr(state, key) or (script.reprompt if key == "reprompt" else ())
            climbed = ladder[: script.limits.errors_per_state]
            if climbed and not script.prompts[climbed[-1]].tells_keys:
                message = f"the last that is asked, {climbed[-1]!r}, does not tell the keys"
                yield Finding(("states", name, key), f"{message}: end with a prompt that has `tells_keys: true`")


def _durations(script: Script, laws: Sequence[SpokenLaw]) -> Iterator[Finding]:
    """Nothing is said for too long at once, and a debtor who answers everything is soon done."""
    estimated = lengths(script, laws)
    for name, seconds in estimated.prompts.items():
        # What the law dictates word for word takes as long as it takes.
        ours = any(without_legal(text) for text in script.prompts[name].variants)
        if ours and seconds > PROMPT_MAX_S:
            limit = f"{seconds:.0f} s to say and {PROMPT_MAX_S:.0f} s is the most"
            yield Finding(("prompts", name), f"takes about {limit}: shorten it or say it as two prompts")
    for entry in script.entries:
        seconds = longest_s(script, estimated, entry)
        if seconds > CALL_MAX_S:
            limit = f"{seconds / 60:.1f} min and {CALL_MAX_S / 60:.0f} min is the most"
            yield Finding(("states", entry), f"a conversation from here can take {limit}: shorten prompts or ways")
