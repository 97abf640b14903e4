"""Prices of a plan order, typed: what each stretch of cycles costs and how that comes about. No I/O.

`total = subtotal - discount + tax + fees`. Wix has rounded already, so nothing is computed again here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from streams.fields import at, count, flag, items, money, text

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A coupon that was applied, and what it took off."""

    code: str | None
    amount: Decimal | None
    id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax; `rate` is in percent, and `is_included` says that the plan's price contains it."""

    name: str | None
    rate: Decimal | None
    amount: Decimal | None
    is_included: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A fee beside the plan's price."""

    name: str | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSpan:
    """The price of one cycle and the cycles it holds for; `cycles` None means from `first` on.

    `wire` is what Wix wrote.
    """

    first: int
    cycles: int | None
    total: Decimal
    currency: str | None
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    coupon: Coupon | None = None
    tax: Tax | None = None
    fees: tuple[Fee, ...] = ()
    proration: Decimal | None = None
    wire: Json = field(default_factory=dict, repr=False, compare=False)

    def covers(self, cycle: int) -> bool:
        """Whether this price holds for a cycle (counted from 1)."""
        return self.first <= cycle and (self.cycles is None or cycle < self.first + self.cycles)


def spans(holder: Json, *path: str) -> Iterator[PriceSpan]:
    """The prices of a list, in its order; one without a total is passed over."""
    for spanned in items(holder, *path):
        total, first = money(spanned, "price", "total"), count(spanned, "duration", "cycleFrom")
        if total is not None:
            price = at(spanned, "price")
            yield PriceSpan(
                first=1 if first is None else first,
                cycles=count(spanned, "duration", "numberOfCycles") or None,
                total=total,
                currency=text(price, "currency"),
                subtotal=money(price, "subtotal"),
                discount=money(price, "discount"),
                coupon=_coupon(at(price, "coupon")),
                tax=_tax(at(price, "tax")),
                fees=tuple(
                    Fee(name=text(fee, "name"), amount=money(fee, "amount")) for fee in items(price, "fees")
                ),
                proration=money(price, "proration"),
                wire=spanned,
            )


def _coupon(found: object) -> Coupon | None:
    if not isinstance(found, Mapping):
        return None
    return Coupon(code=text(found, "code"), amount=money(found, "amount"), id=text(found, "id"))


def _tax(found: object) -> Tax | None:
    if not isinstance(found, Mapping):
        return None
    return Tax(
        name=text(found, "name"),
        rate=money(found, "rate"),
        amount=money(found, "amount"),
        is_included=bool(flag(found, "includedInPrice")),
    )
