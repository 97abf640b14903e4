"""What a row's facts hold, by kind: one class for each thing a row can be about. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPauseFacts:
    """A flow was paused by its third dead letter of one kind, or resumed; the row's entity is the flow.

    `state` is paused or resumed, `version` the build that met the failure, `held` how many records
    and effects wait for it. The row's site is empty: a pause concerns all of them.
    """

    kind: Literal["flow_pause"] = "flow_pause"
    state: str
    fingerprint: str
    version: str
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFacts:
    """Requests to Wix for one site in the minute that begins at the row's `happened_at`.

    One row for each minute, site and worker, told when the minute is over: counts of several
    workers add up. `limit` is what Wix allows a minute, `parked` how many requests had to wait.
    """

    kind: Literal["quota"] = "quota"
    worker: str
    calls: int
    limit: int
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What Wix's Site Properties said of a site; asked when the app is installed, and daily.

    `currency` is ISO 4217, `timezone` an IANA name, `language` a tag such as en or de-AT.
    """

    kind: Literal["site"] = "site"
    name: str | None = None
    currency: str | None = None
    timezone: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledFacts:
    """A site was compared with Wix's lists, whole; the row's entity is the site.

    `earliest_order_at` is the creation of the oldest order loaded, from which on the site is observed.
    """

    kind: Literal["reconciled"] = "reconciled"
    found: int
    healed: int
    gone: int
    earliest_order_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenFacts:
    """A person or a whole site asked to be forgotten: later and earlier rows obey.

    `scope` is site or contact; the row's entity is the site's instanceId or the contact's id.
    `member_id` and `order_ids` are those that were known to belong to the contact.
    """

    kind: Literal["forgotten"] = "forgotten"
    scope: str
    member_id: str | None = None
    order_ids: tuple[str, ...] = ()


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
    | UnrecognizedFacts
    | FlowPauseFacts
    | QuotaFacts
    | SiteFacts
    | ReconciledFacts
    | ForgottenFacts,
    Field(discriminator="kind"),
]
