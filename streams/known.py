"""What the ledger knows of a site's orders, and whether Wix's lists say something else. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from analytics.lifecycle import Shipment, subscription_state
from streams.fields import flag, moment, text
from streams.lifecycle_plan import UNKNOWN

Json = Mapping[str, Any]
Kind = Literal["plan", "store"]
Difference = Literal["unknown", "different"]

_SHIPMENTS: TypeAdapter[tuple[Shipment, ...]] = TypeAdapter(tuple[Shipment, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """One order as the ledger has it.

    `updated_at` is Wix's own time of the newest state that we saw, `snapshot_at` that of the newest
    which came from Wix's lists.
    """

    order_id: str
    kind: Kind
    state: str | None = None
    status: str | None = None
    payment_status: str | None = None
    fulfillment_status: str | None = None
    updated_at: datetime | None = None
    snapshot_at: datetime | None = None
    shipments: tuple[Shipment, ...] | None = None

    @classmethod
    def from_row(cls, row: Json) -> "KnownOrder":
        """One row of the ledger owner's answer."""
        shipments = text(row, "shipments")
        words = ("state", "status", "payment_status", "fulfillment_status")
        return cls(
            order_id=str(row["order_id"]),
            kind="plan" if row["kind"] == "plan" else "store",
            updated_at=moment(row, "updated_at"),
            snapshot_at=moment(row, "snapshot_at"),
            shipments=_SHIPMENTS.validate_json(shipments) if shipments else None,
            **{name: text(row, name) for name in words},
        )


def difference(order: Json, known: KnownOrder | None) -> Difference | None:
    """Whether an order from Wix's lists tells us anything; None if we know it all.

    What Wix shows as older than what we know is a read that came late, and no news.
    """
    if known is None:
        return "unknown"
    updated_at = moment(order, "updatedDate")
    if updated_at is None or known.updated_at is None:
        return "different" if known.snapshot_at is None and _words(order) != _known_words(known) else None
    if updated_at != known.updated_at:
        return "different" if updated_at > known.updated_at else None
    # The same state was loaded before: to load it again would change nothing.
    is_loaded = known.snapshot_at is not None and known.snapshot_at >= updated_at
    return None if is_loaded or _words(order) == _known_words(known) else "different"


def has_other_shipments(listed: Iterable[Shipment], known: KnownOrder | None) -> bool:
    """Whether the fulfillments that Wix lists are not those we know, tracking included."""
    return _parcels(listed) != _parcels(known.shipments if known and known.shipments else ())


def _words(order: Json) -> tuple[str | None, ...]:
    status = text(order, "status") or UNKNOWN
    if "planId" in order:
        state = subscription_state(status, auto_renew_canceled=flag(order, "autoRenewCanceled"))
        return state, status, text(order, "lastPaymentStatus")
    return status, text(order, "paymentStatus"), text(order, "fulfillmentStatus")


def _known_words(known: KnownOrder) -> tuple[str | None, ...]:
    if known.kind == "plan":
        return known.state, known.status, known.payment_status
    # The state of a store order also follows its fulfillments: it is compared by Wix's words alone.
    return known.status, known.payment_status, known.fulfillment_status


def _parcels(shipments: Iterable[Shipment]) -> set[tuple[object, ...]]:
    return {
        (one.id, one.tracking_number, one.shipping_provider, *sorted((x.id, x.quantity) for x in one.lines))
        for one in shipments
    }
