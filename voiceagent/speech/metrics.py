"""What the speech process counts, served in Prometheus format on a port of its own. Labels are bounded sets."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

_SECONDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 5.0, 10.0)


class SpeechMetrics:
    """The process's metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter(
            "voiceagent_speech_turns", "Turns recognised.", ["engine", "reason"], registry=self.registry
        )
        self.recognise_seconds = Histogram(
            "voiceagent_speech_recognise_seconds",
            "From the end of a turn to its text, queueing included.",
            ["engine"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.glances = Counter(
            "voiceagent_speech_glances",
            "Turns recognised before their end was sure, by what became of it.",
            ["result"],
            registry=self.registry,
        )
        self.prompts = Counter(
            "voiceagent_speech_prompts", "Prompts by what they needed.", ["engine", "source"], registry=self.registry
        )
        self.synthesise_seconds = Histogram(
            "voiceagent_speech_synthesise_seconds",
            "From the request for a prompt to its audio.",
            ["engine", "source"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.refused = Counter(
            "voiceagent_speech_refused", "Requests refused because the machine was full.", registry=self.registry
        )
        self.calls = Gauge("voiceagent_speech_calls", "Calls with an open recogniser.", registry=self.registry)
        self.admits = Gauge(
            "voiceagent_speech_admits", "1 while another call may begin on this machine.", registry=self.registry
        )
        self.admits.set(1)
        self.waiting = Gauge(
            "voiceagent_speech_waiting", "Turns waiting for a recogniser worker.", registry=self.registry
        )

    def serve(self, port: int, host: str = "127.0.0.1") -> None:
        """Answer /metrics on `port`, in a thread."""
        start_http_server(port, addr=host, registry=self.registry)
