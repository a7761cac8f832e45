"""voiceagent: a digital call-centre seat for debt collection."""
