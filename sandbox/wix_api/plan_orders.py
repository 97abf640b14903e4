"""Orders of pricing plans: kept by id, listed as List Orders filters, sorts and pages them. No I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from sandbox.wix_api.refusal import not_found
from sandbox.wix_api.wire import Guid, JsonObject, Repeated, Wire

PAGE = 50

FieldSet = Literal["BASIC", "FULL"]
OrderStatus = Literal["DRAFT", "PENDING", "ACTIVE", "PAUSED", "ENDED", "CANCELED"]
PaymentStatus = Literal["PAID", "REFUNDED", "FAILED", "UNPAID", "PENDING", "NOT_APPLICABLE"]


class OrderSorting(Wire):
    """`sorting.fieldName` and `sorting.order`."""

    field_name: Literal["endDate", "createdDate"]
    order: Literal["ASC", "DESC"] = "ASC"


class OrderRequest(Wire):
    """Query of Get Order."""

    field_set: FieldSet = "BASIC"


class OrdersQuery(Wire):
    """Query of List Orders: values of one filter are alternatives, filters add up."""

    buyer_ids: Annotated[list[Guid], Repeated] = Field(default_factory=list)
    plan_ids: Annotated[list[Guid], Repeated] = Field(default_factory=list)
    auto_renew_canceled: bool | None = None
    order_statuses: Annotated[list[OrderStatus], Repeated] = Field(default_factory=list)
    payment_statuses: Annotated[list[PaymentStatus], Repeated] = Field(default_factory=list)
    limit: int = Field(default=PAGE, ge=1, le=PAGE)
    offset: int = Field(default=0, ge=0)
    sorting: OrderSorting = OrderSorting(field_name="createdDate", order="DESC")
    field_set: FieldSet = "BASIC"

    def wants(self, order: JsonObject) -> bool:
        """Whether an order passes every filter."""
        return all(
            (
                _among(self.buyer_ids, order.get("buyer", {}).get("memberId")),
                _among(self.plan_ids, order.get("planId")),
                _among(self.order_statuses, order.get("status")),
                _among(self.payment_statuses, order.get("lastPaymentStatus")),
                self.auto_renew_canceled in (None, order.get("autoRenewCanceled", False)),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersPage:
    """A page of orders and how many there are in all."""

    orders: list[JsonObject]
    offset: int
    total: int

    def answer(self) -> JsonObject:
        """The body of List Orders."""
        paging = {
            "count": len(self.orders),
            "offset": self.offset,
            "total": self.total,
            "tooManyToCount": False,
        }
        return {"orders": self.orders, "pagingMetadata": paging}


class PlanOrders:
    """The plan orders of one site."""

    def __init__(self) -> None:
        self._orders: dict[str, JsonObject] = {}

    def upsert(self, order: JsonObject) -> None:
        """Put an order in place of the one with its id."""
        self._orders[order["id"]] = order

    def get(self, order_id: str, field_set: FieldSet = "BASIC") -> JsonObject:
        """One order; form answers only with FULL.

        Raises:
            Refusal: 404.
        """
        if order_id not in self._orders:
            raise not_found("Order", order_id)
        return _shown(self._orders[order_id], field_set)

    def page(self, query: OrdersQuery) -> OrdersPage:
        """The page that a query asks for; DRAFT orders are among them."""
        found = [order for order in self._orders.values() if query.wants(order)]
        found.sort(key=_by(query.sorting.field_name), reverse=query.sorting.order == "DESC")
        page = found[query.offset : query.offset + query.limit]
        return OrdersPage(
            orders=[_shown(order, query.field_set) for order in page], offset=query.offset, total=len(found)
        )


def _among(wanted: Sequence[str], value: object) -> bool:
    return not wanted or value in wanted


def _by(field_name: str) -> Callable[[JsonObject], tuple[bool, str, str]]:
    return lambda order: (field_name in order, str(order.get(field_name, "")), order["id"])


def _shown(order: JsonObject, field_set: FieldSet) -> JsonObject:
    form = order.get("formData")
    if field_set == "FULL" or not isinstance(form, dict):
        return order
    return {**order, "formData": {name: value for name, value in form.items() if name != "submissionData"}}
