"""Plan orders on a screen: tables for people, Wix's own JSON for programs."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from streams.plan_order import PlanOrder
from streams.plan_price import PriceSpan

# Piped, a table is as wide as it needs: ids are there to be copied.
PIPED_WIDTH = 400


def show_json(value: object) -> None:
    """One JSON value on stdout; money keeps every digit, as the string that Wix sent or a number."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def show_orders(orders: Sequence[PlanOrder]) -> None:
    """One line for each order."""
    if not orders:
        click.echo("No orders fit.")
        return
    table = Table("status", "payment", "type", "plan", "price", "starts (UTC)", "ends (UTC)", box=None)
    table.add_column("order", overflow="fold")
    table.add_column("member", overflow="fold")
    for one in orders:
        table.add_row(
            one.status,
            one.payment_status,
            one.type,
            one.plan_name,
            price_of(one.price),
            when(one.start_at),
            when(one.end_at),
            one.id,
            one.member_id,
        )
    show(table)


def show_order(order: PlanOrder) -> None:
    """Everything of one order that has a value."""
    table = Table(show_header=False, box=None)
    for name, value in _facts(order):
        if value:
            table.add_row(name, value)
    show(table)
    if order.spans:
        show_prices(order.spans)


def show_prices(spans: Iterable[PriceSpan]) -> None:
    """What each stretch of cycles costs."""
    table = Table("cycles", "subtotal", "coupon", "discount", "tax", "fees", "total", box=None)
    for span in spans:
        table.add_row(
            cycles_of(span),
            money(span.subtotal),
            span.coupon.code if span.coupon else None,
            money(span.discount),
            _tax(span),
            ", ".join(f"{fee.name}: {money(fee.amount)}" for fee in span.fees),
            price_of(span),
        )
    show(table)


def show(table: Table) -> None:
    """Print a table as wide as the screen, or as it needs where nobody looks."""
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)


def price_of(span: PriceSpan | None) -> str:
    """A total with its currency."""
    return f"{span.total} {span.currency or ''}".strip() if span else ""


def cycles_of(span: PriceSpan) -> str:
    """`1`, `2-3` or `2 and later`."""
    if span.cycles is None:
        return f"{span.first} and later"
    last = span.first + span.cycles - 1
    return str(span.first) if last == span.first else f"{span.first}-{last}"


def when(moment: datetime | None) -> str:
    """A time to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def money(amount: Decimal | None) -> str:
    """An amount as Wix wrote it."""
    return "" if amount is None else str(amount)


def _tax(span: PriceSpan) -> str:
    if span.tax is None:
        return ""
    included = ", included" if span.tax.is_included else ""
    return f"{money(span.tax.amount)} ({span.tax.name} {money(span.tax.rate)} %{included})"


def _facts(order: PlanOrder) -> Iterator[tuple[str, str | None]]:
    yield "order", order.id
    yield "status", order.status
    yield "last payment", order.payment_status
    yield "type", order.type
    yield "plan", f"{order.plan_name or ''} {order.plan_id or ''}".strip()
    yield "list price", money(order.plan_price)
    yield "paid", _model(order)
    yield "member", order.member_id
    yield "contact", order.contact_id
    yield "starts", when(order.start_at)
    yield "ends", when(order.end_at)
    yield "full term ends", when(order.earliest_end_at)
    yield "free trial", f"{order.trial_days} days" if order.trial_days else None
    yield "current cycle", _cycle(order)
    yield "auto-renewal", "canceled" if order.auto_renew_canceled else None
    yield "canceled", _cancellation(order)
    yield (
        "pauses",
        "; ".join(f"{when(one.paused_at)} to {when(one.resumed_at) or 'now'}" for one in order.pause_periods),
    )
    yield "subscription", order.subscription_id
    yield "Wix Pay order", order.wix_pay_order_id
    yield "created", when(order.created_at)
    yield "updated", when(order.updated_at)


def _model(order: PlanOrder) -> str | None:
    if order.model == "recurring":
        count = f"{order.cycle_count} times" if order.cycle_count else "until canceled"
        return f"every {order.cycle_length or 1} {(order.cycle_unit or '?').lower()}, {count}"
    if order.model == "single":
        return f"once, for {order.duration_length or 1} {(order.duration_unit or '?').lower()}"
    return "once, without end" if order.model == "unlimited" else None


def _cycle(order: PlanOrder) -> str | None:
    cycle = order.current_cycle
    if cycle is None:
        return None
    number = "trial" if cycle.index == 0 else str(cycle.index)
    return f"{number}, {when(cycle.started_at)} to {when(cycle.ended_at) or 'no end'}"


def _cancellation(order: PlanOrder) -> str | None:
    found = order.cancellation
    return f"{found.cause}, {found.effective_at}" if found else None


def _plain(value: Any) -> Any:
    """JSON has no decimals: a number where that loses nothing, else the digits as a string."""
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in JSON")
