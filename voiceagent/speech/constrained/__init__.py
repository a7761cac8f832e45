"""Sure recognition of short answers: a grammar of what may be said, searched exactly in the audio's phones."""
