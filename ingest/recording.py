"""A verified event, or a handover, becomes the record that goes on the log. No I/O."""

from datetime import datetime
from uuid import UUID, uuid5

from ingest.catalogue import find
from ingest.handover import Handover, Warehouse
from ingest.personal import without_personal
from ingest.record import EventRecord
from ingest.strict_json import dump
from ingest.topics import HANDOVERS, UNRECOGNIZED
from ingest.webhook import WixEvent

HANDOVER_EVENT = "orderline.handover"
# Ids of handovers; fixed for life, since a handover repeated must get the same one.
HANDOVER_NAMESPACE = UUID("5a0c8f6c-6f0b-5d0f-8a55-0f4d6d9a2e31")


def from_event(event: WixEvent, *, received_at: datetime, app_id: str | None = None) -> EventRecord:
    """The record of a webhook, less what is personal; `app_id` where the token names no app.

    An event without a time of its own happened when it was signed, else when it came.
    """
    webhook = find(event.event_type, event.body)
    entity = webhook.entity if webhook else None
    return EventRecord(
        topic=webhook.topic.name if webhook else UNRECOGNIZED.name,
        instance_id=event.instance_id,
        event_id=event.event_id,
        event_type=event.event_type,
        event_time=event.event_time or received_at,
        received_at=received_at,
        value=dump(without_personal(event.body, entity)),
        app_id=event.app_id or app_id,
        identity=event.identity and without_personal(event.identity, entity),
        account=event.account and without_personal(event.account, entity),
    )


def from_handover(
    handover: Handover, *, warehouse: Warehouse, key: str, received_at: datetime
) -> EventRecord:
    """The record of a handover. The same warehouse and key give the same event id."""
    value = {
        "warehouse": warehouse.name,
        "idempotencyKey": key,
        **handover.as_json(),
        "bodyHash": handover.body_hash(),
    }
    return EventRecord(
        topic=HANDOVERS.name,
        instance_id=handover.instance_id,
        event_id=str(uuid5(HANDOVER_NAMESPACE, f"{warehouse.name}/{key}")),
        event_type=HANDOVER_EVENT,
        event_time=received_at,
        received_at=received_at,
        value=dump(value),
    )
