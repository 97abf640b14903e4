"""Orders of Wix eCommerce."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from streams.fields import items, text
from streams.order import StoreOrder
from streams.wix.client import WixClient, in_path

PATH = "/ecom/v1/orders"
PAGE = 100


async def get_order(wix: WixClient, site: str, order_id: str) -> StoreOrder:
    """One order as it is now. NotFound if the site has none by this id."""
    answer = await wix.request(site, "GET", f"{PATH}/{in_path(order_id)}")
    return StoreOrder.from_json(answer.object("order"))


async def search_orders(
    wix: WixClient,
    site: str,
    *,
    where: Mapping[str, Any] | None = None,
    newest_first: bool = True,
    page: int = PAGE,
) -> AsyncIterator[StoreOrder]:
    """Every order that fits, page by page; `where` is in Wix's query language, with its field names.

    Orders that are being initialized are never among them.
    """
    sort = [{"fieldName": "createdDate", "order": "DESC" if newest_first else "ASC"}]
    asked: dict[str, Any] = {"filter": dict(where or {}), "sort": sort}
    cursor: str | None = None
    while True:
        paging = {"limit": page} | ({"cursor": cursor} if cursor else {})
        search = {"cursorPaging": paging, **asked}
        answer = await wix.request(site, "POST", f"{PATH}/search", json={"search": search}, is_read=True)
        for order in items(answer.body, "orders"):
            yield StoreOrder.from_json(order)
        before, cursor = cursor, text(answer.body, "metadata", "cursors", "next")
        if cursor is None:
            return
        if cursor == before:
            raise answer.unexpected("a page that is its own next page")
