"""ShipmentProcedure: a handover or an approved order becomes one fulfillment at Wix."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from analytics.lifecycle import Line, Shipment
from streams import fulfillment, reason
from streams.effect import Effect
from streams.fulfillment import HANDOVER, IMMEDIATE
from streams.order import StoreOrder
from streams.procedure import Claim, Done, Fail, Ready, Suppress
from streams.settings import FlowSettings
from streams.sites import Sites
from streams.wix import fulfillments, store_orders
from streams.wix.client import WixClient
from streams.wix.errors import NotFound, WixBusy, WixRefused
from streams.wix.fulfillments import NewFulfillment

# How much Wix's clock may be behind ours when it stamps a fulfillment.
CLOCK_DIFFERENCE = timedelta(minutes=5)
# How soon to look again at an order that Wix shows as it was before it was approved.
STALE_READ_SECONDS = 60.0

_ORDER_NOT_FOUND = Fail(
    reason=reason.ORDER_NOT_FOUND,
    next_step="Look the order up in the site's dashboard; if it is there, redrive this effect.",
)
# Statuses by which Wix refuses a fulfillment for what is in it, and not for who asks.
ABOUT_CONTENT = (400, 409, 412, 422, 428)
_ITEMS_REFUSED = (
    "Compare the handover with the order's page: its lines, and how many units of each are left to ship. "
    "Ask the warehouse what left, and have it hand over that, with a new Idempotency-Key."
)
_TRACKING_REFUSED = (
    "Have the warehouse hand over again with a trackingLink, under a new Idempotency-Key: only fedex, ups, "
    "usps, dhl and canadaPost (spelled like that) are known to Wix and need none."
)
_TRACKING_NUMBER_IN_USE = (
    "Ask the warehouse which items left under this tracking number, and have it hand over again "
    "with the right one and a new Idempotency-Key."
)


class ShipmentProcedure:
    """Fulfillments: policy and order as they are now, one Create Fulfillment, then what Wix lists."""

    def __init__(self, wix: WixClient, sites: Sites, settings: FlowSettings) -> None:
        self._wix = wix
        self._sites = sites
        self._max_age = settings.fulfillment_max_age

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready | Suppress | Fail:
        """Read the order as it is now and see what of it is left to ship."""
        policy = self._sites.of(effect.instance_id).fulfillment
        if _is_immediate(effect) and policy == HANDOVER:
            return Suppress(reason=reason.POLICY_HANDOVER)
        # An order is older than any event about it: this spares the call.
        if now - effect.event_at > self._max_age:
            return Suppress(reason=reason.TOO_OLD)
        try:
            order = await store_orders.get_order(self._wix, effect.instance_id, effect.order_id)
        except NotFound:
            return _ORDER_NOT_FOUND
        unwanted = fulfillment.unwanted(effect, order, max_age=self._max_age, now=now)
        if unwanted:
            return Suppress(reason=unwanted)
        if fulfillment.is_not_approved_yet(effect, order):
            raise WixBusy(STALE_READ_SECONDS, description="the order does not show as approved yet")
        return await self._measured(effect, order)

    async def act(self, effect: Effect, ready: Ready) -> Done:
        """Create the fulfillment. A tracking number that is there with the same items is our success."""
        new: NewFulfillment = ready.request
        try:
            created = await fulfillments.create(self._wix, effect.instance_id, effect.order_id, new)
        except WixRefused as refusal:
            if refusal.code != fulfillments.TRACKING_NUMBER_ALREADY_EXISTS:
                raise _explained(effect, refusal) from None
            return await self._already_there(effect, new, refusal)
        return Done(wix_id=created.fulfillment_id, request_id=created.request_id, shipments=created.shipments)

    async def read_back(self, effect: Effect, claim: Claim) -> Done | Suppress | Fail | None:
        """Look for the fulfillment among those that the order has now."""
        shipments = await self._listed(effect)
        ours = _ours(effect, claim, shipments)
        if ours is not None:
            return Done(wix_id=ours.id, shipments=shipments)
        if not _is_immediate(effect) or not shipments:
            return None
        order = await store_orders.get_order(self._wix, effect.instance_id, effect.order_id)
        if fulfillment.left_to_ship(order, shipments):
            return None
        return Done(wix_id=shipments[-1].id, shipments=shipments)

    async def confirm(self, effect: Effect, done: Done) -> Done:
        """List the order's fulfillments: their answer is what gets recorded."""
        return replace(done, shipments=await self._listed(effect))

    async def _measured(self, effect: Effect, order: StoreOrder) -> Ready | Suppress:
        lines = fulfillment.lines_of(effect.payload) or await self._left(effect, order)
        if not lines:
            return Suppress(reason=reason.ALREADY_FULFILLED)
        new = NewFulfillment(
            lines=lines,
            tracking_number=effect.payload.get("tracking_number"),
            shipping_provider=effect.payload.get("shipping_provider"),
            tracking_link=effect.payload.get("tracking_link"),
        )
        return Ready(request=new, claim=_claim(new))

    async def _left(self, effect: Effect, order: StoreOrder) -> tuple[Line, ...]:
        """What is left to ship; an order that Wix calls NOT_FULFILLED has all of it left."""
        is_untouched = order.fulfillment_status == "NOT_FULFILLED"
        return fulfillment.left_to_ship(order, () if is_untouched else await self._listed(effect))

    async def _already_there(self, effect: Effect, new: NewFulfillment, refusal: WixRefused) -> Done:
        shipments = await self._listed(effect)
        same = fulfillment.same_shipment(shipments, new.tracking_number or "", new.lines)
        if same is None:
            raise refusal.because(reason.TRACKING_NUMBER_IN_USE, _TRACKING_NUMBER_IN_USE)
        return Done(wix_id=same.id, request_id=refusal.request_id, shipments=shipments)

    async def _listed(self, effect: Effect) -> tuple[Shipment, ...]:
        return await fulfillments.list_for_order(self._wix, effect.instance_id, effect.order_id)


def _is_immediate(effect: Effect) -> bool:
    return effect.payload.get("mode") == IMMEDIATE


def _explained(effect: Effect, refusal: WixRefused) -> WixRefused:
    """What a warehouse told wrongly is for the warehouse; Wix documents no codes for it."""
    if _is_immediate(effect) or refusal.status not in ABOUT_CONTENT:
        return refusal
    if any("tracking" in field.lower() for field in refusal.fields):
        return refusal.because(reason.TRACKING_REFUSED, _TRACKING_REFUSED)
    return refusal.because(reason.ITEMS_REFUSED, _ITEMS_REFUSED)


def _claim(new: NewFulfillment) -> Mapping[str, Any]:
    return {
        "lines": [{"id": line.id, "quantity": line.quantity} for line in new.lines],
        "tracking_number": new.tracking_number,
    }


def _ours(effect: Effect, claim: Claim, shipments: tuple[Shipment, ...]) -> Shipment | None:
    """The fulfillment that the call in doubt would have made.

    A handover's is known by its tracking number and units, an immediate one by its units and by
    being made since the call.
    """
    lines = fulfillment.lines_of(claim.facts)
    if not _is_immediate(effect):
        return fulfillment.same_shipment(shipments, str(claim.facts["tracking_number"]), lines)
    since = claim.called_at - CLOCK_DIFFERENCE
    recent = (one for one in shipments if one.created_at is not None and one.created_at >= since)
    wanted = fulfillment.units(lines)
    return next((one for one in recent if fulfillment.units(one.lines) == wanted), None)
