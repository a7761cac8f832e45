"""Whom to call next: lists, queue and lease, callbacks, dial modes."""
