"""What the sandbox counts for Prometheus."""

import platform

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest
from starlette.types import Scope

_APIS = (
    *("apps", "contacts", "ecom", "email-marketing", "inbox", "members", "oauth2"),
    *("pricing-plans", "site-properties"),
)


class Metrics:
    """Calls by API and status, and the webhooks on their way."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        info = Gauge(
            "orderline_build_info",
            "Always 1; which build this is",
            ["room", "version", "python"],
            registry=self.registry,
        )
        info.labels("sandbox", "checkout", platform.python_version()).set(1)
        self._calls = Counter(
            "sandbox_wix_calls_total",
            "Calls to the sandbox Wix; status `cut` is a connection cut on demand",
            ("api", "method", "status"),
            registry=self.registry,
        )
        self.waiting = Gauge(
            "sandbox_wix_webhooks_waiting", "Webhooks not yet answered with 200", registry=self.registry
        )

    def count(self, scope: Scope, status: str) -> None:
        """Count one call."""
        api = scope["path"].split("/")[1]
        self._calls.labels(api if api in _APIS else "unknown", scope["method"], status).inc()

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)
