"""People, numbers, debts, calls and promises as kept."""

from voiceagent.cases.projections import PROJECTIONS

__all__ = ["PROJECTIONS"]
