"""Where things are kept: one home per installation, found from the environment or the checkout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: The checkout (or the directory the package was installed into).
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Paths:
    """The directories of one installation."""

    home: Path
    """Database, secrets, run files (0700). VOICEAGENT_HOME, default `var/` in the checkout."""
    recordings: Path
    """Stereo WAVs (0700). VOICEAGENT_RECORDINGS; default `recordings/` in the checkout or a chosen home."""
    models: Path
    """Installed models, voices and phrase banks. VOICEAGENT_MODELS, default `models/` in the checkout."""
    dialplans: Path
    """Scripts, policies and jurisdictions. VOICEAGENT_DIALPLANS, default `dialplans/` in the checkout."""
    asterisk: Path
    """The unpacked Asterisk of demo and tests. VOICEAGENT_ASTERISK, default `.asterisk/` in the checkout."""

    @classmethod
    def from_environment(cls, environ: dict[str, str] | None = None) -> Paths:
        """The paths that the environment names, or their defaults."""
        env = dict(os.environ) if environ is None else environ
        chosen = env.get("VOICEAGENT_HOME")
        home = Path(chosen).expanduser().resolve() if chosen else ROOT / "var"
        recordings = home / "recordings" if chosen else ROOT / "recordings"
        return cls(
            home=home,
            recordings=Path(env.get("VOICEAGENT_RECORDINGS") or recordings),
            models=Path(env.get("VOICEAGENT_MODELS") or ROOT / "models"),
            dialplans=Path(env.get("VOICEAGENT_DIALPLANS") or ROOT / "dialplans"),
            asterisk=Path(env.get("VOICEAGENT_ASTERISK") or ROOT / ".asterisk"),
        )

    def database_url(self, environ: dict[str, str] | None = None) -> str:
        """VOICEAGENT_DATABASE_URL, or the embedded SQLite file in the home."""
        env = dict(os.environ) if environ is None else environ
        return env.get("VOICEAGENT_DATABASE_URL") or f"sqlite:///{self.home / 'voiceagent.db'}"
