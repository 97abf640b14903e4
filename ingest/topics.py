"""Every topic of the log: its name, partitions and retention. The only place they are spelled.

All topics are keyed by instanceId, so that one site's events keep their order within a partition.
Partition counts are fixed for life: changing one would move sites between partitions.
"""

from dataclasses import dataclass
from datetime import timedelta

# Longer than a year, so that a re-derived year-on-year comparison still has both years.
EVENT_RETENTION = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. `name` is without the prefix; `retention` None keeps records for ever.

    With `log_append_time` the broker stamps each record with the time it was appended,
    which is what the ledger calls *known*; else the record carries the time of receipt.
    """

    name: str
    partitions: int = 12
    retention: timedelta | None = EVENT_RETENTION
    log_append_time: bool = False

    def full_name(self, prefix: str) -> str:
        """Name at the broker: the prefix (`TOPIC_PREFIX`) ends in its own dot."""
        return f"{prefix}{self.name}"


PAYMENTS = Topic(name="payments")
PLAN_ORDERS = Topic(name="plan-orders")
STORE_ORDERS = Topic(name="store-orders")
FULFILLMENTS = Topic(name="fulfillments")
HANDOVERS = Topic(name="handovers")
INSTALLATIONS = Topic(name="installations", retention=None)
AUDIENCE = Topic(name="audience")
UNRECOGNIZED = Topic(name="unrecognized")
SNAPSHOTS = Topic(name="snapshots", retention=None)
DEAD_LETTERS = Topic(name="dead-letters", partitions=3)
# One partition: rows have one order, and one process writes the DuckDB file.
ORDER_LIFECYCLE = Topic(name="order-lifecycle", partitions=1, retention=None, log_append_time=True)

EVENT_TOPICS = (
    PAYMENTS,
    PLAN_ORDERS,
    STORE_ORDERS,
    FULFILLMENTS,
    HANDOVERS,
    INSTALLATIONS,
    AUDIENCE,
    UNRECOGNIZED,
    SNAPSHOTS,
)
ALL_TOPICS = (*EVENT_TOPICS, DEAD_LETTERS, ORDER_LIFECYCLE)
