"""The parts an installation is made of: SIP library, Asterisk, models, voices, voice activity, rules, database."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from voiceagent.base.errors import INSTALL
from voiceagent.base.languages import Language
from voiceagent.cli.checkup.finding import Finding, Status


def sip() -> Finding:
    """pjsua2 loads, copies frames, and how many calls one process can hold."""
    from voiceagent.base.errors import MissingPartError
    from voiceagent.telephony.capacity import library

    try:
        found = library()
    except MissingPartError as error:
        return Finding("sip", Status.FAIL, error.message, INSTALL)
    said = (
        f"pjsua2 {found.version}: up to {found.calls} calls in one worker, {found.seats} seats unless told otherwise; "
        f"{found.polling}, TLS and SRTP by {found.tls or 'nothing'}, {' '.join(found.codecs)}"
        f"{', with assertions' if found.asserts else ''}; {found.file}"
    )
    facts = {"calls_per_worker": found.calls, "seats_per_worker": found.seats, **asdict(found)}
    return Finding("sip", Status.OK, said, facts=facts)


def asterisk(unpacked: Path) -> Finding:
    """An Asterisk to run or to learn from; a shop may have its own elsewhere."""
    from voiceagent.base.errors import MissingPartError
    from voiceagent.telephony.asterisk_program import AsteriskProgram

    try:
        program = AsteriskProgram.find(unpacked)
    except MissingPartError as error:
        return Finding(
            "asterisk", Status.WARN, error.message, "scripts/asterisk, or use the Asterisk you have elsewhere"
        )
    return Finding("asterisk", Status.OK, f"Asterisk {program.version()}: {program.command[-1]}")


def recognisers(models: Path) -> Finding:
    """Which language is heard by which engine."""
    from voiceagent.speech.recogniser import served_languages

    served = served_languages(models)
    missing = [language.value for language in Language if language.value not in served]
    detail = ", ".join(f"{language}: {engine}" for language, engine in served.items()) or "no recogniser is installed"
    if missing:
        status = Status.WARN if served else Status.FAIL
        return Finding("models", status, f"{detail}; none for {', '.join(missing)}", "voiceagent models install")
    return Finding("models", Status.OK, detail, facts={"recognisers": served})


def installed(models: Path) -> Finding:
    """What the catalogue knows is whole (sizes; `models verify` looks at contents)."""
    from voiceagent.speech.catalogue import load_catalogue
    from voiceagent.speech.fetch import cache_directory
    from voiceagent.speech.store import ModelStore

    states = ModelStore(models, cache_directory(), load_catalogue(), lambda *_: None).states()
    damaged = [f"{state.model.name}: {state.problem}" for state in states if state.installed and state.problem]
    if damaged:
        return Finding("catalogue", Status.FAIL, "; ".join(damaged), "voiceagent models install")
    names = [state.model.name for state in states if state.installed]
    absent = {
        state.model.name: round(state.model.download_bytes / 1e6)
        for state in states
        if not state.installed and state.model.default != "never"
    }
    more = ", ".join(f"{name} {megabytes} MB" for name, megabytes in absent.items())
    detail = f"whole: {', '.join(names) or 'nothing installed'}" + (f"; could be had: {more}" if more else "")
    return Finding("catalogue", Status.OK, detail, facts={"absent_megabytes": absent})


def voices(models: Path) -> Finding:
    """A natural voice, or at least the plain one."""
    from voiceagent.speech.installed import kokoro_directory

    if kokoro_directory(models) is not None:
        return Finding("voices", Status.OK, "a natural voice is installed")
    return Finding(
        "voices", Status.WARN, "no natural voice: the plain one of the system speaks", "voiceagent models install"
    )


def voice_activity() -> Finding:
    """The detector tells silence from sound."""
    from voiceagent.audio.format import FRAME_BYTES
    from voiceagent.speech.segmenter import VadSegmenter
    from voiceagent.speech.silero import Confirmers

    segmenter = VadSegmenter()
    for _ in range(50):
        segmenter.process(bytes(FRAME_BYTES))
    if segmenter.speaking_s:
        return Finding("vad", Status.FAIL, "silence is taken for speech", INSTALL)
    with Confirmers().lend() as confirmer:
        if confirmer is None:
            return Finding("vad", Status.WARN, "noise and music may pass for speech", INSTALL)
    return Finding("vad", Status.OK, "voice activity detection works")


def dialplans(folder: Path) -> Finding:
    """Rules of law, and every script proved."""
    from voiceagent.settings.dialplans import check_script
    from voiceagent.settings.jurisdictions import load_rules

    load_rules(folder / "jurisdictions")
    scripts = sorted((folder / "negotiation").glob("*.yaml"))
    if not scripts:
        return Finding("dialplans", Status.FAIL, f"no script in {folder / 'negotiation'}", "set VOICEAGENT_DIALPLANS")
    flawed = [path.name for path in scripts if check_script(path)]
    if flawed:
        return Finding("dialplans", Status.WARN, f"findings in {', '.join(flawed)}", "voiceagent script check")
    return Finding("dialplans", Status.OK, f"rules of law and {len(scripts)} scripts are sound")


def database(url: str) -> Finding:
    """Reachable, of this program's version; its size."""
    from voiceagent.storage.database import Database

    db = Database(url)
    try:
        if db.is_sqlite and db.url.database and not Path(db.url.database).exists():
            return Finding("database", Status.WARN, f"{db} does not exist yet", "voiceagent db upgrade")
        db.require_current()
        return Finding("database", Status.OK, f"{db} is reachable and current")
    finally:
        db.close()
