"""HTTP: API, console pages, liveness and metrics."""
