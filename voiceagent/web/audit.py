"""Looking is recorded: who listened to which recording, and who asked to see names and numbers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock
from typing import ClassVar

from voiceagent.cases.portrait import PersonalDataShown, PersonExported
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

#: Requests for parts of one file by one listener are one listening for this long (a player asks for many parts).
ONE_LISTENING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RecordingListened(Said):
    """Somebody was given the sound of a call; who, says the event's actor."""

    TYPE: ClassVar[str] = "recording.listened"
    recording_id: uuid.UUID
    download: bool = False


@dataclass(slots=True)
class Audit:
    """Writes to the journal before anything is shown: what cannot be recorded is not shown. Blocks: use a thread."""

    journal: Journal
    _listening: dict[tuple[str, uuid.UUID, bool], float] = field(default_factory=dict)
    _one: Lock = field(default_factory=Lock, repr=False)

    def listened(self, who: str, call_id: uuid.UUID, recording_id: uuid.UUID, *, download: bool) -> None:
        """A recording is about to be sent, whole or in part."""
        key = (who, recording_id, download)
        # A player asks for several parts at the same moment: the second waits to learn that the first was recorded.
        with self._one:
            now = self.journal.clock.monotonic()
            ends = self._listening.get(key)
            if ends is not None and now < ends:
                return
            self._record("call", call_id, RecordingListened(recording_id, download), who)
            self._listening = {known: end for known, end in self._listening.items() if end > now}
            self._listening[key] = now + ONE_LISTENING.total_seconds()

    def showed_call(self, who: str, call_id: uuid.UUID) -> None:
        """Name, number and words of one call are about to be shown."""
        self._record("call", call_id, PersonalDataShown(), who)

    def showed_list(self, who: str, day: date, calls: Sequence[uuid.UUID]) -> None:
        """Names and numbers of a day's list are about to be shown: each call says so, and so does whom it was with."""
        shown = PersonalDataShown(day, len(calls))
        self.journal.record([NewEvent("call", call_id, shown, who) for call_id in calls])

    def showed_person(self, who: str, person_id: uuid.UUID) -> None:
        """What is kept of a person is about to be shown."""
        self._record("person", person_id, PersonalDataShown(calls=0), who)

    def gave_out(self, who: str, person_id: uuid.UUID, reason: str) -> None:
        """Everything kept of a person is about to be given out."""
        self._record("person", person_id, PersonExported(person_id, reason), who)

    def _record(self, stream_type: str, stream_id: uuid.UUID, payload: Said, who: str) -> None:
        self.journal.record([NewEvent(stream_type, stream_id, payload, who)])
