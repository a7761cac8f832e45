"""Guards whole conversations: every scenario, played as text, must go and end as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.simulator.scenario import load_scenario, scenario_files
from voiceagent.simulator.text_driver import run_scenario

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", scenario_files(HERE), ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    problems = run_scenario(load_scenario(path))
    assert not problems, "\n".join(problems)


def test_there_are_scenarios() -> None:
    assert len(scenario_files(HERE)) >= 20
