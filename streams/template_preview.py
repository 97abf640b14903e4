"""The message that an order's buyer would get now, and what would keep it from being sent. Sends nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from streams import notification, reason, recipient
from streams.composer import Composed, Composer
from streams.effect import PAYMENT_NOTICE, PURCHASE_NOTICE, Effect, payment_notice_key, purchase_notice_key
from streams.owners import Owners
from streams.plan_order import PlanOrder
from streams.recipient import Recipient
from streams.settings import FlowSettings
from streams.site_profile import Profiles
from streams.wix import email_subscriptions, plan_orders
from streams.wix.client import WixClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message to look at. `unwanted` are the reasons why nobody would get it, by their short codes."""

    notice: str
    composed: Composed = field(repr=False)
    unwanted: tuple[str, ...] = ()
    quiet_until: datetime | None = None


class Previewer:
    """Asks Wix what the flow of the notice would ask, and stops before anything is changed."""

    def __init__(self, wix: WixClient, owners: Owners, settings: FlowSettings) -> None:
        self._wix = wix
        self._sites = owners.sites
        self._settings = settings
        self._profiles = Profiles(wix, owners.sites)
        self._composer = Composer(wix, self._profiles, owners.templates)

    async def preview(self, site: str, order_id: str, notice: str | None = None) -> Preview:
        """The message about one order: of the payment if it was paid online, else of the purchase.

        What was paid stands in an event that is not at hand, so the plan's price is shown for it.

        Raises:
            WixError: the order isn't there, or Wix is away.
        """
        now = datetime.now(UTC)
        order = await plan_orders.get_order(self._wix, site, order_id)
        effect = _effect(site, order_id, order, notice, now, self._settings)
        buyer = await recipient.find(self._wix, site, order, first=self._sites.of(site).payment_address)
        profile = await self._profiles.of(site)
        hours = self._sites.of(site).quiet_hours
        return Preview(
            notice=effect.flow,
            composed=await self._composer.compose(effect, order, buyer, business=profile.name),
            unwanted=tuple([why async for why in self._unwanted(effect, order, buyer, now)]),
            quiet_until=hours.until(now, profile.zone) if hours else None,
        )

    async def _unwanted(
        self, effect: Effect, order: PlanOrder, buyer: Recipient | None, now: datetime
    ) -> AsyncIterator[str]:
        site = self._sites.of(effect.instance_id)
        is_on = site.payment_notice if effect.flow == PAYMENT_NOTICE else site.purchase_notice
        found = [
            notification.unwanted_before_asking(effect, self._settings, is_on=is_on, now=now),
            notification.unwanted_by_order(effect, order, payment_notices=site.payment_notice),
        ]
        for why in found:
            if why:
                yield why
        if buyer is None:
            yield reason.NO_ADDRESS
            return
        told = await email_subscriptions.query(self._wix, effect.instance_id, buyer.email)
        why = notification.unwanted_by_consent(told.subscription_status, told.deliverability_status)
        if why:
            yield why


def _effect(
    site: str, order_id: str, order: PlanOrder, notice: str | None, now: datetime, settings: FlowSettings
) -> Effect:
    is_paid = order.type == "ONLINE" and order.is_priced and order.payment_status == "PAID"
    flow = notice or (PAYMENT_NOTICE if is_paid else PURCHASE_NOTICE)
    key = purchase_notice_key if flow == PURCHASE_NOTICE else payment_notice_key
    price = order.price
    return Effect(
        key=key(site, order_id),
        flow=flow,
        instance_id=site,
        order_id=order_id,
        event_id="",
        event_at=now,
        payload={
            "app_id": settings.payment_app_ids.split(",")[0].strip(),
            "amount": f"{price.total:f}" if price and price.total else None,
            "currency": price.currency if price else None,
        },
    )
