"""What one event makes due, from the event alone. The one place that knows which flow reads which topic."""

from dataclasses import replace

from ingest.record import EventRecord
from ingest.topics import HANDOVERS, PAYMENTS, PLAN_ORDERS, STORE_ORDERS
from streams import access, fulfillment, notification
from streams.effect import NOTHING, Decision


def _of_plan_order(record: EventRecord) -> Decision:
    notice, change = notification.decide(record), access.decide(record)
    return replace(notice, effects=notice.effects + change.effects)


_DECIDERS = {
    PAYMENTS.name: notification.decide,
    PLAN_ORDERS.name: _of_plan_order,
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
