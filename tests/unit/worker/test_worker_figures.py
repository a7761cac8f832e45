"""Guards that a worker's figures are served where they were wished, and that no seat waits for a port that is taken."""

from __future__ import annotations

import asyncio
import socket
import urllib.request

from voiceagent.worker.metrics import WorkerMetrics


def test_a_port_that_is_taken_is_served_once_it_is_free() -> None:
    """A worker that ends its calls after its supervisor was killed has it until then."""
    metrics, asked = WorkerMetrics(), 0
    with socket.create_server(("127.0.0.1", 0)) as before:
        port = int(before.getsockname()[1])
        assert metrics.serve(port) is None

        async def pause() -> None:
            nonlocal asked
            asked += 1
            if asked == 2:
                before.close()

        asyncio.run(metrics.serve_later(port, pause))
    assert asked == 2
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as told:
        assert b"voiceagent_worker_calls 0.0" in told.read()
