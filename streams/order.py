"""The few fields of Wix orders that decide what we send, typed. No I/O.

Tolerant on purpose: Wix leaves out fields without a value, writes numbers as strings here and
there, masks texts with asterisks after an anonymize request and adds enum values at will. A field
that is absent or of an unexpected form becomes None; enum values are kept as Wix wrote them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from streams.fields import at, count, flag, items, moment, money, text

Json = Mapping[str, Any]

SHIPPED_ITEM_TYPE = "PHYSICAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSpan:
    """The price of one cycle and the cycles it holds for; `cycles` None means from `first` on."""

    first: int
    cycles: int | None
    total: Decimal
    currency: str | None

    def covers(self, cycle: int) -> bool:
        """Whether this price holds for a cycle (counted from 1)."""
        return self.first <= cycle and (self.cycles is None or cycle < self.first + self.cycles)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """An order of a Pricing Plan.

    `cycle_unit` and `cycle_length` give the length of one cycle of a recurring order. `cycle_index`
    is 0 during a trial, else from 1, and None before the start and after the end.
    """

    id: str | None
    status: str | None
    payment_status: str | None = None
    type: str | None = None
    plan_name: str | None = None
    member_id: str | None = None
    contact_id: str | None = None
    is_recurring: bool = False
    cycle_unit: str | None = None
    cycle_length: int | None = None
    spans: tuple[PriceSpan, ...] = ()
    trial_days: int | None = None
    cycle_index: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None

    @classmethod
    def from_json(cls, order: Json) -> Self:
        """Read an order out of a webhook or an answer; never raises."""
        cycle = at(order, "pricing", "subscription", "cycleDuration")
        return cls(
            id=text(order, "id"),
            status=text(order, "status"),
            payment_status=text(order, "lastPaymentStatus"),
            type=text(order, "type"),
            plan_name=unmasked(order, "planName"),
            member_id=unmasked(order, "buyer", "memberId"),
            contact_id=unmasked(order, "buyer", "contactId"),
            is_recurring=isinstance(at(order, "pricing", "subscription"), Mapping),
            cycle_unit=text(cycle, "unit"),
            cycle_length=count(cycle, "count"),
            spans=tuple(_spans(order)),
            trial_days=count(order, "freeTrialDays"),
            cycle_index=count(order, "currentCycle", "index"),
            start_at=moment(order, "startDate"),
            end_at=moment(order, "endDate"),
        )

    @property
    def price(self) -> PriceSpan | None:
        """The price of the cycle that runs now.

        Before the start and in a trial that is the first cycle's. Past the last span (some of
        Wix's own samples are) the last one holds on.
        """
        cycle = max(self.cycle_index or 1, 1)
        covering = [span for span in self.spans if span.covers(cycle)]
        begun = [span for span in self.spans if span.first <= cycle]
        return next(iter(covering or begun[-1:] or self.spans), None)

    @property
    def is_priced(self) -> bool:
        """Whether any cycle costs something."""
        return any(span.total > 0 for span in self.spans)

    @property
    def is_in_trial(self) -> bool:
        """Whether the running cycle is the free trial."""
        return self.cycle_index == 0


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


def _spans(order: Json) -> Iterator[PriceSpan]:
    for spanned in items(order, "pricing", "prices"):
        total, first = money(spanned, "price", "total"), count(spanned, "duration", "cycleFrom")
        if total is not None:
            yield PriceSpan(
                first=1 if first is None else first,
                cycles=count(spanned, "duration", "numberOfCycles") or None,
                total=total,
                currency=text(spanned, "price", "currency"),
            )


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
