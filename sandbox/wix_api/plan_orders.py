"""Orders of pricing plans: kept by id, listed as List Orders filters, sorts and pages them. No I/O."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from sandbox.wix_api.plans.change import Change
from sandbox.wix_api.plans.coupon import Use
from sandbox.wix_api.plans.order import PlanOrder
from sandbox.wix_api.plans.passing import due, passed
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


class MemberOrdersQuery(Wire):
    """Query of a member's List Orders: values of one filter are alternatives, filters add up."""

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
                _among(self.plan_ids, order.get("planId")),
                _among(self.order_statuses, order.get("status")),
                _among(self.payment_statuses, order.get("lastPaymentStatus")),
                self.auto_renew_canceled in (None, order.get("autoRenewCanceled", False)),
            )
        )


class OrdersQuery(MemberOrdersQuery):
    """Query of List Orders, which an app may narrow to some buyers."""

    buyer_ids: Annotated[list[Guid], Repeated] = Field(default_factory=list)


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
        self._orders: dict[str, PlanOrder] = {}
        self._due: dict[str, datetime] = {}

    def upsert(self, order: JsonObject, *, lives: bool = False) -> None:
        """Put an order from elsewhere in place of the one with its id."""
        self.put(PlanOrder(shown=order, lives=lives))

    def put(self, order: PlanOrder) -> None:
        """Put an order in place of what it was."""
        self._orders[order.id] = order
        at = due(order)
        if at is None:
            self._due.pop(order.id, None)
        else:
            self._due[order.id] = at

    def find(self, order_id: str) -> PlanOrder:
        """One order.

        Raises:
            Refusal: 404.
        """
        if order_id not in self._orders:
            raise not_found("Order", order_id)
        return self._orders[order_id]

    def get(self, order_id: str, field_set: FieldSet = "BASIC") -> JsonObject:
        """One order as Wix shows it; form answers only with FULL.

        Raises:
            Refusal: 404.
        """
        return shown(self.find(order_id).shown, field_set)

    def page(self, query: MemberOrdersQuery, *, buyers: Sequence[str] = ()) -> OrdersPage:
        """The page that a query asks for, of these buyers or all; DRAFT orders are among them."""
        every = (order.shown for order in self._orders.values())
        found = [order for order in every if query.wants(order) and _among(buyers, _buyer(order))]
        found.sort(key=_by(query.sorting.field_name), reverse=query.sorting.order == "DESC")
        page = found[query.offset : query.offset + query.limit]
        return OrdersPage(
            orders=[shown(order, query.field_set) for order in page], offset=query.offset, total=len(found)
        )

    def purchases(self, *, plan_id: str, member_id: str) -> int:
        """How often a member bought a plan; drafts are not bought yet."""
        return sum(
            order.shown.get("planId") == plan_id and _buyer(order.shown) == member_id
            for order in self._bought()
        )

    def coupon_uses(self) -> list[Use]:
        """Every use of a coupon by an order that was bought."""
        uses = []
        for order in self._bought():
            spans = order.shown.get("pricing", {}).get("prices", [])
            ids = {span["price"]["coupon"].get("id") for span in spans if "coupon" in span.get("price", {})}
            uses += [Use(coupon_id=str(one), member_id=str(_buyer(order.shown))) for one in ids]
        return uses

    def pass_to(self, now: datetime) -> Iterator[Change]:
        """Everything that happened by itself until now, in the order of time; it is kept."""
        while ripe := [(at, order_id) for order_id, at in self._due.items() if at <= now]:
            at, order_id = min(ripe)
            change = next(passed(self._orders[order_id], at))
            self.put(change.order)
            yield change

    def _bought(self) -> Iterator[PlanOrder]:
        return (order for order in self._orders.values() if order.status != "DRAFT")


def _buyer(order: JsonObject) -> str | None:
    member_id = order.get("buyer", {}).get("memberId")
    return None if member_id is None else str(member_id)


def _among(wanted: Sequence[str], value: object) -> bool:
    return not wanted or value in wanted


def _by(field_name: str) -> Callable[[JsonObject], tuple[bool, str, str]]:
    return lambda order: (field_name in order, str(order.get(field_name, "")), order["id"])


def shown(order: JsonObject, field_set: FieldSet) -> JsonObject:
    """An order as a fieldset shows it."""
    form = order.get("formData")
    if field_set == "FULL" or not isinstance(form, dict):
        return order
    return {**order, "formData": {name: value for name, value in form.items() if name != "submissionData"}}
