"""The few fields of a store order that decide what we send, typed. No I/O.

Tolerant on purpose: Wix leaves out fields without a value, writes numbers as strings here and
there, masks texts with asterisks after an anonymize request and adds enum values at will. A field
that is absent or of an unexpected form becomes None; enum values are kept as Wix wrote them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from streams.fields import count, flag, items, moment, text

Json = Mapping[str, Any]

SHIPPED_ITEM_TYPE = "PHYSICAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line item; `id` is unique only within its order. `is_shipped`: it needs shipping."""

    id: str
    quantity: int
    is_shipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrder:
    """An eCommerce order. `lines` leaves out what has no id."""

    id: str | None
    status: str | None
    payment_status: str | None = None
    fulfillment_status: str | None = None
    created_at: datetime | None = None
    lines: tuple[OrderLine, ...] = ()

    @classmethod
    def from_json(cls, order: Json) -> Self:
        """Read an order out of a webhook or an answer; never raises."""
        return cls(
            id=text(order, "id"),
            status=text(order, "status"),
            payment_status=text(order, "paymentStatus"),
            fulfillment_status=text(order, "fulfillmentStatus"),
            created_at=moment(order, "createdDate"),
            lines=tuple(_lines(order)),
        )

    @property
    def shipped_lines(self) -> tuple[OrderLine, ...]:
        """The lines that need shipping."""
        return tuple(line for line in self.lines if line.is_shipped)


def unmasked(value: object, *path: str) -> str | None:
    """A text that isn't all asterisks, which is how Wix masks personal data."""
    found = text(value, *path)
    return found if found and found.strip("* ") else None


def _lines(order: Json) -> Iterator[OrderLine]:
    for item in items(order, "lineItems"):
        line_id, quantity = text(item, "id"), count(item, "quantity")
        if line_id is not None:
            yield OrderLine(
                id=line_id, quantity=1 if quantity is None else quantity, is_shipped=_is_shipped(item)
            )


def _is_shipped(item: Json) -> bool:
    """Wix's own flag where it is given, else by the kind of item."""
    told = flag(item, "physicalProperties", "shippable")
    return text(item, "itemType", "preset") == SHIPPED_ITEM_TYPE if told is None else told
