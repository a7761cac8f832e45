"""Gives every promise its second look: what waits is asked of the database, so nothing is lost with the program."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from voiceagent.base.errors import MissingPartError, UnavailableError, VoiceagentError
from voiceagent.cases.kinds import LookVerdict
from voiceagent.cases.reviews import Look, Waiting, keep_look, waiting
from voiceagent.journal.journal import Journal
from voiceagent.quality.calls import load_call
from voiceagent.quality.second_look import Listener, look_again, unheard

log = logging.getLogger(__name__)

#: A recording that is not here may be on another machine, whose own program looks at it; after this it is gone.
ELSEWHERE = timedelta(hours=1)
#: Looks at a time: between two of them the program can be told to end.
PIECE = 20
#: Without work for this long the model is let go: it holds 300 MB.
IDLE_S = 300.0
POLL_S = 5.0

#: The model of the second listening, and the name it is recorded under.
MODEL = "whisper-base"
ENGINE = "whisper-base/30s/beam5"


def open_listener(models: Path) -> Listener:
    """The second ear on one thread; MissingPartError names what to install."""
    from voiceagent.speech.longhand import LongHand

    directory = models / MODEL
    if not directory.is_dir():
        raise MissingPartError(f"second looks need the model {MODEL}: run `voiceagent models install {MODEL}`")
    return LongHand(directory, threads=1)


@dataclass(slots=True)
class Looking:
    """Looks again at promises. `done` counts verdicts, `doubtful` what went to people."""

    journal: Journal
    recordings: Path
    models: Path
    listener: Callable[[Path], Listener] = open_listener
    engine: str = ENGINE
    done: Counter[LookVerdict] = field(default_factory=Counter)
    doubtful: int = 0
    _ear: Listener | None = None

    def once(self, tell: Callable[[Waiting, Look], None] = lambda one, look: None) -> int:
        """Look at what waits here now; returns how many were looked at."""
        looked = 0
        while found := self._piece():
            for one in found:
                look = self._look(one)
                if keep_look(self.journal, one, look):
                    self.done[look.verdict] += 1
                    self.doubtful += look.doubtful
                    tell(one, look)
                looked += 1
        return looked

    def forever(self, stop: threading.Event, *, poll_s: float = POLL_S, idle_s: float = IDLE_S) -> None:
        """Until `stop` is set. A database or model that cannot be had is tried again."""
        clock, trouble = self.journal.clock, ""
        busy_at = clock.monotonic()
        while not stop.is_set():
            try:
                if self.once(lambda one, look: log.info("agreement %s: %s", one.agreement_id, look.verdict)):
                    busy_at = clock.monotonic()
                trouble = ""
            except (MissingPartError, UnavailableError) as error:
                if error.message != trouble:
                    log.warning("second looks wait: %s", error)
                trouble = error.message
            if clock.monotonic() - busy_at > idle_s:
                self._ear = None
            stop.wait(poll_s)

    def _piece(self) -> list[Waiting]:
        with self.journal.db.read() as connection:
            found = waiting(connection, self.journal.tenant_id, limit=10 * PIECE)
        too_old = self.journal.clock.now() - ELSEWHERE
        return [one for one in found if self._is_here(one) or one.made_at < too_old][:PIECE]

    def _is_here(self, one: Waiting) -> bool:
        return one.path is not None and (self.recordings / one.path).is_file()

    def _look(self, one: Waiting) -> Look:
        try:
            with self.journal.db.read() as connection:
                call = load_call(connection, one.attempt_id)
            if self._ear is None:
                self._ear = self.listener(self.models)
            return look_again(call, one, self.recordings, self._ear, engine=self.engine)
        except (MissingPartError, UnavailableError):
            raise
        except VoiceagentError as error:
            # A call that cannot be read will never be: a person has to decide, and the next one gets its turn.
            log.warning("agreement %s cannot be looked at: %s", one.agreement_id, error)
            return unheard(error.message, self.engine)
