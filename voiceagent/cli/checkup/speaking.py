"""Speech as a whole: what the agent can say at once, what it hears surely, and whether it understands itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, Money
from voiceagent.cli.checkup.finding import Finding, Status
from voiceagent.language.spoken import SpokenPart

if TYPE_CHECKING:
    from voiceagent.speech.recogniser import Recogniser

#: Processor seconds that rendering a unit takes, one process.
UNIT_S = 0.55
#: What the agent says to itself, by the kind of answer it would be.
_DAY = date(2026, 12, 15)
_AMOUNT = 25_000
_TODAY = date(2026, 11, 18)


def bank(models: Path) -> Finding:
    """Whether every carrier and value is rendered: what is missing is rendered while somebody waits."""
    from voiceagent.cli.phrasebanks import bank_state, scripted_languages

    missing = {language: bank_state(models, language).missing for language in scripted_languages()}
    lacking = {language: count for language, count in missing.items() if count}
    facts = {"missing_units": missing}
    if not lacking:
        return Finding("bank", Status.OK, f"whole for {', '.join(missing) or 'no language'}", facts=facts)
    minutes = max(1, round(sum(lacking.values()) * UNIT_S / 60 / 2))
    told = ", ".join(f"{language} lacks {count} units" for language, count in lacking.items())
    wanted = " ".join(f"--bank {language}" for language in lacking)
    command = f"voiceagent models install {wanted} (about {minutes} minutes)"
    return Finding("bank", Status.WARN, f"{told}: calls render them while somebody waits", command, facts)


def sure_answers() -> Finding:
    """Whether the weights that hear amounts, days and digits surely are there, by language."""
    from voiceagent.speech.constrained.head import head_of
    from voiceagent.speech.constrained.judging import shipped_calibration

    if shipped_calibration() is None:
        told = "no calibration: values are heard as Whisper writes them"
        return Finding("answers", Status.WARN, told, "scripts/train-ctc es --keep (about 5 minutes)")
    lacking = [language.value for language in Language if head_of(language.value) is None]
    if lacking:
        told = f"no weights for {', '.join(lacking)}: values are heard as Whisper writes them"
        return Finding("answers", Status.WARN, told, f"scripts/train-ctc {lacking[0]} (about 30 minutes)")
    return Finding("answers", Status.OK, "values are heard by grammar in every language")


def second_look(models: Path) -> Finding:
    """Whether promises can be heard again."""
    from voiceagent.quality.looking import MODEL

    if (models / MODEL).is_dir():
        return Finding("second look", Status.OK, f"promises are heard again with {MODEL}")
    told = f"promises are not heard again: {MODEL} is not installed"
    return Finding("second look", Status.WARN, told, f"voiceagent models install {MODEL} (150 MB)")


def spoken(models: Path) -> Finding:
    """The agent's own voice from the phrase bank, through the ears of a call: a day and an amount per language."""
    from voiceagent.speech.ears import load_recognisers

    heard: dict[str, str] = {}
    wrong: list[str] = []
    for language, recogniser in load_recognisers(models).items():
        said = dict(_sayings(language, models))
        if not said:
            heard[language] = "nothing to say: the phrase bank is not rendered"
            continue
        for kind, (pcm, wanted) in said.items():
            got, text = _hear(recogniser, Language(language), kind, pcm)
            if got != wanted:
                wrong.append(f"{language} {kind}: said {wanted}, heard {text!r}")
        heard[language] = ", ".join(said)
    facts = {"spoken": heard}
    if wrong:
        command = "voiceagent models verify, then voiceagent bench speech"
        return Finding("spoken", Status.WARN, "; ".join(wrong), command, facts)
    silent = [language for language, told in heard.items() if told.startswith("nothing")]
    if silent or not heard:
        command = "voiceagent models install --recommended"
        return Finding("spoken", Status.WARN, f"no self-test for {', '.join(silent) or 'any language'}", command, facts)
    return Finding("spoken", Status.OK, f"understands its own voice: {', '.join(heard)}", facts=facts)


def _sayings(language: str, models: Path) -> list[tuple[str, tuple[bytes, str]]]:
    """(kind of answer, (8 kHz s16le, the value as a slot)) of what the bank holds."""
    from voiceagent.language import say

    currency = CURRENCY_OF_REGION[Language(language).default_region]
    values: tuple[tuple[str, tuple[SpokenPart, ...], str], ...] = (
        ("date", say.day(_DAY, language), _DAY.isoformat()),
        ("amount", say.money(Money(_AMOUNT, currency), language), str(Money(_AMOUNT, currency))),
    )
    made = [(kind, _units(parts, language, models), wanted) for kind, parts, wanted in values]
    return [(kind, (pcm, wanted)) for kind, pcm, wanted in made if pcm]


def _units(parts: Sequence[SpokenPart], language: str, models: Path) -> bytes:
    from voiceagent.speech.installed import phrases_directory
    from voiceagent.speech.synthesis.cache import PhraseCache
    from voiceagent.speech.synthesis.speaker import Speaker

    cache, voice = PhraseCache(phrases_directory(models)), Speaker(models).voice(language)
    units = [cache.get(voice, part.text) for part in parts]
    return b"" if None in units else b"".join(unit for unit in units if unit)


def _hear(recogniser: Recogniser, language: Language, kind: str, pcm: bytes) -> tuple[str | None, str]:
    from voiceagent.dialogue.understanding import understand
    from voiceagent.speech.direct import DirectHearing
    from voiceagent.speech.offline import hear_answer
    from voiceagent.speech.protocol import HearingContext, SegmenterSettings
    from voiceagent.speech.segmenter import VadSegmenter

    quiet = bytes(8000)
    hearing = DirectHearing(recogniser.open(language.value))
    context = HearingContext(language.value, (kind,), today=_TODAY.isoformat())
    segmenter = VadSegmenter(SegmenterSettings())
    heard = asyncio.run(hear_answer(hearing, segmenter, quiet + pcm + quiet, context))
    meant = understand(
        heard.text,
        language=language,
        region=language.default_region,
        expect=(kind,),
        today=_TODAY,
        doubtful=heard.reason == "low_confidence",
    )
    value = meant.slots.get(kind)
    return (None if value is None else str(value)), heard.text
