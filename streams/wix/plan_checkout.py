"""Plan orders that are made, and previews of what they would be.

All five calls refuse a coupon with one of eight codes, with status 428. A create is never repeated:
Wix knows no idempotency key, and orders can't be deleted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ingest.record import iso
from streams.fields import flag
from streams.plan_order import PlanOrder
from streams.plan_price import PriceSpan, spans
from streams.wix.answer import Answer
from streams.wix.client import WixClient

PATH = "/pricing-plans/v2/checkout/orders"

OrderMethod = Literal["MOTO", "POS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is to be bought. `start` None is now; `coupon` is its code, 1 to 20 characters."""

    plan_id: str
    start: datetime | None = None
    coupon: str | None = None
    submission_id: str | None = None

    def body(self, **more: object) -> dict[str, Any]:
        """The fields of the request; what has no value is left out."""
        fields = {
            "planId": self.plan_id,
            "startDate": iso(self.start) if self.start else None,
            "couponCode": self.coupon,
            "submissionId": self.submission_id,
            **more,
        }
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An order as it would be, without an id, and whether the buyer has had as many as may be."""

    order: PlanOrder
    is_limit_exceeded: bool


async def create_offline_order(
    wix: WixClient, site: str, purchase: Purchase, *, member_id: str, is_paid: bool = False
) -> PlanOrder:
    """An order that is paid outside of Wix. Purchase limits are ignored.

    With `is_paid` the answer may still say UNPAID: Wix settles that a moment later.
    """
    body = purchase.body(memberId=member_id, paid=is_paid)
    return _order(await wix.request(site, "POST", f"{PATH}/offline", json=body))


async def create_online_order(
    wix: WixClient,
    site: str,
    purchase: Purchase,
    *,
    member_id: str | None = None,
    order_method: OrderMethod | None = None,
) -> PlanOrder:
    """An order to be paid through Wix; a DRAFT until then. An app must name the member, a member not."""
    buyer: dict[str, str] | None = None
    if member_id is not None:
        buyer = {"memberId": member_id} | ({"orderMethod": order_method} if order_method else {})
    return _order(await wix.request(site, "POST", f"{PATH}/online", json=purchase.body(onBehalf=buyer)))


async def preview_offline_order(wix: WixClient, site: str, purchase: Purchase, *, member_id: str) -> Preview:
    """What an offline order would be."""
    body = purchase.body(memberId=member_id)
    return _preview(await wix.request(site, "POST", f"{PATH}/preview-offline", json=body, is_read=True))


async def preview_online_order(wix: WixClient, site: str, purchase: Purchase) -> Preview:
    """What an online order would be; only a member may ask (`as_member`)."""
    answer = await wix.request(site, "POST", f"{PATH}/preview-online", json=purchase.body(), is_read=True)
    return _preview(answer)


async def preview_price(
    wix: WixClient, site: str, plan_id: str, *, coupon: str | None = None
) -> tuple[PriceSpan, ...]:
    """What a plan costs, for whomever."""
    body = Purchase(plan_id=plan_id, coupon=coupon).body()
    answer = await wix.request(site, "POST", f"{PATH}/price-preview", json=body, is_read=True)
    if not isinstance(answer.body.get("prices"), list):
        raise answer.unexpected("an answer without prices")
    return tuple(spans(answer.body, "prices"))


def _order(answer: Answer) -> PlanOrder:
    return PlanOrder.from_json(answer.object("order"))


def _preview(answer: Answer) -> Preview:
    return Preview(order=_order(answer), is_limit_exceeded=flag(answer.body, "purchaseLimitExceeded") is True)
