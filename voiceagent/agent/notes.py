"""Notes of the turns, both sides, with the latency of each answer; identity answers leave no words behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from voiceagent.agent.ears import HeardTurn
from voiceagent.agent.mouth import Played, Utterance
from voiceagent.agent.ports import AgentTurn, DebtorTurn, Record
from voiceagent.dialogue.events import Expect, Keyed, NoInput, Understanding


class Notes:
    """Passive: told what happened, tells the record. A debtor's turn is noted once its answer begins or cannot."""

    def __init__(self, record: Record, now: Callable[[], float]) -> None:
        self._record, self._now = record, now
        self._waiting: DebtorTurn | None = None
        self._marks: list[tuple[str, float]] = []
        self.agent_turns = 0
        self.debtor_turns = 0

    def heard(self, turn: HeardTurn, understanding: Understanding, *, state: str, result: str) -> None:
        """A recognised turn; `result` as in DebtorTurn."""
        sensitive = turn.expect.sensitive
        self._begin(
            DebtorTurn(
                n=self.debtor_turns + 1,
                state=state,
                text="" if sensitive else turn.hypothesis.text,
                confidence=round(understanding.confidence, 3),
                intent=understanding.intent,
                slots={} if sensitive else dict(understanding.slots),
                engine=turn.hypothesis.engine,
                result=result,
                started_s=round(turn.started_s, 3),
                ended_s=round(turn.ended_s, 3),
                sensitive=sensitive,
                recognise_ms=round(turn.hypothesis.ms, 1),
            )
        )
        self._marks = [("vad", turn.decided_s), ("asr", turn.heard_s), ("nlu", self._now())]

    def decided(self) -> None:
        """The script has made up its mind about what was last noted."""
        if self._marks:
            self._marks = [*self._marks[:3], ("policy", self._now())]

    def other(
        self, event: NoInput | Keyed, *, state: str, expect: Expect | None, at_s: float, ignored: bool = False
    ) -> None:
        """Silence, or keys; `ignored`: they were no answer."""
        sensitive = expect is not None and expect.sensitive
        keyed = isinstance(event, Keyed)
        self._begin(
            DebtorTurn(
                n=self.debtor_turns + 1,
                state=state,
                text=event.digits if isinstance(event, Keyed) and not sensitive else "",
                confidence=1.0 if keyed else 0.0,
                intent=None,
                slots={},
                engine="dtmf" if keyed else "",
                result="ignored" if ignored else "dtmf" if keyed else "no_input",
                started_s=round(at_s, 3),
                ended_s=round(at_s, 3),
                sensitive=sensitive,
            )
        )

    def prompt_started(self, utterance: Utterance) -> None:
        """The first sample of a prompt was fetched: that answers the waiting turn."""
        if self.agent_turns == 0:
            self._record.first_audio()
        self.agent_turns += 1
        self._finish(utterance.started_at)

    def prompt_ended(self, played: Played, *, at_s: float) -> None:
        """A prompt was played out or cut."""
        utterance = played.utterance
        self._record.agent_turn(
            AgentTurn(
                n=self.agent_turns,
                state=utterance.state,
                prompt=utterance.say.prompt,
                variant=utterance.say.variant,
                text=utterance.heard(played.played_s),
                started_s=round(at_s if utterance.started_at is None else utterance.started_at, 3),
                played_s=round(played.played_s, 3),
                total_s=round(utterance.total_s, 3),
                interrupted=played.interrupted,
            )
        )

    def close(self) -> None:
        """The call is over: what waits will not be answered."""
        self._finish(None)

    def _begin(self, turn: DebtorTurn) -> None:
        self._finish(None)
        self._marks = []
        self.debtor_turns += 1
        if turn.result == "ignored":
            self._record.debtor_turn(turn)
        else:
            self._waiting = turn

    def _finish(self, first_audio_s: float | None) -> None:
        turn, self._waiting = self._waiting, None
        if turn is not None:
            # Silence has no end from which an answer could be late.
            latency, stages = None, {}
            if first_audio_s is not None and turn.result != "no_input":
                latency = round(first_audio_s - turn.ended_s, 3)
                stages = self._stages(turn.ended_s, first_audio_s)
            self._record.debtor_turn(replace(turn, latency_s=latency, stages=stages))

    def _stages(self, ended_s: float, first_audio_s: float) -> dict[str, float]:
        if not self._marks:
            return {}
        stages, since = {}, ended_s
        for stage, at in [*self._marks, ("tts", first_audio_s)]:
            stages[stage] = round(max(0.0, at - since), 3)
            since = at
        return stages
