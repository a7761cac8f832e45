"""Real processes: Asterisk, speech, workers and telephones, started as the demo does, each house in its own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.settings.paths import Paths

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and "needs_no_house" not in item.keywords:
            item.add_marker(pytest.mark.sip)
            item.add_marker(pytest.mark.speech)


@pytest.fixture(scope="session")
def paths() -> Paths:
    """Models, Asterisk and dialplans of the checkout."""
    return Paths.from_environment()
