"""AccessProcedure: a start, pause, resumption or end of a subscription becomes one POST to ACCESS_URL."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from ingest.record import iso
from streams import access, reason
from streams.access import GRANT
from streams.access_receiver import AccessReceiver
from streams.change import Wanted
from streams.effect import ACCESS, Effect, State
from streams.outbox import Outbox
from streams.plan_order import PlanOrder
from streams.procedure import Claim, Done, Fail, Ready, Suppress
from streams.wix import plan_orders
from streams.wix.client import WixClient
from streams.wix.errors import NotFound, WixBusy

# How soon to look again at an order that Wix shows as it was before the event.
STALE_READ_SECONDS = 60.0

_ORDER_NOT_FOUND = Fail(
    reason=reason.ORDER_NOT_FOUND,
    next_step="Look the order up in the site's dashboard; if it is there, redrive this effect.",
)

WasGranted = Callable[[Effect], Awaitable[bool]]


class AccessProcedure:
    """Changes of access: the order as it is now, then one POST. Without a receiver all are suppressed.

    `was_granted` tells whether a grant of the same order may have reached the receiver.
    """

    def __init__(self, wix: WixClient, receiver: AccessReceiver | None, was_granted: WasGranted) -> None:
        self._wix = wix
        self._receiver = receiver
        self._was_granted = was_granted

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready | Suppress | Fail:
        """Read the order as it is now; a change that it has left behind is not told any more."""
        if self._receiver is None:
            return Suppress(reason=reason.OFF_BY_SETTING)
        self._receiver.check_rest()
        try:
            order = await plan_orders.get_order(self._wix, effect.instance_id, effect.order_id)
        except NotFound:
            return _ORDER_NOT_FOUND
        was_granted = not access.never_began(order) or await self._was_granted(effect)
        unwanted = access.unwanted(effect, order, was_granted=was_granted)
        if unwanted:
            return Suppress(reason=unwanted)
        if access.is_not_there_yet(effect, order):
            raise WixBusy(STALE_READ_SECONDS, description="the order does not show the change yet")
        return Ready(request=_payload(effect, order))

    async def act(self, effect: Effect, ready: Ready) -> Done:
        """Post it. The effect's key is the webhook's id, by which the receiver drops a repeat."""
        assert self._receiver is not None  # noqa: S101 - prepare suppresses everything without one
        await self._receiver.post(effect.key, ready.request)
        return Done(wix_id=effect.key)

    async def read_back(self, effect: Effect, claim: Claim) -> Done | Suppress | Fail | None:
        """Nobody needs to be asked: a receiver knows the id, so a change in doubt is posted again."""
        return None

    async def confirm(self, effect: Effect, done: Done) -> Done:
        """Nothing to ask."""
        return done


def granted_before(outbox: Outbox) -> WasGranted:
    """Asks the outbox whether a grant of the same order is done, or was perhaps received."""

    async def was_granted(effect: Effect) -> bool:
        known = await outbox.listing(
            Wanted(flow=ACCESS, instance_id=effect.instance_id, order_id=effect.order_id)
        )
        grants = (one.held for one in known if one.held.effect.key.startswith(f"access:{GRANT}:"))
        return any(one.state is State.DONE or one.attempts > 0 for one in grants)

    return was_granted


def _payload(effect: Effect, order: PlanOrder) -> Mapping[str, Any]:
    """Ids only: who it is about, the receiver asks Wix."""
    wanted = access.of_payload(effect.payload)
    data = {
        "instanceId": effect.instance_id,
        "orderId": effect.order_id,
        "subscriptionId": order.subscription_id,
        "planId": order.plan_id,
        "memberId": order.member_id,
        "contactId": order.contact_id,
        "change": wanted.change,
    }
    return {
        "type": "access.granted" if wanted.verb == GRANT else "access.revoked",
        "timestamp": iso(effect.event_at),
        "data": {name: value for name, value in data.items() if value is not None},
    }
