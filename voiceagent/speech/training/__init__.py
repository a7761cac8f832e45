"""Training of the phone head: texts, rendered voices, a telephone line's damage, the network. Not used in calls."""
