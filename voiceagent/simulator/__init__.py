"""Debtor personas and the drivers that let them talk to the real agent."""
