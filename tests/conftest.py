"""What the whole suite shares: tests that need the library built from source run where that build is."""

from __future__ import annotations

import pytest

from tests.own_build import built


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, left = [], []
    for item in items:
        kinds = [mark.args[0] for mark in item.iter_markers("own_build")]
        (kept if all(built(kind) for kind in kinds) else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
