"""The conversation as a pure function: a state and an event give a new state and effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.acts import ACTS, CEASED, BrokenScriptError
from voiceagent.dialogue.answers import keyed, tokens_of, with_cue
from voiceagent.dialogue.briefed import fit_for_a_call
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Effect,
    Expect,
    FarHungUp,
    HandedOver,
    HandOver,
    Hangup,
    Heard,
    Keyed,
    LeaveOffer,
    MachineAnswered,
    NoInput,
    Rung,
    SpeechLost,
    Understanding,
)
from voiceagent.dialogue.expectation import expectation
from voiceagent.dialogue.guards import holds
from voiceagent.dialogue.prompts import render
from voiceagent.dialogue.script import AGAIN, ANYTHING, INTENTS, LISTEN, STAY, Action, Script, State, Transition
from voiceagent.dialogue.state import Briefing, ConversationState
from voiceagent.dialogue.turn import Turn

_LONGEST_CHAIN = 30
#: The mark that a turn leaves which was not understood on a noisy line or by a slow recogniser.
HARD = "hard_to_hear"

#: Endings after which what was offered may still be taken up.
_LEAVES_OPEN = frozenset({Disposition.CB, Disposition.CPC_NEG, Disposition.NOMON})


@dataclass(frozen=True, slots=True)
class Machine:
    """One script applied to one call. Immutable: everything that changes is in ConversationState."""

    script: Script
    briefing: Briefing

    def start(self, entry: Entry = Entry.OUTBOUND) -> ConversationState:
        """The state before anything happened; `step` it with CallAnswered.

        BadInputError when the call cannot be held as briefed: better no call than nonsense, or a law left unsaid.
        """
        fit_for_a_call(self.script, self.briefing, entry)
        node = self.script.starts.get(entry, self.script.start)
        return ConversationState(node=node, hung_up_as=self.script.if_hung_up)

    def step(self, state: ConversationState, event: DialogueEvent) -> tuple[ConversationState, tuple[Effect, ...]]:
        """What `event` leads to. After the end nothing has effects any more."""
        if state.ended is not None:
            return self._after_the_end(state, event)
        turn = Turn(self.script, self.briefing, state)
        if isinstance(event, CallAnswered):
            self._enter(turn, state.node)
        elif isinstance(event, FarHungUp):
            self._far_hung_up(turn)
        elif self.script.states[state.node].hand_over is not None or isinstance(event, HandedOver):
            self._handed_over(turn, event)
        elif isinstance(event, SpeechLost):
            self._speech_lost(turn, event)
        elif isinstance(event, MachineAnswered):
            self._machine_answered(turn, event)
        else:
            self._answered(turn, event)
        return turn.state, tuple(turn.effects)

    def expectation(self, state: ConversationState) -> Expect:
        """What the conversation listens for in `state`."""
        expect = expectation(self.script, state.node)
        return replace(expect, kinds=()) if state.speech_lost else expect

    def cued(self, state: ConversationState, meant: Understanding) -> Understanding:
        """What was understood, with the cue of the script that its words hold (slot `cue`), if any."""
        return with_cue(self.script, state.node, meant)

    def _after_the_end(
        self, state: ConversationState, event: DialogueEvent
    ) -> tuple[ConversationState, tuple[Effect, ...]]:
        """Only one thing is still heard while the last words are said: "stop calling me". A promise made stays made."""
        stopping = isinstance(event, Heard) and event.understanding.intent == "cease"
        if not stopping or CEASED in state.marks:
            return state, ()
        target = next(entry.go for entry in self.script.anywhere if "cease" in entry.hear)
        turn = Turn(self.script, self.briefing, replace(state, ended=None))
        self._enter(turn, target)
        return turn.state, tuple(turn.effects)

    def _end(self, turn: Turn, outcome: Disposition) -> None:
        """The call is over. A promise made stays made, and what to pay it with is on its way, whatever came after."""
        if turn.state.promised is not None:
            outcome = Disposition.PTP
            ACTS["deliver"](turn, "later" if CEASED in turn.state.marks else "text")
        elif turn.state.verified:
            self._leave_offer(turn, outcome)
        turn.change(ended=outcome)
        turn.emit(Hangup(outcome))

    def _leave_offer(self, turn: Turn, outcome: Disposition) -> None:
        """An offer nobody refused is there for the next call; an earlier one that was refused is not any more."""
        offer = turn.state.offer
        on_table = offer is not None and offer.instalments and all(offer.terms != o.terms for o in turn.state.rejected)
        if on_table and outcome in _LEAVES_OPEN:
            turn.change(left_open=True)
            turn.emit(LeaveOffer(offer))
        elif (turn.state.left_open or self.briefing.open_offer is not None) and (
            offer is not None or outcome not in _LEAVES_OPEN
        ):
            turn.change(left_open=False)
            turn.emit(LeaveOffer(None))

    # --- events -----------------------------------------------------------------------------------------------------

    def _far_hung_up(self, turn: Turn) -> None:
        outcome = turn.state.hung_up_as
        if outcome is Disposition.HUP and not turn.state.heard and turn.state.errors_call > 0:
            outcome = Disposition.SIL
        self._act(turn, self.script.states[turn.state.node].hung_up_do)
        self._end(turn, outcome)

    def _machine_answered(self, turn: Turn, event: MachineAnswered) -> None:
        """Hang up; who proved who they are is no machine."""
        if turn.state.verified:
            return
        voicemail = next((entry.go for entry in self.script.anywhere if "voicemail" in entry.hear), None)
        if event.mailbox and voicemail is not None:
            self._enter(turn, voicemail)
        else:
            self._end(turn, event.disposition)

    def _handed_over(self, turn: Turn, event: DialogueEvent) -> None:
        """While the debtor is being given to people only what comes of that counts."""
        node = self.script.states[turn.state.node]
        if node.hand_over is None or not isinstance(event, HandedOver):
            return
        if event.taken:
            self._end(turn, Disposition.XFER)
        else:
            self._enter(turn, self._decided(turn, node))

    def _speech_lost(self, turn: Turn, event: SpeechLost) -> None:
        node = self.script.states[turn.state.node]
        already = turn.state.speech_lost
        turn.change(speech_lost=True)
        if event.voice or already or not (node.keys or node.digits):
            self._enter(turn, self.script.speech_lost)
            return
        self._say(turn, (self.script.speech_lost_prompt, *self._keyed_prompts(node)))
        turn.emit(self.expectation(turn.state))

    def _answered(self, turn: Turn, event: Heard | Keyed | NoInput) -> None:
        turn.change(turns=turn.state.turns + 1)
        node = self.script.states[turn.state.node]
        if isinstance(event, NoInput):
            turn.words = Understanding()
        elif isinstance(event, Keyed):
            turn.words = keyed(self.script, turn.state, event.digits, self.briefing.today)
            turn.change(heard=True)
        else:
            turn.words = event.understanding
            turn.change(heard=turn.state.heard or bool(turn.words.text) or _says_something(turn.words))
        if turn.state.turns > self.script.limits.turns:
            self._enter(turn, self.script.give_up)
            return
        if not isinstance(event, NoInput):
            found = self._match(turn, node)
            if found is not None:
                transition, turn.trigger = found
                self._follow(turn, transition)
                return
        hard = isinstance(event, Heard) and event.hard
        self._not_understood(turn, node, silent=isinstance(event, NoInput), hard=hard)

    # --- transitions ------------------------------------------------------------------------------------------------

    def _match(self, turn: Turn, node: State) -> tuple[Transition, str] | None:
        """The transition the words choose, with what of the words chose it."""
        tokens = tokens_of(turn.words)
        own_names = {name for transition in node.on for name in transition.hear}
        own_slot = any(name in tokens for name in own_names - INTENTS - {ANYTHING})
        everywhere = [t for t in self.script.anywhere if turn.words.intent in t.hear]
        # "Já paguei dia dez" in answer to "qual dia?" is no date to pay on: what may be said anywhere goes first,
        # unless the state knows the intent itself or the entry gives way to the slot that was asked for.
        urgent = [t for t in everywhere if turn.words.intent not in own_names and not (t.yields and own_slot)]
        for transition in (*urgent, *node.on, *everywhere):
            heard = next((name for name in transition.hear if name in tokens), None)
            if heard is not None and all(holds(turn, guard) for guard in transition.when):
                return transition, heard
        return None

    def _follow(self, turn: Turn, transition: Transition) -> None:
        self._act(turn, transition.do)
        self._say(turn, transition.say)
        if transition.go not in (STAY, LISTEN, AGAIN):
            self._enter(turn, transition.go)
            return
        node = self.script.states[turn.state.node]
        if transition.go == AGAIN:
            self._say(turn, node.say)
        elif transition.go == STAY:
            question = node.ask or (node.say[-1] if node.say else None)
            self._say(turn, (question,) if question is not None else ())
        turn.emit(self.expectation(turn.state))

    def _not_understood(self, turn: Turn, node: State, *, silent: bool, hard: bool = False) -> None:
        here, call = turn.state.errors_here + 1, turn.state.errors_call + 1
        limits = self.script.limits
        ladder = (silent and node.silence) or node.reprompt or self.script.reprompt
        if hard:
            # Where words failed once on such a line, the keys are told at once instead of asking for more words.
            keys = [step for step, name in enumerate(ladder, 1) if self.script.prompts[name].tells_keys]
            here = keys[0] if HARD in turn.state.marks and keys and here < keys[0] else here
            turn.mark(HARD)
        turn.change(errors_here=here, errors_call=call)
        if call > limits.errors_per_call or here > min(limits.errors_per_state, len(ladder)):
            turn.emit(Rung("give_up", silent))
            own = node.give_up if call <= limits.errors_per_call else None
            self._enter(turn, own or self.script.give_up)
            return
        step = ladder[here - 1]
        turn.emit(Rung("keys" if self.script.prompts[step].tells_keys else "shorter", silent))
        apology = (self.script.misheard,) if self.script.misheard is not None and not silent else ()
        self._say(turn, (*apology, step))
        turn.emit(self.expectation(turn.state))

    def _enter(self, turn: Turn, name: str) -> None:
        """Go to a state and on through states that decide, until one listens or ends the call."""
        for _ in range(_LONGEST_CHAIN):
            node = self.script.states[name]
            turn.change(node=name, errors_here=0, read_back=None)
            if node.if_hung_up is not None:
                turn.change(hung_up_as=node.if_hung_up)
            self._act(turn, node.do)
            self._say(turn, node.say)
            if node.end is not None:
                self._end(turn, node.end)
                return
            if not node.next:
                if turn.state.speech_lost:
                    if not (node.keys or node.digits):
                        # Nobody hears any more what this state asks for.
                        name = self.script.speech_lost
                        continue
                    self._say(turn, self._keyed_prompts(node))
                turn.emit(self.expectation(turn.state))
                return
            if node.hand_over is not None:
                self._hand_over(turn, node.hand_over)
                return
            name = self._decided(turn, node)
        raise BrokenScriptError(f"state {name!r} decides in a circle")

    def _decided(self, turn: Turn, node: State) -> str:
        """The way on of a state that decides; what the transition does and says has happened."""
        transition = next(t for t in node.next if all(holds(turn, guard) for guard in t.when))
        self._act(turn, transition.do)
        self._say(turn, transition.say)
        return transition.go

    def _hand_over(self, turn: Turn, queue: str) -> None:
        state = turn.state
        offer = state.offer if state.verified and state.offer is not None and state.offer.instalments else None
        reason = turn.words.intent or state.node
        turn.emit(HandOver(queue, reason, state.verified, offer, state.promised, state.note))

    # --- what a transition is made of -------------------------------------------------------------------------------

    def _act(self, turn: Turn, actions: Sequence[Action]) -> None:
        for action in actions:
            ACTS[action.name](turn, action.argument)

    def _say(self, turn: Turn, names: Sequence[str]) -> None:
        for name in names:
            times = turn.state.times_said(name)
            said = render(self.script, name, times, self.briefing, turn.state)
            if not said.parts:
                # Nothing but legal texts that this place does not ask for.
                continue
            turn.emit(said)
            turn.change(said=(*(pair for pair in turn.state.said if pair[0] != name), (name, times + 1)))
            if self.script.prompts[name].reads_back:
                turn.change(read_back=turn.state.agreement)

    def _keyed_prompts(self, node: State) -> tuple[str, ...]:
        """The last reprompt tells the keys."""
        ladder = node.reprompt or self.script.reprompt
        return ladder[-1:]


def _says_something(words: Understanding) -> bool:
    return words.intent is not None or bool(words.slots) or words.ambiguous
