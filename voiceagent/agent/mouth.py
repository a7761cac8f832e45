"""The mouth: turns prompts into audio on the line, knows what was really played, and can be stopped."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from voiceagent.agent.sentences import Sentence, begin_of, heard, sentences
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SILENCE, seconds
from voiceagent.audio.frames import pad
from voiceagent.base.errors import UnavailableError
from voiceagent.dialogue.events import Say
from voiceagent.speech.protocol import Voice
from voiceagent.telephony.line import Line

log = logging.getLogger(__name__)

#: A prompt is taken up again so often; after that the debtor's silence is waited for, and the script asks anew.
MOST_RESUMES = 2


@dataclass(slots=True)
class Utterance:
    """A prompt on its way out: `begins` is where it starts in the line's count of played bytes."""

    say: Say
    state: str
    pcm: bytes
    parts: tuple[Sentence, ...]
    """Its sentences, those left where it was taken up again."""
    resumed: int = 0
    """How often it was taken up again."""
    written: int = 0
    begins: int = 0
    started_at: float | None = None
    """Monotonic instant of its first fetched sample."""

    @property
    def total_s(self) -> float:
        """Its whole length in seconds."""
        return seconds(len(self.pcm))

    def heard(self, played_s: float) -> str:
        """The words of it that were heard in its first `played_s` seconds."""
        return heard(self.parts, round(played_s / FRAME_S) * FRAME_BYTES)

    def rest(self, played: int) -> Utterance:
        """It again, from the beginning of the sentence that was being said when `played` bytes had been heard."""
        left = self.parts[begin_of(self.parts, played) :]
        start = left[0].begins
        moved = tuple(Sentence(part.text, part.begins - start, part.ends - start) for part in left)
        return Utterance(self.say, self.state, self.pcm[start:], moved, self.resumed + 1)


@dataclass(frozen=True, slots=True)
class Played:
    """What became of an utterance."""

    utterance: Utterance
    played_s: float
    interrupted: bool


