"""All orders of a site as Wix shows them, a page at a time, so that one can go on later with the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from streams.fields import count, items, moment, text
from streams.wix import plan_orders, store_orders
from streams.wix.client import WixClient
from streams.wix.order_query import PAGE as PLAN_PAGE
from streams.wix.order_query import OrderQuery

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Orders as Wix gave them. `next` asks for the page behind this one; None after the last."""

    orders: tuple[Json, ...]
    next: str | None
    asked_at: datetime


async def plan_orders_page(wix: WixClient, site: str, cursor: str | None) -> Page:
    """The oldest orders first, drafts among them: what comes in meanwhile is behind, and moves nothing.

    Wix can't list these by their last change, so there is no shorter way than all of them.
    """
    asked_at, offset = datetime.now(UTC), int(cursor or 0)
    params = OrderQuery(sort_by="createdDate").params(limit=PLAN_PAGE, offset=offset)
    answer = await wix.request(site, "GET", plan_orders.PATH, params=params)
    orders = tuple(items(answer.body, "orders"))
    end = offset + len(orders)
    total = count(answer.body, "pagingMetadata", "total")
    is_last = not orders or (len(orders) < PLAN_PAGE if total is None else end >= total)
    return Page(orders=orders, next=None if is_last else str(end), asked_at=asked_at)


async def store_orders_page(
    wix: WixClient, site: str, cursor: str | None, *, since: datetime | None = None
) -> Page:
    """The oldest orders first; with `since`, those changed last first, up to a page that is all older."""
    asked_at = datetime.now(UTC)
    sort = (
        {"fieldName": "updatedDate", "order": "DESC"}
        if since
        else {"fieldName": "createdDate", "order": "ASC"}
    )
    paging = {"limit": store_orders.PAGE} | ({"cursor": cursor} if cursor else {})
    search = {"cursorPaging": paging, "filter": {}, "sort": [sort]}
    answer = await wix.request(
        site, "POST", f"{store_orders.PATH}/search", json={"search": search}, is_read=True
    )
    orders = tuple(items(answer.body, "orders"))
    following = text(answer.body, "metadata", "cursors", "next")
    if following is not None and following == cursor:
        raise answer.unexpected("a page that is its own next page")
    is_last = following is None or not orders or (since is not None and _is_older(orders, since))
    return Page(orders=orders, next=None if is_last else following, asked_at=asked_at)


def changed_since(order: Json, since: datetime | None) -> bool:
    """Whether Wix changed the order at or after that time; what bears no date may have been."""
    updated_at = moment(order, "updatedDate")
    return since is None or updated_at is None or updated_at >= since


def _is_older(orders: tuple[Json, ...], since: datetime) -> bool:
    """Whether a page is all older; where it isn't sorted by the last change, it says nothing."""
    times = [moment(order, "updatedDate") for order in orders]
    known = [one for one in times if one is not None]
    return len(known) == len(times) and known == sorted(known, reverse=True) and known[0] < since
