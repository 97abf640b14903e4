"""Meters: what the worker and the ledger process count, in Prometheus' form."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Meters:
    """Counters since the start of this process, and gauges of what is now."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter(
            "orderline_records", "Records turned into rows", ["topic"], registry=self.registry
        )
        self.dead_letters = Counter(
            "orderline_dead_letters", "Records put aside", ["reason"], registry=self.registry
        )
        self.outcomes = Counter(
            "orderline_outcomes",
            "Changes of effects sent to the ledger",
            ["flow", "outcome"],
            registry=self.registry,
        )
        self.effects = Gauge(
            "orderline_outbox_effects", "Effects in the outbox by state", ["state"], registry=self.registry
        )
        self.lag = Gauge(
            "orderline_lag_records",
            "Records of a partition not committed yet",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.paused = Gauge(
            "orderline_flow_paused", "Whether a bug has paused the flow", ["flow"], registry=self.registry
        )
        self.probed_sites = Gauge(
            "orderline_sites_probed",
            "Sites that failed three times running, and get one try at a time",
            registry=self.registry,
        )
        self.watchdog_looks = Counter(
            "orderline_watchdog_looks",
            "How often the watchdog has looked whether the worker hangs",
            registry=self.registry,
        )
        self.still_seconds = Gauge(
            "orderline_watchdog_still_seconds",
            "How long the partition that moves least has stood still while records wait",
            registry=self.registry,
        )
        self.template_mistakes = Gauge(
            "orderline_template_mistakes",
            "How often a template could not be used since the start, so that another one was",
            registry=self.registry,
        )
        self.rows = Counter("orderline_ledger_rows", "Rows read into the ledger", registry=self.registry)
