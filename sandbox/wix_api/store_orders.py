"""Orders of a site's store: kept by id, searched by status. No I/O."""

from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.wix_api.refusal import invalid_field, not_found
from sandbox.wix_api.wire import JsonObject, Wire

PAGE = 100

# The fields that a search may filter by: with a value, `$eq`, `$ne`, `$in` or `$nin`.
_FILTERS = (
    "id",
    "number",
    "status",
    "paymentStatus",
    "fulfillmentStatus",
    "archived",
    "currency",
    "checkoutId",
)


class _Sort(Wire):
    field_name: Literal["createdDate", "updatedDate", "number"]
    order: Literal["ASC", "DESC"] = "ASC"


class _CursorPaging(Wire):
    limit: int = Field(default=PAGE, ge=1, le=PAGE)
    cursor: Annotated[str, Field(max_length=16000)] | None = None


class Search(Wire):
    """Filter, sorting and paging of a search."""

    filter: dict[str, Any] = Field(default_factory=dict)
    sort: list[_Sort] = Field(default_factory=list, max_length=1)
    cursor_paging: _CursorPaging = _CursorPaging()


class SearchRequest(Wire):
    """Body of Search Orders."""

    search: Search = Search()


def has_to_ship(order: JsonObject) -> bool:
    """Whether anything of an order is sent to somebody; Wix fulfills the others by itself."""
    return "shippingInfo" in order and any(_ships(line) for line in order.get("lineItems", []))


def _ships(line: JsonObject) -> bool:
    kind = line.get("itemType", {}).get("preset", "PHYSICAL")
    return bool(line.get("physicalProperties", {}).get("shippable", kind == "PHYSICAL"))


class StoreOrders:
    """The store orders of one site."""

    def __init__(self) -> None:
        self._orders: dict[str, JsonObject] = {}

    def upsert(self, order: JsonObject) -> None:
        """Put an order in place of the one with its id."""
        self._orders[order["id"]] = order

    def get(self, order_id: str) -> JsonObject:
        """One order.

        Raises:
            Refusal: 404.
        """
        if order_id not in self._orders:
            raise not_found("Order", order_id, code="ORDER_NOT_FOUND")
        return self._orders[order_id]

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._orders

    def search(self, search: Search) -> JsonObject:
        """The body of Search Orders; the newest first unless asked otherwise."""
        conditions = [_condition(name, asked) for name, asked in search.filter.items()]
        found = [order for order in self._orders.values() if _passes(order, conditions)]
        sort = search.sort[0] if search.sort else _Sort(field_name="createdDate", order="DESC")
        name = "number" if sort.field_name == "number" else sort.field_name
        found.sort(key=lambda order: (str(order.get(name, "")), order["id"]), reverse=sort.order == "DESC")
        return _page(found, search.cursor_paging)


def _condition(name: str, asked: Any) -> tuple[str, str, Any]:
    if name not in _FILTERS:
        raise invalid_field(f"filter.{name}", "is not a field to filter by")
    if not isinstance(asked, dict):
        return name, "$eq", asked
    [(operator, value)] = asked.items() if len(asked) == 1 else [("", None)]
    if operator not in ("$eq", "$ne", "$in", "$nin") or isinstance(value, list) != (
        operator in ("$in", "$nin")
    ):
        raise invalid_field(f"filter.{name}", "needs one of $eq, $ne, $in and $nin with its value")
    return name, operator, value


def _passes(order: JsonObject, conditions: list[tuple[str, str, Any]]) -> bool:
    return all(_holds(order.get(name), operator, value) for name, operator, value in conditions)


def _holds(found: Any, operator: str, value: Any) -> bool:
    among = found in value if isinstance(value, list) else found == value
    return bool(among) == (operator in ("$eq", "$in"))


def _page(found: list[JsonObject], paging: _CursorPaging) -> JsonObject:
    start = _offset(paging.cursor)
    page = found[start : start + paging.limit]
    end = start + len(page)
    has_next = end < len(found)
    cursors = {"next": f"orders-{end}"} if has_next else {}
    return {"orders": page, "metadata": {"count": len(page), "cursors": cursors, "hasNext": has_next}}


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    digits = cursor.removeprefix("orders-")
    if not digits.isdecimal() or digits == cursor:
        raise invalid_field("search.cursorPaging.cursor", "is not a cursor of this list")
    return int(digits)
