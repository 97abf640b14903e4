"""A member's own plan orders. `wix` must be a client that speaks as the member (`as_member`)."""

from collections.abc import AsyncIterator

from streams.plan_order import PlanOrder
from streams.wix.client import WixClient, in_path
from streams.wix.order_query import PAGE, FieldSet, OrderQuery, pages
from streams.wix.plan_orders import EffectiveAt

PATH = "/pricing-plans/v2/member/orders"


async def get_order(wix: WixClient, site: str, order_id: str, *, field_set: FieldSet = "BASIC") -> PlanOrder:
    """One order of the member's. NotFound if it is none of theirs."""
    params = {"fieldSet": field_set} if field_set != "BASIC" else None
    answer = await wix.request(site, "GET", f"{PATH}/{in_path(order_id)}", params=params)
    return PlanOrder.from_json(answer.object("order"))


def list_orders(
    wix: WixClient, site: str, query: OrderQuery | None = None, *, page: int = PAGE
) -> AsyncIterator[PlanOrder]:
    """The member's orders that fit, page by page; `buyer_ids` has no place here."""
    return pages(wix, site, PATH, query or OrderQuery(), page=page)


async def request_cancellation(wix: WixClient, site: str, order_id: str, effective_at: EffectiveAt) -> None:
    """Ask to cancel. Refunds may come first: the order may be CANCELED only some time later."""
    await wix.request(site, "POST", f"{PATH}/{in_path(order_id)}/cancel", json={"effectiveAt": effective_at})
