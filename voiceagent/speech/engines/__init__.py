"""Recogniser engines: one module per engine, all behind `voiceagent.speech.recogniser`."""
