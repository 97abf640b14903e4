"""What time does to plan orders: they start, renew themselves and end. No I/O."""

from collections.abc import Iterator
from datetime import datetime

from sandbox.wix_api.clock import instant
from sandbox.wix_api.plans.change import Change, cancellation_completed, started
from sandbox.wix_api.plans.order import PlanOrder
from sandbox.wix_api.plans.price import total_of_cycle


def due(order: PlanOrder) -> datetime | None:
    """When the next thing happens to an order by itself; None if nothing will."""
    if order.cancels_at is not None:
        return order.cancels_at
    if not order.lives:
        return None
    if order.status == "PENDING":
        return order.start
    if order.status != "ACTIVE":
        return None
    return order.cycle_end if order.renews else order.end


def passed(order: PlanOrder, now: datetime) -> Iterator[Change]:
    """Everything that happened to an order until now, each at its time."""
    at = due(order)
    while at is not None and at <= now:
        change = _happened(order, at)
        yield change
        order = change.order
        at = due(order)


def _happened(order: PlanOrder, at: datetime) -> Change:
    if order.cancels_at is not None:
        return cancellation_completed(order, now=at)
    if order.status == "PENDING":
        first = () if order.costs_nothing or not order.is_online else ("cycle_started",)
        return Change(order=started(order, at), told=("updated", "started", *first), at=at)
    return _renewed(order, at) if order.renews else _ended(order, at)


def _renewed(order: PlanOrder, at: datetime) -> Change:
    index = (order.cycle_index or 0) + 1
    renewed = order.in_cycle(index, now=at)
    charged = order.is_online and bool(total_of_cycle(order.shown, index))
    if charged:
        renewed = renewed.with_shown(lastPaymentStatus="PAID")
    return Change(order=renewed, told=("updated", "cycle_started"), at=at, charged=index if charged else None)


def _ended(order: PlanOrder, at: datetime) -> Change:
    if order.shown.get("autoRenewCanceled"):
        over = order.with_shown("currentCycle", status="CANCELED", updatedDate=instant(at))
        return Change(order=over, told=("updated", "canceled", "ended"), at=at)
    over = order.with_shown("currentCycle", status="ENDED", updatedDate=instant(at))
    return Change(order=over, told=("updated", "ended"), at=at)
