"""Guards all conversations at once: random debtors hear nothing unproved, promise nothing unread, and always end."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.unit.dialogue.conftest import DIALPLANS, make_briefing, make_case
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Effect,
    Expect,
    FarHungUp,
    Hangup,
    Heard,
    Keyed,
    NoInput,
    Promise,
    RightPartyVerified,
    Say,
    SpeechLost,
    Understanding,
)
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import INTENTS, Script
from voiceagent.settings.dialplans import load_script

SCRIPTS = sorted((DIALPLANS / "negotiation").glob("*.yaml"))
WALKS = 400
TODAY = date(2026, 11, 18)


def words(rng: random.Random, expect: Expect, case: Case) -> Understanding:
    """Something a debtor may have meant: what was asked for, more often than not."""
    slots: dict[str, object] = {}
    for slot, chance in (("date", 0.25), ("amount", 0.1), ("instalments", 0.15), ("time", 0.1), ("down_payment", 0.05)):
        if rng.random() < chance + (0.4 if slot in expect.kinds else 0):
            slots[slot] = {
                "date": (TODAY + timedelta(days=rng.randint(-40, 80))).isoformat(),
                "amount": f"{rng.randint(1, 2000)}.{rng.randint(0, 99):02d}",
                "instalments": rng.randint(1, 14),
                "time": f"{rng.randint(0, 23):02d}:{rng.choice((0, 15, 30)):02d}",
                "down_payment": f"{rng.randint(1, 900)}.00",
            }[slot]
    if expect.sensitive and rng.random() < 0.7:
        slots = {"date": "2027-03-15", "digits": rng.choice((case.document[:3], case.document[-4:], "000"))}
    if rng.random() < 0.05:
        slots["share"] = rng.choice((0.5, 1.0))
    if "yes_no" in expect.kinds and rng.random() < 0.4:
        slots["yes_no"] = rng.random() < 0.6
    likely = [name for name in expect.among if name not in ("voicemail", "cease", "wrong_person", "busy_callback")]
    intent = rng.choice([None, None, *likely[:6], rng.choice(sorted(INTENTS))])
    return Understanding(intent, 0.9, slots, (), rng.random() < 0.05, "palavras")


def event(rng: random.Random, expect: Expect, case: Case) -> DialogueEvent:
    choice = rng.random()
    if choice < 0.06:
        return NoInput()
    if choice < 0.14:
        return Keyed("".join(rng.choice("0123456789*#") for _ in range(expect.keys)))
    if choice < 0.15:
        return SpeechLost()
    if choice < 0.16:
        return FarHungUp()
    return Heard(words(rng, expect, case))


def run(script: Script, rng: random.Random) -> list[Effect]:
    case = replace(make_case(), language=script.language)
    briefing = make_briefing(case)
    machine = Machine(script, briefing)
    state, effects = machine.step(machine.start(), CallAnswered())
    log = list(effects)
    for _ in range(script.limits.turns + 60):
        if state.ended is not None:
            break
        state, effects = machine.step(state, event(rng, machine.expectation(state), case))
        log.extend(effects)
    assert state.ended is not None, "the conversation did not end"
    return log


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_random_debtors(path: Path) -> None:
    script = load_script(path)
    promises = verified = 0
    endings: set[Disposition] = set()
    for seed in range(WALKS):
        effects = run(script, random.Random(seed))
        proved = read_back = False
        for effect in effects:
            if isinstance(effect, RightPartyVerified):
                proved = True
            elif isinstance(effect, Say):
                assert proved or not effect.discloses, f"seed {seed}: {effect.prompt}"
                read_back = read_back or script.prompts[effect.prompt].reads_back
            elif isinstance(effect, Promise):
                assert proved and read_back, f"seed {seed}"
                promises += 1
        [hangup] = [effect for effect in effects if isinstance(effect, Hangup)]
        assert effects[-1] is hangup
        made = [effect for effect in effects if isinstance(effect, Promise)]
        assert (hangup.disposition is Disposition.PTP) == bool(made)
        endings.add(hangup.disposition)
        verified += proved
    assert verified > WALKS / 10 and promises > 5, "the walks must get far enough to mean something"
    assert len(endings) > 12
