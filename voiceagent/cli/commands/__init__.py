"""One module per command; see voiceagent.cli.main.Command."""
