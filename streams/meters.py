"""Meters: what the worker and the ledger process count, in Prometheus' form.

docs/observability.md has the table. Labels take few values: flows, states, reasons, topics, parts of
Wix's API; never a site, an order or a person.
"""

import platform

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from streams.change import FINAL
from streams.effect import Outcome, State
from streams.reason import MEANINGS

# From an event to its end: at once, after a quota's minute, after retries of hours.
EFFECT_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600, 3_600, 14_400, 86_400)
# One request to Wix, which may take WIX_TIMEOUT_SECONDS.
REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# One report: budgets are 0.2 s for a card and 2 s for an analysis, the limit is 20 s.
REPORT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)

_ENDS = {*FINAL, State.FAILED}


class Meters:
    """What a worker counts since its start, and gauges of what is now."""

    def __init__(self, build: str = "") -> None:
        registry = self.registry = _registry("worker", build)
        self.records, self.dead_letters = _records(registry)
        self.lag = _lag(registry)
        self.outcomes, self.effect_seconds, self.effects = _effects(registry)
        self.request_seconds = _requests(registry)
        self.quota_used, self.quota_closed = _quota(registry)
        self.paused, self.probed_sites, self.template_mistakes = _troubles(registry)
        self.watchdog_looks, self.still_seconds = _watchdog(registry)
        self.alerts = _alerts(registry)

    def outcome(self, outcome: Outcome) -> None:
        """Count one change of an effect, and how long the effect took if that was its end."""
        reason = outcome.reason or ""
        # What is no word of ours came from elsewhere, and could be anything.
        known = reason if not reason or reason in MEANINGS else "other"
        self.outcomes.labels(outcome.flow, outcome.state.value, known).inc()
        if outcome.state in _ENDS:
            took = (outcome.at - outcome.event_at).total_seconds()
            self.effect_seconds.labels(outcome.flow, outcome.state.value).observe(max(0.0, took))


class LedgerMeters:
    """What the ledger's process counts since its start, and gauges of what is now."""

    def __init__(self, build: str = "") -> None:
        registry = self.registry = _registry("ledger", build)
        self.rows = Counter("orderline_ledger_rows", "Rows read into the ledger", registry=registry)
        self.lag = _lag(registry)
        self.stale = Gauge(
            "orderline_ledger_stale",
            "Whether a record has been on the log for longer than STALE_AFTER and is not in the ledger",
            registry=registry,
        )
        self.report_seconds = Histogram(
            "orderline_report_seconds",
            "Time to answer a request to the report service",
            ["report", "status"],
            buckets=REPORT_SECONDS,
            registry=registry,
        )
        self.watchdog_looks, self.still_seconds = _watchdog(registry)
        self.alerts = _alerts(registry)


def _registry(room: str, build: str) -> CollectorRegistry:
    registry = CollectorRegistry()
    info = Gauge(
        "orderline_build_info",
        "Always 1; which build this is",
        ["room", "version", "python"],
        registry=registry,
    )
    info.labels(room, build, platform.python_version()).set(1)
    ProcessCollector(registry=registry)
    return registry


def _records(registry: CollectorRegistry) -> tuple[Counter, Counter]:
    read = Counter("orderline_records", "Records turned into rows", ["topic"], registry=registry)
    dead = Counter("orderline_dead_letters", "Records put aside", ["reason"], registry=registry)
    return read, dead


def _lag(registry: CollectorRegistry) -> Gauge:
    return Gauge(
        "orderline_lag_records",
        "Records of a partition that this process has not done yet",
        ["topic", "partition"],
        registry=registry,
    )


def _effects(registry: CollectorRegistry) -> tuple[Counter, Histogram, Gauge]:
    outcomes = Counter(
        "orderline_outcomes",
        "Changes of effects sent to the ledger; reason is empty where there is none",
        ["flow", "outcome", "reason"],
        registry=registry,
    )
    seconds = Histogram(
        "orderline_effect_seconds",
        "From the event that made an effect due to its end",
        ["flow", "outcome"],
        buckets=EFFECT_SECONDS,
        registry=registry,
    )
    now = Gauge("orderline_outbox_effects", "Effects in the outbox by state", ["state"], registry=registry)
    return outcomes, seconds, now


def _requests(registry: CollectorRegistry) -> Histogram:
    return Histogram(
        "orderline_wix_request_seconds",
        "Requests to Wix; status is none where no answer came",
        ["api", "method", "status"],
        buckets=REQUEST_SECONDS,
        registry=registry,
    )


def _quota(registry: CollectorRegistry) -> tuple[Gauge, Gauge]:
    used = Gauge(
        "orderline_quota_used_requests",
        "Requests of the last minute at the site that made most; its quota is WIX_CALLS_PER_MINUTE",
        registry=registry,
    )
    closed = Gauge("orderline_quota_waiting_sites", "Sites that wait for their quota now", registry=registry)
    return used, closed


def _troubles(registry: CollectorRegistry) -> tuple[Gauge, Gauge, Gauge]:
    paused = Gauge("orderline_flow_paused", "Whether a bug has paused the flow", ["flow"], registry=registry)
    probed = Gauge(
        "orderline_sites_probed",
        "Sites that failed three times running, and get one try at a time",
        registry=registry,
    )
    mistakes = Gauge(
        "orderline_template_mistakes",
        "How often a template could not be used since the start, so that another one was",
        registry=registry,
    )
    return paused, probed, mistakes


def _watchdog(registry: CollectorRegistry) -> tuple[Counter, Gauge]:
    looks = Counter(
        "orderline_watchdog_looks",
        "How often the watchdog has looked whether this process hangs",
        registry=registry,
    )
    still = Gauge(
        "orderline_watchdog_still_seconds",
        "How long the partition that moves least has stood still while records wait",
        registry=registry,
    )
    return looks, still


def _alerts(registry: CollectorRegistry) -> Counter:
    return Counter(
        "orderline_alerts",
        "What became of alerts: sent, repeated (told lately), refused (by the receiver), dropped (too many)",
        ["outcome"],
        registry=registry,
    )
