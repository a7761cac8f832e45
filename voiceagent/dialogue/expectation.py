"""What a script listens for in one of its states: the same in a call, after it and in a replay."""

from __future__ import annotations

from voiceagent.dialogue.events import Expect
from voiceagent.dialogue.script import Script
from voiceagent.dialogue.spoken import spoken_of

#: Seconds of silence that end a turn, by what is expected; the longest of a state's kinds counts.
END_SILENCE = {
    "yes_no": 0.35, "intent": 0.5, "instalments": 0.7, "date": 0.7, "birth_date": 0.9, "amount": 0.7, "time": 0.7,
    "digits": 0.9, "email": 0.9, "text": 0.8,
}  # fmt: skip
_USUAL = 0.7


def expectation(script: Script, state: str) -> Expect:
    """What is listened for in that state of the script: its own phrases, and what its intents sound like."""
    node = script.states[state]
    among = script.among(state)
    spoken = spoken_of(script.language)
    sentences = [said for intent in among for said in spoken.get(intent, ())]
    slowest = max((END_SILENCE[kind] for kind in node.expect), default=_USUAL)
    return Expect(
        state=state,
        kinds=tuple(kind for kind in node.expect if kind != "text"),
        among=among,
        phrases=tuple(dict.fromkeys([*node.phrases, *sentences])),
        end_silence_s=node.listen.end_silence or slowest,
        no_input_s=node.listen.no_input,
        max_turn_s=node.listen.max_turn,
        sensitive=node.sensitive,
        keys=node.digits or 1,
        digits=(node.digits_from or node.digits, node.digits) if node.digits and "digits" in node.expect else None,
        at_length="text" in node.expect,
    )
