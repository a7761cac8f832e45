"""Guards whole conversations with their timing: every scenario as fake audio in virtual time must go as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.simulator.audio_driver import run_scenario
from voiceagent.simulator.scenario import load_scenario, scenario_files

HERE = Path(__file__).parent
SPOKEN = [path for path in scenario_files(HERE) if load_scenario(path).scenario.audio]


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    problems = run_scenario(load_scenario(path))
    assert not problems, "\n".join(problems)


def test_most_scenarios_are_spoken() -> None:
    assert len(SPOKEN) >= 20
