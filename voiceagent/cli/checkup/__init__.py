"""The examination behind `voiceagent doctor`: each part of an installation, and what this machine can carry."""