class Mouth:
    """Plays utterances one after the other; call `tick` every 20 ms. Playout is what the line acknowledges."""

    def __init__(
        self,
        line: Line,
        voice: Voice,
        now: Callable[[], float],
        *,
        on_started: Callable[[Utterance], None],
        on_ended: Callable[[Played], None],
    ) -> None:
        self._line = line
        self._voice = voice
        self._now = now
        self._on_started = on_started
        self._on_ended = on_ended
        self._queue: deque[Utterance] = deque()
        self._cut: list[Utterance] = []
        self._kept: dict[str, bytes] = {}
        self._end = 0  # where the last written byte ends, in the line's count
        self._closed = False

    async def keep(self, says: Sequence[Say]) -> None:
        """Render prompts into this process ahead of need, so that they can be said when the speech process is dead."""
        for say in says:
            if say.text in self._kept:
                continue
            try:
                self._kept[say.text] = await self._voice.render(say.parts)
            except UnavailableError as error:
                log.warning("prompt %s is not kept for when the voice is lost: %s", say.prompt, error)

    async def prepare(self, says: Sequence[Say]) -> None:
        """Tell the voice what will probably be said next."""
        await self._voice.prepare([say.parts for say in says])

    async def say(self, say: Say, state: str) -> bool:
        """Queue a prompt; False when it could not be rendered (the voice is lost and no copy was kept)."""
        self.let_go()
        if self._closed:
            return True  # nobody is there to hear it
        pcm = self._kept.get(say.text)
        if pcm is None:
            try:
                pcm = await self._voice.render(say.parts)
            except UnavailableError as error:
                log.warning("prompt %s not spoken: %s", say.prompt, error)
                return False
        if self._closed:
            return True
        whole = pad(pcm)  # the line takes whole frames only
        self._queue.append(Utterance(say, state, whole, sentences(say.text, whole)))
        return True

    @property
    def speaking(self) -> bool:
        """Whether anything is queued or not yet fetched by the far side."""
        return bool(self._queue)

    @property
    def current(self) -> Utterance | None:
        """The utterance being played, or about to be."""
        return self._queue[0] if self._queue else None

    def sounding(self) -> bytes:
        """The 20 ms that are being played."""
        current = self.current
        if current is None or current.written == 0:
            return SILENCE
        at = self._played_of(current) // FRAME_BYTES * FRAME_BYTES
        return current.pcm[at : at + FRAME_BYTES] or SILENCE

    def left_s(self) -> float:
        """Seconds of the current utterance still to be played."""
        current = self.current
        if current is None:
            return 0.0
        return current.total_s - seconds(self._played_of(current))

    def all_left_s(self) -> float:
        """Seconds of everything that is still to be played."""
        if not self._queue:
            return 0.0
        return self.left_s() + sum(utterance.total_s for utterance in islice(self._queue, 1, None))

    def protected(self, tail_s: float) -> bool:
        """Whether a prompt that must be heard whole waits its turn, or is being said with more than `tail_s` to go."""
        if not self._queue:
            return False
        waiting = any(not utterance.say.barge_in for utterance in islice(self._queue, 1, None))
        return waiting or (not self._queue[0].say.barge_in and self.left_s() > tail_s)

    def unasked(self) -> bool:
        """Whether the last prompt of what is being said, the question, has not begun yet."""
        return bool(self._queue) and self._queue[-1].started_at is None

    def tick(self) -> None:
        """Move audio to the line and note what was played."""
        played = self._line.played()
        while self._queue:
            head = self._queue[0]
            if head.written and played > head.begins:
                self._begin(head)
            if head.written < len(head.pcm) or played < head.begins + head.written:
                break
            self._queue.popleft()
            self._on_ended(Played(head, head.total_s, interrupted=False))
        for utterance in self._queue:
            if utterance.written == len(utterance.pcm):
                continue
            if utterance.written == 0:
                utterance.begins = max(self._end, played)
            room = self._line.room()
            if room <= 0:
                break
            taken = self._line.play(utterance.pcm[utterance.written : utterance.written + room])
            utterance.written += min(taken, len(utterance.pcm) - utterance.written)
            self._end = utterance.begins + utterance.written
            if utterance.written < len(utterance.pcm):
                break

    @property
    def cut(self) -> bool:
        """Whether something was cut off that `resume` would take up again."""
        return bool(self._cut)

    def let_go(self) -> None:
        """What was cut off will not be taken up again: the conversation has gone on."""
        self._cut.clear()

    def resume(self) -> None:
        """Nothing was said after all: begin the interrupted sentence again, and say what was to follow it."""
        self._queue.extend(self._cut)
        self._cut.clear()

    def stop(self) -> None:
        """Stop now (barge-in): what may be interrupted is set aside, what may not is begun at once."""
        if not self._queue:
            return
        played = self._line.played()
        self._line.flush()
        self._end = self._line.played()
        waiting = list(self._queue)
        self._queue.clear()
        for utterance in waiting:
            begun = utterance.written > 0 and played > utterance.begins
            if begun:
                self._begin(utterance)
            if not utterance.say.barge_in:
                utterance.written = 0
                self._queue.append(utterance)
                continue
            utterance.written = 0
            self._cut.append(utterance.rest(played - utterance.begins) if begun else utterance)
            if begun:  # what was never begun was never said: it is no turn
                heard_s = min(seconds(played - utterance.begins), utterance.total_s)
                self._on_ended(Played(utterance, heard_s, interrupted=True))
        # Taken up behind a prompt that followed it, it would make no sense.
        if self._queue or any(utterance.resumed > MOST_RESUMES for utterance in self._cut):
            self.let_go()

    def close(self) -> None:
        """The line is down: what was begun ends here, whatever it was; nothing more is rendered or queued."""
        self._closed = True
        self.silence()

    def silence(self) -> None:
        """Nobody is there to hear it: what was begun ends here, whatever it was, and what waits is not said."""
        self.let_go()
        played = self._line.played()
        waiting, self._queue = list(self._queue), deque()
        for utterance in waiting:
            if utterance.written > 0 and played > utterance.begins:
                self._begin(utterance)
                heard_s = min(seconds(played - utterance.begins), utterance.total_s)
                self._on_ended(Played(utterance, heard_s, interrupted=heard_s < utterance.total_s))
        if waiting and not self._closed:
            self._line.flush()
            self._end = self._line.played()

    def _begin(self, utterance: Utterance) -> None:
        if utterance.started_at is None:
            utterance.started_at = self._now()
            self._on_started(utterance)

    def _played_of(self, utterance: Utterance) -> int:
        if utterance.written == 0:
            return 0
        return min(len(utterance.pcm), max(0, self._line.played() - utterance.begins))
