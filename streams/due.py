"""What one event makes due, from the event alone. The one place that knows which flow reads which topic."""

from ingest.record import EventRecord
from ingest.topics import HANDOVERS, PAYMENTS, PLAN_ORDERS, STORE_ORDERS
from streams import fulfillment, notification
from streams.effect import NOTHING, Decision

_DECIDERS = {
    PAYMENTS.name: notification.decide,
    PLAN_ORDERS.name: notification.decide,
    STORE_ORDERS.name: fulfillment.decide,
    HANDOVERS.name: fulfillment.decide,
}


def decide(record: EventRecord) -> Decision:
    """The effects, marks and handover claim of one record; NOTHING for topics that make nothing due.

    Pure: the same record always gives the same decision, live and in a replay.

    Raises:
        ingest.record.Unreadable: a field without which nothing can be decided is missing or broken.
    """
    decider = _DECIDERS.get(record.topic)
    return decider(record) if decider else NOTHING
