"""The measurements of `voiceagent bench`: one module each, shaped like a command."""
