"""What the door counts: every answer by its code, every refusal by its reason."""

import platform
from importlib import metadata

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

# Around what matters: 100 ms is our budget, 1.25 s is when Wix gives up.
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.25, 2.5)


class DoorMetrics:
    """Counters since the start of the process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        info = Gauge(
            "orderline_build_info",
            "Always 1; which build this is",
            ["room", "version", "python"],
            registry=self.registry,
        )
        info.labels("ingest", _version(), platform.python_version()).set(1)
        self.answers = Counter(
            "orderline_ingest_answers",
            "Requests by route and the answer they got; their sum is every request.",
            ["route", "status", "code"],
            registry=self.registry,
        )
        self.refusals = Counter(
            "orderline_ingest_refusals",
            "Requests not taken, by the reason that the answer does not tell.",
            ["route", "code", "reason"],
            registry=self.registry,
        )
        self.records = Counter(
            "orderline_ingest_records",
            "Records acknowledged by the log, by topic.",
            ["topic"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "orderline_ingest_answer_seconds",
            "Time from a request's first byte read to its answer.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)


def _version() -> str:
    try:
        return metadata.version("orderline")
    except metadata.PackageNotFoundError:
        return "checkout"
