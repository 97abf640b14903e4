"""Effect: something to do once at Wix. Its key, its states, and what came of it. No I/O."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from analytics.lifecycle import Consent, Shipment

PAYMENT_NOTICE = "payment_notice"
PURCHASE_NOTICE = "purchase_notice"
FULFILLMENT = "fulfillment"
ACCESS = "access"
FLOWS = (PAYMENT_NOTICE, PURCHASE_NOTICE, FULFILLMENT, ACCESS)

REF_LENGTH = 6


class State(StrEnum):
    """Where an effect stands in the outbox. Done and suppressed are final."""

    DUE = "due"
    CLAIMED = "claimed"
    DONE = "done"
    SUPPRESSED = "suppressed"
    WAITING = "waiting"
    DOUBTFUL = "doubtful"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One effect that an event made due. Holds ids, never personal data.

    `key` names what must not be done twice. `event_at` is the time of the event. `payload` is
    JSON: for payment_notice `{"app_id", "transaction_id", "amount", "currency"}` (money as decimal
    strings), for purchase_notice `{}`, for fulfillment `{"mode": "immediate"}` or
    `{"mode": "handover", "warehouse", "key", "lines": [{"id", "quantity"}], "tracking_number",
    "shipping_provider", "tracking_link"}`, for access `{"verb", "number", "change"}`.
    """

    key: str
    flow: str
    instance_id: str
    order_id: str
    event_id: str
    event_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """The visible reference that every message of this effect carries."""
        return reference(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something an event said about effects that no call to Wix would show, such as a refund.

    `reason` (refunded, anonymized) suppresses the effect with `effect_key` if it isn't done yet,
    whether it is in the outbox already or is added later.
    """

    effect_key: str
    instance_id: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverClaim:
    """A warehouse's idempotency key and what it was used for, so that a second use can be judged."""

    warehouse: str
    key: str
    instance_id: str
    order_id: str
    body_hash: str
    event_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one event makes due, from the event alone. Settings act later, in the runner.

    When `handover` is there, the effects are added only if its key is new or was used with the
    same body; otherwise the outbox records the handover as refused (`key_reused`). Without an event
    (`has_event` false) no row on the log says what is due, so the outbox tells of each new effect.
    """

    effects: tuple[Effect, ...] = ()
    marks: tuple[Mark, ...] = ()
    handover: HandoverClaim | None = None
    has_event: bool = True


NOTHING = Decision()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A change of an effect's state, as the outbox recorded it; becomes a row for the ledger.

    `step` rises by one with every change. `at` is when it changed, `event_at` the time of the
    event that made the effect due. `next_at` is when it is tried again; `next_step` says in words
    what a person should do. Durations are in seconds.
    """

    effect_key: str
    flow: str
    instance_id: str
    order_id: str
    event_id: str
    step: int
    state: State
    at: datetime
    event_at: datetime
    attempts: int
    reason: str | None = None
    wix_id: str | None = None
    ref: str | None = None
    consent: Consent | None = None
    next_at: datetime | None = None
    next_step: str | None = None
    fingerprint: str | None = None
    last_status: int | None = None
    last_code: str | None = None
    request_id: str | None = None
    waiting_seconds: float | None = None
    calls_seconds: float | None = None
    shipments: tuple[Shipment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDue:
    """An effect that no event on the log made due: Wix's lists did, at `at`."""

    effect_key: str
    flow: str
    instance_id: str
    order_id: str
    event_id: str
    event_at: datetime
    ref: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRefused:
    """A warehouse's idempotency key used again with another body: nothing was added for it."""

    claim: HandoverClaim
    reason: str
    at: datetime


def payment_notice_key(instance_id: str, transaction_id: str) -> str:
    """One notice for each transaction."""
    return f"notice:payment:{instance_id}:{transaction_id}"


def purchase_notice_key(instance_id: str, order_id: str) -> str:
    """One notice for each plan order."""
    return f"notice:purchase:{instance_id}:{order_id}"


def handover_key(instance_id: str, order_id: str, warehouse: str, idempotency_key: str) -> str:
    """One fulfillment for each thing a warehouse told."""
    return f"fulfillment:{instance_id}:{order_id}:{warehouse}:{idempotency_key}"


def immediate_key(instance_id: str, order_id: str) -> str:
    """One fulfillment of everything, for sites that ship at once."""
    return f"fulfillment:{instance_id}:{order_id}:immediate"


def access_key(verb: str, instance_id: str, order_id: str, number: int) -> str:
    """One grant or revoke for each start, pause, resumption and end of a plan order."""
    return f"access:{verb}:{instance_id}:{order_id}:{number}"


def reference(effect_key: str) -> str:
    """First six characters of base32(sha256(effect key)), such as K7Q2M9."""
    digest = hashlib.sha256(effect_key.encode()).digest()
    return base64.b32encode(digest).decode()[:REF_LENGTH]
