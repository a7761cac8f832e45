"""Guards scenarios as real telephone calls: over SIP, by voice and by keys, judged by database, recording and CDR."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.rehearsal.conftest import HERE
from voiceagent.settings.paths import Paths
from voiceagent.simulator.scenario import load_scenario
from voiceagent.simulator.sip_driver import run_scenarios

#: A promise by voice, a stop before anything else, a promise by keys; they are called at the same time.
NAMES = ("pt-BR-cash-promise", "pt-BR-cease-before-identity", "pt-BR-by-keys")


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory, paths: Paths) -> dict[str, list[str]]:
    """What was wrong with each scenario."""
    scenarios = [load_scenario(HERE.parent / "scenarios" / f"{name}.yaml") for name in NAMES]
    home = Path(tmp_path_factory.mktemp("scenarios")) / "house"
    return run_scenarios(scenarios, home, paths, lambda line: print(line, file=sys.stderr))


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_over_sip_goes_as_written(name: str, problems: dict[str, list[str]]) -> None:
    assert problems[name] == []
