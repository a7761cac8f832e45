"""What happened, in order and for good: events with their projections, and the erasable private values beside them."""

from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.journal import Journal, Projection, for_each, read_events
from voiceagent.journal.private import Private, private_ref, read_private
from voiceagent.journal.writer import JournalWriter

__all__ = [
    "Event",
    "Journal",
    "JournalWriter",
    "NewEvent",
    "Private",
    "Projection",
    "for_each",
    "private_ref",
    "read_events",
    "read_private",
]
