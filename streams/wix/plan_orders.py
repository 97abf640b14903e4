"""Pricing Plans orders, as the app may see and change them (Wix's "management" functions).

A changing call answers nothing; ask for the order again to see what became of it. Wix documents no
codes for orders that are in no state for a change, so these are plain WixRefused.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from ingest.record import iso
from streams.plan_order import PlanOrder
from streams.wix.client import WixClient, in_path
from streams.wix.order_query import PAGE, FieldSet, OrderQuery, pages

PATH = "/pricing-plans/v2/orders"

EffectiveAt = Literal["IMMEDIATELY", "NEXT_PAYMENT_DATE"]


async def get_order(wix: WixClient, site: str, order_id: str, *, field_set: FieldSet = "BASIC") -> PlanOrder:
    """One order as it is now. NotFound if the site has none by this id."""
    params = {"fieldSet": field_set} if field_set != "BASIC" else None
    answer = await wix.request(site, "GET", f"{PATH}/{in_path(order_id)}", params=params)
    return PlanOrder.from_json(answer.object("order"))


def list_orders(
    wix: WixClient, site: str, query: OrderQuery | None = None, *, page: int = PAGE
) -> AsyncIterator[PlanOrder]:
    """Every order that fits, page by page."""
    return pages(wix, site, PATH, query or OrderQuery(), page=page)


async def cancel_order(wix: WixClient, site: str, order_id: str, effective_at: EffectiveAt) -> None:
    """Cancel. An order paid once can only be canceled immediately."""
    await _change(wix, site, order_id, "cancel", {"effectiveAt": effective_at})


async def mark_as_paid(wix: WixClient, site: str, order_id: str) -> None:
    """Mark an offline order paid, as a whole; Wix refuses a second time, and online orders."""
    await _change(wix, site, order_id, "mark-as-paid")


async def pause_order(wix: WixClient, site: str, order_id: str) -> None:
    """Pause an active order: nothing is charged meanwhile, and the end moves when it is resumed."""
    await _change(wix, site, order_id, "pause")


async def resume_order(wix: WixClient, site: str, order_id: str) -> None:
    """Resume a paused order; its end moves by the length of the pause."""
    await _change(wix, site, order_id, "resume")


async def postpone_end_date(wix: WixClient, site: str, order_id: str, end: datetime) -> None:
    """Let an order run longer. Only later than now set, not unlimited, not while paused."""
    path = f"{PATH}/{in_path(order_id)}"
    await wix.request(site, "PATCH", path, json={"endDate": iso(end)})


async def _change(
    wix: WixClient, site: str, order_id: str, action: str, body: dict[str, Any] | None = None
) -> None:
    await wix.request(site, "POST", f"{PATH}/{in_path(order_id)}/{action}", json=body or {})
