"""How events become the rows of this room."""

from voiceagent.cases import handovers, holds, recordings, reviews, segments, stops
from voiceagent.cases.projections import calls, conversation, law, money, people
from voiceagent.journal.journal import Projection

PROJECTIONS: tuple[Projection, ...] = (
    *people.PROJECTIONS,
    *calls.PROJECTIONS,
    *conversation.PROJECTIONS,
    *money.PROJECTIONS,
    *law.PROJECTIONS,
    *stops.PROJECTIONS,
    *holds.PROJECTIONS,
    *recordings.PROJECTIONS,
    *handovers.PROJECTIONS,
    *reviews.PROJECTIONS,
    *segments.PROJECTIONS,
)
