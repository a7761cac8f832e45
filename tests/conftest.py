"""What the whole suite shares: no test knows how fast its machine is; some need the library built from source."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.own_build import built

# No example fails for the machine it ran on.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, left = [], []
    for item in items:
        kinds = [mark.args[0] for mark in item.iter_markers("own_build")]
        (kept if all(built(kind) for kind in kinds) else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
