"""LifecycleRow: one fact about an order, a payment or an effect; what it means, how it is written. No I/O.

Rows travel on the topic `order-lifecycle` and are all the ledger ever reads. A row's header
says what happened, to what, when; its *facts* hold what the entity looked like then, by kind.
A row from an event is a full snapshot of the entity, never a delta.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from analytics.facts import (
    AudienceFacts,
    Consent,
    DeadLetterFacts,
    EffectFacts,
    Facts,
    FlowPauseFacts,
    ForgottenFacts,
    FulfillmentsFacts,
    HandoverFacts,
    InstallationFacts,
    Line,
    Pause,
    PaymentFacts,
    QuotaFacts,
    ReconciledFacts,
    Shipment,
    SiteFacts,
    StoreOrderFacts,
    SubscriptionFacts,
    UnrecognizedFacts,
)
from analytics.masking import masked

# What rooms may import: the facts are written here as part of the row they travel in.
__all__ = [
    "MAPPING_VERSION",
    "ROW_FORMAT",
    "ROW_NAMESPACE",
    "AudienceFacts",
    "Consent",
    "DeadLetterFacts",
    "EffectFacts",
    "Facts",
    "FlowPauseFacts",
    "ForgottenFacts",
    "FulfillmentsFacts",
    "HandoverFacts",
    "InstallationFacts",
    "LifecycleRow",
    "Line",
    "Pause",
    "PaymentFacts",
    "QuotaFacts",
    "ReconciledFacts",
    "Shipment",
    "SiteFacts",
    "Source",
    "StoreOrderFacts",
    "SubscriptionFacts",
    "UnreadableRow",
    "UnrecognizedFacts",
    "event_row_id",
    "masked",
    "outcome_row_id",
    "store_order_state",
    "subscription_state",
]

# Raised when `from_event` reads the same event differently: a re-derive then adds rows of the
# new version beside the old ones, and reports take the highest.
MAPPING_VERSION = 1

# Version of the wire format below, not of the mapping.
ROW_FORMAT = 1

# Namespace of all row ids; fixed for life, since ids must come out the same in every replay.
ROW_NAMESPACE = UUID("6f0d2f5e-0c8e-5f43-9d0c-1f6f6d1c7b11")


class UnreadableRow(Exception):
    """Bytes on `order-lifecycle` that are no row of a format we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an event lies on the log: topic without prefix, partition, offset."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRow:
    """One lifecycle fact. Times are aware, UTC.

    `what` is the event's slug (`created`, `auto_renew_canceled`, `transaction_status_changed` …)
    or `effect_due`, `effect_done` …; `entity_id` the order, transaction or effect key; `order_id`
    the order it concerns, if any; `happened_at` the event's own time; `sequence` Wix's
    entityEventSequence; `source` where the event lies on the log (None for outcomes).
    """

    v: int = ROW_FORMAT
    row_id: UUID
    mapping_version: int = MAPPING_VERSION
    what: str
    instance_id: str
    entity_id: str
    order_id: str | None = None
    event_id: str
    event_type: str
    happened_at: datetime
    received_at: datetime | None = None
    sequence: int | None = None
    source: Source | None = None
    facts: Facts = field()

    @property
    def kind(self) -> str:
        """Which facts the row holds: subscription, store_order, payment, effect …."""
        return self.facts.kind

    def to_bytes(self) -> bytes:
        """The row as JSON with its format version, as it lies on `order-lifecycle`."""
        return _ROWS.dump_json(self, exclude_none=True)

    @classmethod
    def from_bytes(cls, data: bytes) -> "LifecycleRow":
        """Read a row back.

        Raises:
            UnreadableRow: no JSON, another format version, or fields that don't fit.
        """
        try:
            row = _ROWS.validate_json(data)
        except ValidationError as error:
            raise UnreadableRow(str(error)) from error
        if row.v != ROW_FORMAT:
            raise UnreadableRow(f"row format {row.v}; this build reads {ROW_FORMAT}")
        return row


_ROWS: TypeAdapter[LifecycleRow] = TypeAdapter(LifecycleRow)


def event_row_id(instance_id: str, event_id: str, what: str, mapping_version: int = MAPPING_VERSION) -> UUID:
    """Id of a row from an event: the same for a duplicate delivery, a retry and a replay."""
    return uuid5(ROW_NAMESPACE, f"{instance_id}/{event_id}/{what}/{mapping_version}")


def outcome_row_id(effect_key: str, step: int) -> UUID:
    """Id of an outcome row: a crash between sending and marking sends the same row again."""
    return uuid5(ROW_NAMESPACE, f"{effect_key}/{step}")


# Wix's words (Pricing Plans v2, and v1's older ones) → our state.
_SUBSCRIPTION_STATES = {
    "DRAFT": "draft",
    "PENDING": "pending",
    "ACTIVE": "active",
    "PAUSED": "paused",
    "SUSPENDED": "paused",
    "PENDING_CANCELLATION": "set_to_cancel",
    "ENDED": "ended",
    "EXPIRED": "ended",
    "CANCELED": "canceled",
}


def subscription_state(status: str, *, auto_renew_canceled: bool | None) -> str:
    """Our word for a subscription's status.

    One of draft, pending, active, paused, set_to_cancel, ended, canceled, unknown.
    """
    state = _SUBSCRIPTION_STATES.get(status, "unknown")
    return "set_to_cancel" if state == "active" and auto_renew_canceled else state


def store_order_state(status: str, *, fulfillment_status: str | None) -> str:
    """Our word for a store order's status.

    One of draft, placed, approved, partially_fulfilled, fulfilled, canceled, rejected, unknown.
    """
    fixed = {"INITIALIZED": "draft", "PENDING": "placed", "CANCELED": "canceled", "REJECTED": "rejected"}
    if status in fixed:
        return fixed[status]
    if status != "APPROVED":
        return "unknown"
    shipped = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partially_fulfilled"}
    return shipped.get(fulfillment_status or "", "approved")
