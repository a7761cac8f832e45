"""Who or what has answered: a person, or which kind of machine, from the line's sounds, the speech's length and words.

Whoever it cannot tell is a person. A person's "alô" is answered at once; a machine's greeting is listened to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voiceagent.agent.ears import HeardTurn
from voiceagent.agent.turns import OPENING
from voiceagent.audio.format import FRAME_S
from voiceagent.audio.frames import split
from voiceagent.audio.signals import Signal, SignalDetector, Signalled
from voiceagent.dialogue.answerers import FILED_AS, AnsweredBy, MachinePhrases, Phrase
from voiceagent.dialogue.events import MachineAnswered


@dataclass(frozen=True, slots=True)
class AnswererSettings:
    """Seconds and counts by which a machine is told from a person."""

    no_speech_s: float = 2.0
    """Nobody has said anything for so long after the answer, or after music: the agent speaks first."""
    short_s: float = 1.4
    """Who says no more than this on lifting the phone is answered at once, whatever the words are."""
    words_within_s: float = 0.4
    """A longer turn's words are waited for so long after its end."""
    at_length_s: float = 3.5
    """From here on a turn is long for somebody who lifts the phone."""
    monologue_s: float = 6.5
    """Who speaks this long, and so many words, without waiting for an answer is a machine."""
    monologue_words: int = 15
    hints: int = 2
    """So many things that machines say often and people seldom, before the agent has spoken, are a machine's."""
    hints_later: int = 3
    """The same of a long turn after that: who talks with the agent says some of them."""
    most_wait_s: float = 12.0
    """The agent speaks after that, whoever is still speaking; unless it rings."""
    ring_s: float = 6.0
    """How long after a ring the next one may come."""
    ringing_s: float = 30.0
    """It rings for so long: nobody will come."""
    beep_alone_s: float = 3.8
    """A beep after no words may be a fax's, or the first of a busy line's: wait for the second."""
    beep_s: float = 0.5
    """A beep after words needs less: it was a busy line's if the next one has begun then."""
    words_before_beep_s: float = 1.5
    announcement_s: float = 1.5
    """Quiet after an announcement, in which "leave a message" may still come."""
    tones_s: float = 3.0
    """The same after special information tones, which an announcement follows."""
    recording_s: float = 2.0
    """Quiet after a voicemail's words without a beep, from which it is recording."""
    goes_on_s: float = 1.0
    """A turn that begins so soon after the agent's first word is what was being said before it, after a pause."""
    watch_s: float = 25.0
    """From the answer on; who was taken for a person until then is one for good, unless nobody answers the agent."""
    unanswered_s: float = 60.0
    """So long, if nobody does: from `watch_s` on only by what recordings alone say."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found at the other end; seconds count from the answer."""

    kind: AnsweredBy
    evidence: str
    """What told it: "short", "words", "phrase: after the tone (0.97)", "beep", "monologue", ..."""
    at_s: float
    latency_s: float
    """From the end of the sound that told it."""
    speech_s: float
    """Speech heard until then."""

    @property
    def machine(self) -> bool:
        """Whether nobody is there."""
        return self.kind in FILED_AS


#: Kinds whose words are held back: a voicemail's may follow.
_ANNOUNCED = (AnsweredBy.UNAVAILABLE, AnsweredBy.OUT_OF_SERVICE)
#: A verdict gives way to a later one that says more.
_RANK = (
    AnsweredBy.SILENCE,
    AnsweredBy.HUMAN,
    AnsweredBy.RINGING,
    AnsweredBy.CONGESTION,
    AnsweredBy.BUSY,
    AnsweredBy.MENU,
    AnsweredBy.SCREENING,
    AnsweredBy.UNAVAILABLE,
    AnsweredBy.OUT_OF_SERVICE,
    AnsweredBy.VOICEMAIL,
    AnsweredBy.FAX,
)
#: Letters of a phrase that are recorded as evidence.
_RECORDED = 160
#: Share of a turn's speech that must have been a tone for it to be no turn.
_MOSTLY = 0.6
_BY_TONE = {Signal.FAX: AnsweredBy.FAX, Signal.BUSY: AnsweredBy.BUSY, Signal.CONGESTION: AnsweredBy.CONGESTION}


