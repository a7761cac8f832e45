"""The phrase banks of the scripts: what each must hold, and what is not rendered yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BankState:
    """How whole the bank of a language is."""

    language: str
    voice: str
    units: int
    """That the scripts, as they are now, want rendered."""
    missing: int
    """Of these: calls render them while somebody waits."""

    @property
    def mend(self) -> str:
        """The command that renders what is missing."""
        return f"voiceagent models install --bank {self.language}"


def bank_state(models: Path, language: str) -> BankState:
    """The bank of the agent's voice in a language; VoiceagentError when a script of it cannot be read."""
    from voiceagent.speech.bank import bank_jobs
    from voiceagent.speech.installed import phrases_directory
    from voiceagent.speech.synthesis.cache import PhraseCache

    cache = PhraseCache(phrases_directory(models))
    wanted = {(voice, text) for voice, text in bank_jobs(models, language, bank_texts(language)) if text.strip()}
    missing = sum(not cache.has(voice, text) for voice, text in wanted)
    return BankState(language, ", ".join({voice.name for voice, _ in wanted}), len(wanted), missing)


def scripted_languages() -> list[str]:
    """The languages that a conversation script exists in."""
    from voiceagent.base.languages import Language
    from voiceagent.settings.paths import Paths

    negotiation = Paths.from_environment().dialplans / "negotiation"
    return [language.value for language in Language if (negotiation / f"{language.value}.yaml").is_file()]


def bank_texts(language: str) -> list[str]:
    """All that the agent says in that language to everyone alike: the scripts' carriers, then the values' units."""
    from voiceagent.dialogue.law import STRICTEST
    from voiceagent.dialogue.prompts import carriers
    from voiceagent.language.say import bank
    from voiceagent.settings.dialplans import load_script
    from voiceagent.settings.paths import Paths
    from voiceagent.settings.spokenlaw import served_laws

    paths = sorted(Paths.from_environment().dialplans.glob(f"*/{language}.yaml"))
    scripts = [(path, load_script(path)) for path in paths]
    spoken = [text for path, script in scripts for text in carriers(script, [STRICTEST, *served_laws(script, path)])]
    return spoken + bank(language)
