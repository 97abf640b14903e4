"""Prices of an order, span by span: list price less coupon, with the tax of the site. No I/O.

Always total = subtotal - discount + tax.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field

from sandbox.wix_api.plans.coupon import Coupon
from sandbox.wix_api.plans.plan import Plan
from sandbox.wix_api.wire import JsonObject, Wire

_CENT = Decimal("0.01")


class Tax(Wire):
    """The tax of a site: its rate in percent, and whether list prices include it."""

    name: str = "Tax"
    rate: Annotated[Decimal, Field(ge=0, le=100)]
    included_in_price: bool = False


def prices(plan: Plan, coupon: Coupon | None, tax: Tax | None) -> list[JsonObject]:
    """The prices of an order; two spans where a coupon is good for the first cycles only."""
    recurring = plan.pricing.subscription is not None
    cycles = plan.cycles
    discounted = coupon.discounted_cycle_count if coupon and recurring else 0
    if not discounted or (cycles is not None and discounted >= cycles):
        return [_span(1, cycles, _price(plan, coupon, tax))]
    rest = None if cycles is None else cycles - discounted
    return [
        _span(1, discounted, _price(plan, coupon, tax)),
        _span(discounted + 1, rest, _price(plan, None, tax)),
    ]


def first_total(order: JsonObject) -> Decimal:
    """What the first cycle of an order costs."""
    return total_of_cycle(order, 1)


def total_of_cycle(order: JsonObject, index: int) -> Decimal:
    """What a cycle of an order costs."""
    listed = order.get("pricing", {}).get("prices", [])
    spans = [span for span in listed if span["duration"]["cycleFrom"] <= index]
    return Decimal(spans[-1]["price"]["total"]) if spans else Decimal(0)


def _span(cycle_from: int, cycles: int | None, price: JsonObject) -> JsonObject:
    counted = {} if cycles is None else {"numberOfCycles": cycles}
    return {"duration": {"cycleFrom": cycle_from, **counted}, "price": price}


def _price(plan: Plan, coupon: Coupon | None, tax: Tax | None) -> JsonObject:
    listed = plan.pricing.price.value
    off = _cents(coupon.off(listed)) if coupon else Decimal(0)
    due = listed - off
    levied = _tax(due, tax)
    included = tax is not None and tax.included_in_price
    total = due if included else due + levied
    subtotal = total - levied + off
    shown: JsonObject = {"subtotal": _shown(subtotal)}
    if coupon is not None:
        shown["coupon"] = {"code": coupon.code, "amount": _shown(off), "id": coupon.id}
    shown["discount"] = _shown(off)
    if tax is not None and listed:
        flag = {"includedInPrice": True} if included else {}
        shown["tax"] = {"name": tax.name, **flag, "rate": _plain(tax.rate), "amount": _shown(levied)}
    return {**shown, "total": _shown(total), "currency": plan.pricing.price.currency}


def _tax(due: Decimal, tax: Tax | None) -> Decimal:
    if tax is None:
        return Decimal(0)
    if tax.included_in_price:
        return _cents(due - due / (1 + tax.rate / 100))
    return _cents(due * tax.rate / 100)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def _shown(amount: Decimal) -> str:
    return str(_cents(amount)) if amount else "0"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
