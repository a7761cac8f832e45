"""One conversation on one line: ears, mouth, turns, effects."""
