"""Guards in which order processes are stopped, and that one can be replaced by another of its name."""

from __future__ import annotations

import asyncio
from pathlib import Path

from voiceagent.worker.children import ChildSpec
from voiceagent.worker.supervisor import Supervisor

CHILD = "tests.unit.worker.waiting_child"


def test_a_group_is_stopped_together_and_before_what_was_started_before_it(tmp_path: Path) -> None:
    """Each worker ends only when the other was told as well, and speech only when both were: else they are killed."""
    speech, first, second = (str(tmp_path / name) for name in ("speech", "first", "second"))
    specs = [
        ChildSpec("speech", (CHILD, speech, first, second), stop_s=20),
        ChildSpec("worker-1", (CHILD, first, second), stop_s=20, group="workers"),
        ChildSpec("worker-2", (CHILD, second, first), stop_s=20, group="workers"),
    ]

    async def play() -> list[int | None]:
        supervisor = Supervisor()
        for spec in specs:
            await supervisor.start(spec)
        await supervisor.stop()
        return [supervisor.child(spec.name).returncode for spec in specs]

    assert asyncio.run(play()) == [0, 0, 0]


def test_a_replaced_child_has_ended_was_cleaned_up_after_and_its_successor_is_as_told(tmp_path: Path) -> None:
    old, new = (ChildSpec("worker-1", (CHILD, str(tmp_path / name))) for name in ("old", "new"))

    async def play() -> tuple[list[tuple[str, ...]], bool]:
        supervisor, cleaned = Supervisor(), list[bool]()

        async def clean_up(spec: ChildSpec) -> None:
            cleaned.append((tmp_path / "old").exists())

        before = await supervisor.start(old, clean_up)
        after = await supervisor.replace(new)
        alive = after.returncode is None and before.returncode == 0 and supervisor.child("worker-1") is after
        running = [tuple(after.spec.arguments)]
        await supervisor.stop()
        assert cleaned == [True] and (tmp_path / "new").exists()
        return running, alive

    assert asyncio.run(play()) == ([tuple(new.arguments)], True)
