"""Composition root of calls: seats, supervisor, control."""
