"""Immediate fulfillments that nobody made due: an approved order whose webhook never came."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from streams import fulfillment
from streams.effect import FULFILLMENT, Decision, Effect, immediate_key
from streams.fulfillment import IMMEDIATE
from streams.order import StoreOrder
from streams.outbox import Outbox
from streams.sites import Sites
from streams.snapshot import id_of

APPROVED = "APPROVED"


class Fulfiller:
    """Writes into the outbox what is due by the site's policy; the runner decides again, and carries it out.

    The key is the one that the webhook would have made, so an order gets its fulfillment once,
    whoever tells first.
    """

    def __init__(self, outbox: Outbox, sites: Sites, max_age: timedelta) -> None:
        self._outbox = outbox
        self._sites = sites
        self._max_age = max_age

    async def make_due(self, site: str, orders: Iterable[Mapping[str, Any]]) -> int:
        """Make the fulfillments of approved orders due; returns how many were not due already.

        Sites that ship when their warehouse tells are left alone: only the warehouse knows.
        """
        if self._sites.of(site).fulfillment != IMMEDIATE:
            return 0
        now = datetime.now(UTC)
        effects = [effect for order in orders if (effect := self._effect(site, order, now)) is not None]
        return await self._outbox.record_many([Decision(effects=(one,), has_event=False) for one in effects])

    def _effect(self, site: str, wire: Mapping[str, Any], now: datetime) -> Effect | None:
        order = StoreOrder.from_json(wire)
        if order.id is None or order.status != APPROVED:
            return None
        effect = Effect(
            key=immediate_key(site, order.id),
            flow=FULFILLMENT,
            instance_id=site,
            order_id=order.id,
            event_id=id_of(f"{order.id}/immediate"),
            event_at=order.created_at or now,
            payload={"mode": IMMEDIATE},
        )
        is_wanted = fulfillment.unwanted(effect, order, max_age=self._max_age, now=now) is None
        return effect if is_wanted else None