class Answerer:
    """Told of every frame and turn from the answer on; says when the agent may speak, and when nobody is there."""

    def __init__(
        self,
        phrases: MachinePhrases | None,
        on_verdict: Callable[[Verdict], None],
        settings: AnswererSettings | None = None,
    ) -> None:
        """Without `phrases` (a person has called us) nothing is told apart: the agent speaks when it is polite to."""
        self.settings = settings or AnswererSettings()
        self._phrases, self._on_verdict = phrases, on_verdict
        self._signals = SignalDetector()
        self.verdict: Verdict | None = None
        self._open = self._acted = False
        self._opened_s = self._music_s = 0.0
        self._spoken_at: list[float] = []
        self._now = self._quiet_from = self._speech_s = 0.0
        self._heard_s = 0.0
        self._texts: list[str] = []
        self._words_known = False
        self._seen_turns = 0
        self._ended_s: float | None = None
        self._glanced: tuple[str, bool] = ("", False)
        self._beep: Signalled | None = None
        self._beep_at_s = 0.0
        self._rang_s: float | None = None
        self._first_ring_s: float | None = None
        self._answered = False

    @property
    def watching(self) -> bool:
        """Whether it is still of interest who is there."""
        limit_s = self.settings.watch_s if self._answered else self.settings.unanswered_s
        in_time = self._now <= limit_s or not self._open
        return self._phrases is not None and in_time and not self._acted

    # --- what comes in ------------------------------------------------------------------------------------------------

    def listen(self, pcm: bytes, now: float, *, speaking: bool, turns: int) -> None:
        """Every beat: the frames received, whether a voice sounds now, and how many turns have ended so far."""
        self._now = now
        if speaking:
            self._quiet_from = now
            self._speech_s += FRAME_S
            self._spoken_at.append(self._signals.now_s)
        if turns > self._seen_turns:
            self._turn_ended(turns)
        if not self.watching:
            self._beep = None  # whose it was is not waited for any more, or nothing could be said again
            return
        for frame in split(pcm):
            if (signal := self._signals.process(frame)) is not None:
                self._signalled(signal)
        if self._signals.music:
            self._music_s = now
        self._beep_matured()
        self._rings_on()

    def _turn_ended(self, turns: int) -> None:
        self._seen_turns = turns
        spoken, self._spoken_at = self._spoken_at, []
        toned = sum(self._signals.toned(at_s) for at_s in spoken)
        if toned and toned >= _MOSTLY * len(spoken) and not self._open:
            self._speech_s -= len(spoken) * FRAME_S  # a tone was taken for a voice
        else:
            self._ended_s, self._words_known = self._now, False

    def glanced(self, text: str) -> None:
        """What the open turn says so far."""
        if not self._open:
            known = self._phrases is not None and self._phrases.find(text, hints=self.settings.hints) is not None
            self._glanced = (text, known)

    def heard(self, turn: HeardTurn, meant: str | None) -> bool:
        """A turn with its words, and the intent they have for certain; True when a machine said them."""
        if self._phrases is None or not self.watching:
            return False
        text = turn.hypothesis.text
        waited = self._open and turn.expect is not OPENING and not (turn.over or turn.early or turn.protected)
        means = self._open and meant not in (None, AnsweredBy.VOICEMAIL) and turn.started_s > self._opened_s
        self._texts.append(text)
        if waited or means or self._answered or self._now > self.settings.watch_s:
            # It let the agent finish, or answers it, as machines seldom do: "ele não está, quer deixar recado?"
            found = None if waited and self._answered else self._recording()
            if found is not None:
                self._found(found.kind, f"phrase: {found.phrase[:_RECORDED]} ({found.likeness:.2f})", turn.ended_s)
                return True
            self._spoke(text, turn.ended_s)
            return False
        self._heard_s += turn.speech_s
        self._words_known = True
        found = self._machine(turn)
        if found is not None:
            self._found(found.kind, f"phrase: {found.phrase[:_RECORDED]} ({found.likeness:.2f})", turn.ended_s)
            return True
        if meant == AnsweredBy.VOICEMAIL:
            self._found(AnsweredBy.VOICEMAIL, "intent", turn.ended_s)
            return True
        words = sum(len(said.split()) for said in self._texts)
        if not self._open and self._heard_s >= self.settings.monologue_s and words >= self.settings.monologue_words:
            self._found(AnsweredBy.VOICEMAIL, f"monologue: {words} words", turn.ended_s)
            return True
        self._spoke(text, turn.ended_s)
        return False

    def _recording(self) -> Phrase | None:
        """What only a recording says: in one turn, or cut in two by a pause while nobody has answered."""
        assert self._phrases is not None
        found = self._phrases.recorded(self._texts[-1])
        return found if found or self._answered else self._phrases.recorded(" ".join(self._texts[-2:]))

    def _machine(self, turn: HeardTurn) -> Phrase | None:
        """What a machine says in this turn, or in what was heard so far."""
        assert self._phrases is not None
        settings, text = self.settings, turn.hypothesis.text
        long = turn.speech_s >= settings.at_length_s
        if self._open and turn.started_s > self._opened_s + settings.goes_on_s:
            hints = settings.hints_later if long else 0
            # A phrase may have been cut in two by a pause.
            return self._phrases.find(text, hints=hints) or self._phrases.find(" ".join(self._texts[-2:]))
        said = self._phrases.find(text, at_length=long and not self._open, hints=settings.hints)
        return said or self._phrases.find(" ".join(self._texts), hints=settings.hints)

    def _spoke(self, text: str, ended_s: float) -> None:
        """Whoever was silent until the agent spoke is somebody."""
        if self._open and text and self.verdict is not None and self.verdict.kind is AnsweredBy.SILENCE:
            self._found(AnsweredBy.HUMAN, "words", ended_s)

    def answered(self, began_s: float) -> None:
        """Somebody has given an answer that means something: a beep before it or from now on is no voicemail's."""
        self._answered = True
        if began_s > self._beep_at_s:
            self._beep = None

    # --- what comes out -----------------------------------------------------------------------------------------------

    def may_speak(self, *, speaking: bool) -> bool:
        """True once: a person is there, or might be, and it is the agent's turn (`speaking`: a turn is open)."""
        if self._open or (self.verdict is not None and self.verdict.machine and not self._screened(speaking)):
            return False
        told = self._person(speaking)
        if told is None:
            return False
        self._open, self._opened_s = True, self._now
        if self.verdict is None and self._phrases is not None:
            kind = AnsweredBy.HUMAN if self._ended_s is not None or speaking else AnsweredBy.SILENCE
            self._found(kind, told, self._quiet_from if self._ended_s is not None else 0.0)
        return True

    def gone(self, *, speaking: bool, leaves_message: bool) -> MachineAnswered | None:
        """Once: nobody is there, and nothing more is to be waited for."""
        verdict = self.verdict
        if self._acted or verdict is None or not verdict.machine or verdict.kind is AnsweredBy.SCREENING:
            return None
        quiet_s = 0.0 if speaking else self._now - self._quiet_from
        if quiet_s < self._patience_s(verdict):
            return None
        if verdict.kind is AnsweredBy.VOICEMAIL and leaves_message and not self._records(quiet_s):
            return None
        self._acted = True
        return MachineAnswered(FILED_AS[verdict.kind], mailbox=verdict.kind is AnsweredBy.VOICEMAIL)

    @property
    def hushed(self) -> bool:
        """Whether what is said now may be recorded by a voicemail, and must not be."""
        verdict = self.verdict
        machine = verdict is not None and verdict.machine and verdict.kind is not AnsweredBy.SCREENING
        return self._beep is not None or (machine and not self._acted)

    # --- rules --------------------------------------------------------------------------------------------------------

    def _patience_s(self, verdict: Verdict) -> float:
        """Quiet in which words may follow that tell more."""
        if verdict.evidence == Signal.SIT:
            return self.settings.tones_s
        return self.settings.announcement_s if verdict.kind in _ANNOUNCED else 0.0

    def _screened(self, speaking: bool) -> bool:
        """A screening service has asked who is calling, and listens."""
        assert self.verdict is not None
        return self.verdict.kind is AnsweredBy.SCREENING and not speaking

    def _person(self, speaking: bool) -> str | None:
        """Why the agent should speak now; None while it should not."""
        settings = self.settings
        if self._held():
            return None
        if self._now >= settings.most_wait_s:
            return "unsure"
        if speaking:
            return None
        if self._ended_s is None:
            # Music or a tone: somebody will come, or nobody.
            return "no speech" if self._now - self._music_s >= settings.no_speech_s else None
        if self.verdict is not None:
            return "screening"
        if self._words_known:
            return "words"
        text, machine = self._glanced
        if machine:
            return None if self._now - self._ended_s < 2 * settings.words_within_s else "unsure"
        if self._speech_s <= settings.short_s:
            return "short"
        if text and self._speech_s < settings.at_length_s:
            return "words"
        return "unsure" if self._now - self._ended_s >= settings.words_within_s else None

    def _held(self) -> bool:
        """A tone is being listened to: it rings, or it is not yet clear what beeps."""
        rings = self._rang_s is not None and self._now - self._rang_s < self.settings.ring_s
        return (rings and self._ended_s is None) or self._beep is not None or self._signals.counting

    def _records(self, quiet_s: float) -> bool:
        """Whether what is said now is recorded."""
        assert self.verdict is not None
        return self.verdict.evidence == "beep" or quiet_s >= self.settings.recording_s

    def _signalled(self, heard: Signalled) -> None:
        if heard.signal is Signal.RINGBACK:
            self._rang_s = self._now
            self._first_ring_s = self._first_ring_s if self._first_ring_s is not None else self._now
        elif heard.signal is Signal.BEEP:
            if not self._answered and (self._now <= self.settings.watch_s or not self._open):
                self._beep, self._beep_at_s = heard, self._now
        elif heard.signal is Signal.SIT:
            self._beep = None
            self._rang_s = self._now  # what follows is waited for like what follows a ring
            self._found(AnsweredBy.CONGESTION, heard.signal.value, self._now)
        else:
            self._beep = None
            self._found(_BY_TONE[heard.signal], heard.signal.value, self._now)

    def _beep_matured(self) -> None:
        if self._beep is None:
            return
        words = self._speech_s >= self.settings.words_before_beep_s
        patience_s = self.settings.beep_s if words else self.settings.beep_alone_s
        if self._now - self._beep_at_s < patience_s or self._signals.sounding:
            return
        self._beep = None
        if self.verdict is None or self.verdict.kind is not AnsweredBy.SCREENING:
            self._found(AnsweredBy.VOICEMAIL, "beep", self._beep_at_s)

    def _rings_on(self) -> None:
        rung = self._first_ring_s
        if rung is not None and self._ended_s is None and self._now - rung >= self.settings.ringing_s:
            self._found(AnsweredBy.RINGING, "ringback", self._now)

    def _found(self, kind: AnsweredBy, evidence: str, ended_s: float) -> None:
        known = self.verdict
        if known is not None and _RANK.index(kind) < _RANK.index(known.kind) + (evidence != "beep"):
            return
        latency_s = max(0.0, self._now - ended_s)
        speech_s = round(self._speech_s, 2)
        self.verdict = Verdict(kind, evidence, round(self._now, 3), round(latency_s, 3), speech_s)
        if known is None or known.kind is not kind:
            self._on_verdict(self.verdict)
