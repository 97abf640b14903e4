"""LifecycleRow: one fact about an order, a payment or an effect; what it means, how it is written. No I/O.

Rows travel on the topic `order-lifecycle` and are all the ledger ever reads. A row's header
says what happened, to what, when; its *facts* hold what the entity looked like then, by kind.
A row from an event is a full snapshot of the entity, never a delta.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import Field, TypeAdapter, ValidationError

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
class Pause:
    """One pause of a subscription; `resumed_at` is None while it lasts."""

    paused_at: datetime | None = None
    resumed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Units of one line item; `id` is unique only within its order."""

    id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """One fulfillment at Wix."""

    id: str
    created_at: datetime | None = None
    lines: tuple[Line, ...] = ()
    tracking_number: str | None = None
    shipping_provider: str | None = None
    tracking_link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts:
    """A Pricing Plans order as one event showed it.

    `state` is ours (`subscription_state`), `status` and `payment_status` are Wix's words.
    `price_total` and `price_recurring` (total − tax − fees − proration) are those of the price
    span that covers the current cycle, in `currency`. `cycle_unit` × `cycle_count` is the length
    of one cycle (DAY, WEEK, MONTH, YEAR); both None for one-time plans.
    """

    kind: Literal["subscription"] = "subscription"
    state: str
    status: str
    payment_status: str | None = None
    plan_id: str | None = None
    plan_name: str | None = None
    member_id: str | None = None
    contact_id: str | None = None
    order_type: str | None = None
    currency: str | None = None
    price_total: Decimal | None = None
    price_recurring: Decimal | None = None
    is_recurring: bool = False
    cycle_unit: str | None = None
    cycle_count: int | None = None
    trial_days: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    current_cycle_index: int | None = None
    current_cycle_started_at: datetime | None = None
    current_cycle_ends_at: datetime | None = None
    auto_renew_canceled: bool | None = None
    cancellation_cause: str | None = None
    cancellation_effective_at: str | None = None
    cancel_requested_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    identity_type: str | None = None
    is_anonymized: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrderFacts:
    """An eCommerce order as one event showed it. `state` is ours (`store_order_state`).

    `is_plan_order`: all of its lines belong to Pricing Plans, so it is no store order for reports.
    `identity_type` says who triggered the event (`WIX_USER`, `APP`, `MEMBER`, …), where Wix told.
    """

    kind: Literal["store_order"] = "store_order"
    state: str
    status: str
    payment_status: str | None = None
    fulfillment_status: str | None = None
    number: str | None = None
    member_id: str | None = None
    contact_id: str | None = None
    currency: str | None = None
    total: Decimal | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    lines: tuple[Line, ...] = ()
    is_shippable: bool | None = None
    is_plan_order: bool = False
    identity_type: str | None = None
    is_anonymized: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentsFacts:
    """All fulfillments that a store order has now; the row's entity is the order."""

    kind: Literal["fulfillments"] = "fulfillments"
    shipments: tuple[Shipment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """A cashier transaction as one event showed it; the row's entity is the transaction.

    `app_id` is the Wix app that made the payment order, `change` Wix's own event kind
    (`TRANSACTION_STATUS_CHANGED` …); the row's `order_id` is the `wixAppOrderId`.
    """

    kind: Literal["payment"] = "payment"
    change: str
    status: str | None = None
    previous_status: str | None = None
    app_id: str | None = None
    amount: Decimal | None = None
    refunded_amount: Decimal | None = None
    currency: str | None = None
    cycle_number: int | None = None
    reason_code: int | None = None
    created_at: datetime | None = None
    refund_status: str | None = None
    is_anonymized: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What Wix answered about mailing an address, and when it was asked. Never the address."""

    subscription_status: str
    deliverability_status: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFacts:
    """One state of one effect; the row's entity is the effect key.

    `outcome`: due, claimed, done, suppressed, waiting, doubtful or failed. `due` rows come from
    the event alone (`step` 0), all others from the outbox, each with the step it raised; the
    highest step stands and done is final. `decided_at` is when the runner decided, `done_at` when
    Wix had accepted, `event_at` the time of the event that made it due. `waiting_seconds` and
    `calls_seconds` split the delay. `shipments` is what List Fulfillments answered afterwards.
    """

    kind: Literal["effect"] = "effect"
    flow: str
    outcome: str
    step: int = 0
    reason: str | None = None
    attempts: int = 0
    event_at: datetime | None = None
    decided_at: datetime | None = None
    done_at: datetime | None = None
    next_at: datetime | None = None
    next_step: str | None = None
    wix_id: str | None = None
    ref: str | None = None
    consent: Consent | None = None
    fingerprint: str | None = None
    last_status: int | None = None
    last_code: str | None = None
    request_id: str | None = None
    waiting_seconds: float | None = None
    calls_seconds: float | None = None
    shipments: tuple[Shipment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverFacts:
    """What a warehouse told; `outcome` is accepted or refused (with `reason`, such as key_reused)."""

    kind: Literal["handover"] = "handover"
    warehouse: str
    key: str
    outcome: str
    reason: str | None = None
    lines: tuple[Line, ...] = ()
    tracking_number: str | None = None
    shipping_provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterFacts:
    """A record that could not be read or decided. The row's `source` says where it lies."""

    kind: Literal["dead_letter"] = "dead_letter"
    reason: str
    error: str
    fingerprint: str
    redriven_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationFacts:
    """The app came to a site, or left it (`what` is installed or removed)."""

    kind: Literal["installation"] = "installation"
    app_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceFacts:
    """An email subscription, an inbox message or a conversation changed: statuses and ids only."""

    kind: Literal["audience"] = "audience"
    subscription_status: str | None = None
    deliverability_status: str | None = None
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrecognizedFacts:
    """An authentic event that the catalogue does not know: counted, and an alarm."""

    kind: Literal["unrecognized"] = "unrecognized"


Facts = Annotated[
    SubscriptionFacts
    | StoreOrderFacts
    | FulfillmentsFacts
    | PaymentFacts
    | EffectFacts
    | HandoverFacts
    | DeadLetterFacts
    | InstallationFacts
    | AudienceFacts
    | UnrecognizedFacts,
    Field(discriminator="kind"),
]


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
