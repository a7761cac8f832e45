"""Guards all conversations at once: random debtors hear nothing unproved, promise nothing unread, and always end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from voiceagent.base.languages import Language
from voiceagent.dialogue.acts import BrokenScriptError
from voiceagent.dialogue.prompts import DisclosureError
from voiceagent.dialogue.script import Script, Transition
from voiceagent.simulator.bench_understanding import company_of

WALKS = 600


@pytest.mark.parametrize("language", Language)
def test_random_debtors(language: Language) -> None:
    company = company_of(language)
    endings: Counter[str] = Counter()
    verified = promised = 0
    for seed in range(WALKS):
        walk = company.walk(seed)
        assert not walk.faults, f"seed {seed}: {walk.faults}"
        endings[str(walk.ending)] += 1
        verified += walk.verified
        promised += walk.promised
    assert verified > WALKS / 5 and promised > WALKS / 30, "the walks must get far enough to mean something"
    assert len(endings) > 12


def _without_guards(script: Script) -> Script:
    """The script with every way out of identity open: `identify` leads straight to the debt."""
    states = dict(script.states)
    states["identify"] = states["identify"].model_copy(update={"next": (Transition(go="opened"),)})
    return script.model_copy(update={"states": states})


def test_the_judge_sees_what_it_should() -> None:
    """A script that lets strangers through is stopped by the renderer; a promise without its reading is reported."""
    company = company_of(Language.PT_BR)
    broken = replace(company, script=_without_guards(company.script))
    with pytest.raises(DisclosureError):
        for seed in range(200):
            broken.walk(seed)
    prompts = {name: prompt.model_copy(update={"reads_back": False}) for name, prompt in company.script.prompts.items()}
    unread = replace(company, script=company.script.model_copy(update={"prompts": prompts}))
    with pytest.raises(BrokenScriptError, match="read-back"):
        for seed in range(400):
            unread.walk(seed)
