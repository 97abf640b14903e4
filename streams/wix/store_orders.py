"""Orders of Wix eCommerce."""

from streams.order import StoreOrder
from streams.wix.client import WixClient, in_path


async def get_order(wix: WixClient, site: str, order_id: str) -> StoreOrder:
    """One order as it is now. NotFound if the site has none by this id."""
    answer = await wix.request(site, "GET", f"/ecom/v1/orders/{in_path(order_id)}")
    return StoreOrder.from_json(answer.object("order"))
