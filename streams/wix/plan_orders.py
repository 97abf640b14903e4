"""Pricing Plans orders."""

from streams.order import PlanOrder
from streams.wix.client import WixClient, in_path


async def get_order(wix: WixClient, site: str, order_id: str) -> PlanOrder:
    """One order as it is now. NotFound if the site has none by this id."""
    answer = await wix.request(site, "GET", f"/pricing-plans/v2/orders/{in_path(order_id)}")
    return PlanOrder.from_json(answer.object("order"))
