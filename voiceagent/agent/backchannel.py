"""What is said over the agent without a wish to interrupt: "uhum", and a cough in which a recogniser found words."""

from __future__ import annotations

from collections.abc import Mapping

from voiceagent.agent.ears import HeardTurn
from voiceagent.agent.turns import TurnSettings
from voiceagent.dialogue.events import Understanding

#: So few words wish nothing: some without meaning, or a bare yes to what was not asked yet.
_FEW: Mapping[str | None, int] = {None: 2, "yes": 1, "accept": 1}
_SURE = 0.9
#: Fast speech has some 18 letters a second, and a turn's edges are not all counted as speech.
_LETTERS_A_SECOND, _LETTERS_MORE = 22.0, 5


def says_go_on(turn: HeardTurn, understanding: Understanding, settings: TurnSettings) -> bool:
    """Whether the agent goes on as if nothing was said: a short something, said over it, that surely means nothing."""
    if not turn.over:
        return False
    if _sooner_than_anybody_says(turn.hypothesis.text, turn.speech_s):
        return True
    slots = understanding.slots
    bare = slots.keys() <= {"yes_no"} and slots.get("yes_no") is not False and not understanding.alternatives
    if not bare or turn.speech_s > settings.backchannel_s:
        return False
    words = len(turn.hypothesis.text.split())
    if words <= _FEW.get(understanding.intent, 0):
        return True
    doubted = turn.speech_s <= settings.grunt_s or bool(turn.hypothesis.reason)
    return doubted and (understanding.intent is None or understanding.confidence < _SURE)


def _sooner_than_anybody_says(text: str, speech_s: float) -> bool:
    return sum(map(str.isalpha, text)) > speech_s * _LETTERS_A_SECOND + _LETTERS_MORE
