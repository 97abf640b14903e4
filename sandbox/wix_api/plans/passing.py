"""What time does to plan orders: they start, renew themselves and end. No I/O."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sandbox.wix_api.clock import instant
from sandbox.wix_api.plans.change import Change, cancellation_completed, started
from sandbox.wix_api.plans.order import PlanOrder
from sandbox.wix_api.plans.price import total_of_cycle


def due(order: PlanOrder) -> datetime | None:
    """When the next thing happens to an order by itself; None if nothing will."""
    moments = [at for at in (order.cancels_at, _due(order)) if at is not None]
    return min(moments, default=None)


def passed(order: PlanOrder, now: datetime) -> Iterator[Change]:
    """Everything that happened to an order until now, each at its time."""
    at = due(order)
    while at is not None and at <= now:
        change = _happened(order, at)
        yield change
        order = change.order
        at = due(order)


def _due(order: PlanOrder) -> datetime | None:
    if not order.lives:
        return None
    if order.status == "PENDING":
        return order.start
    if order.status != "ACTIVE":
        return None
    return order.cycle_end if order.renews else order.end


def _happened(order: PlanOrder, at: datetime) -> Change:
    if order.cancels_at == at:
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
    was_canceled = bool(order.shown.get("autoRenewCanceled"))
    status, told = (
        ("CANCELED", ("updated", "canceled", "ended")) if was_canceled else ("ENDED", ("updated", "ended"))
    )
    over = order.with_shown("currentCycle", status=status, updatedDate=instant(at))
    return Change(order=replace(over, cancels_at=None), told=told, at=at)
