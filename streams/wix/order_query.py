"""Which plan orders are asked for, and page after page of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from streams.fields import count, items
from streams.plan_order import PlanOrder
from streams.wix.client import Params, WixClient

PAGE = 50

FieldSet = Literal["BASIC", "FULL"]
SortField = Literal["createdDate", "endDate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuery:
    """Filters and order of a list. Values of one filter are alternatives, filters add up.

    Statuses are Wix's words. Without `sort_by` the newest come first; drafts are among them.
    """

    buyer_ids: tuple[str, ...] = ()
    plan_ids: tuple[str, ...] = ()
    order_statuses: tuple[str, ...] = ()
    payment_statuses: tuple[str, ...] = ()
    auto_renew_canceled: bool | None = None
    sort_by: SortField | None = None
    is_descending: bool = False
    field_set: FieldSet = "BASIC"

    def params(self, *, limit: int, offset: int) -> Params:
        """The query string, as Wix spells it; what is not asked for is left out."""
        wanted: dict[str, str | tuple[str, ...]] = {
            "buyerIds": self.buyer_ids,
            "planIds": self.plan_ids,
            "orderStatuses": self.order_statuses,
            "paymentStatuses": self.payment_statuses,
        }
        if self.auto_renew_canceled is not None:
            wanted["autoRenewCanceled"] = str(self.auto_renew_canceled).lower()
        if self.sort_by is not None:
            wanted["sorting.fieldName"] = self.sort_by
            wanted["sorting.order"] = "DESC" if self.is_descending else "ASC"
        if self.field_set != "BASIC":
            wanted["fieldSet"] = self.field_set
        return {name: value for name, value in wanted.items() if value} | {
            "limit": str(limit),
            "offset": str(offset),
        }


async def pages(
    wix: WixClient, site: str, path: str, query: OrderQuery, *, page: int = PAGE
) -> AsyncIterator[PlanOrder]:
    """Every order that fits, each once, though orders that come in meanwhile shift the pages."""
    seen: set[str | None] = set()
    offset = 0
    while True:
        answer = await wix.request(site, "GET", path, params=query.params(limit=page, offset=offset))
        orders = [PlanOrder.from_json(one) for one in items(answer.body, "orders")]
        new = [order for order in orders if order.id not in seen]
        seen.update(order.id for order in new)
        for order in new:
            yield order
        offset += len(orders)
        total = count(answer.body, "pagingMetadata", "total")
        if not new or (len(orders) < page if total is None else offset >= total):
            return
