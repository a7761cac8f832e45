"""Stored calls heard again: second looks at promises, replays, and what people say was really said."""
