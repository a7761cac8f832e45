"""How events become the rows of this room."""

from voiceagent.cases.projections import calls, law, money, people
from voiceagent.journal.journal import Projection

PROJECTIONS: tuple[Projection, ...] = (
    *people.PROJECTIONS,
    *calls.PROJECTIONS,
    *money.PROJECTIONS,
    *law.PROJECTIONS,
)
