"""What people do to plan orders: each change, and what Wix tells of it. No I/O.

Wix documents no error for an order that is in no state for a change: see `precondition_failed`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sandbox.wix_api.clock import instant
from sandbox.wix_api.plans.order import NOTHING_TO_PAY, PlanOrder
from sandbox.wix_api.plans.term import moment
from sandbox.wix_api.refusal import Refusal, precondition_failed
from sandbox.wix_api.wire import JsonObject

Effective = Literal["IMMEDIATELY", "NEXT_PAYMENT_DATE"]
Cause = Literal["OWNER_ACTION", "MEMBER_ACTION", "PAYMENT_FAILURE"]

# A change's events, each by its slug; `updated` comes beside every one but the first.
Slug = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An order after a change, the slugs of its webhooks in order, and when it happened.

    `charged` is the number of a cycle that was paid online with it, and `declined` of one that wasn't.
    """

    order: PlanOrder
    told: tuple[Slug, ...]
    at: datetime
    charged: int | None = None
    declined: int | None = None


def started(order: PlanOrder, now: datetime) -> PlanOrder:
    """The order in the cycle in which it is now, active."""
    begun = order.in_cycle(order.term.index_at(now), now=now)
    return begun.with_shown(status="ACTIVE")


def paid(order: PlanOrder, *, now: datetime) -> Change:
    """The buyer paid a new online order, or gave a means of payment for after the trial.

    A renewal that the bank had refused may be paid as well.

    Raises:
        Refusal: it waits for no payment.
    """
    if order.is_online and order.status == "ACTIVE" and order.payment == "FAILED":
        settled = order.with_shown(lastPaymentStatus="PAID", updatedDate=instant(now))
        return Change(order=settled, told=("updated",), at=now, charged=order.cycle_index)
    if not order.is_online or order.status != "DRAFT":
        raise _refusal(order, "The order waits for no payment online")
    trial = bool(order.term.trial_days)
    settled = order.with_shown(
        lastPaymentStatus="PENDING" if trial else "PAID", status="PENDING", updatedDate=instant(now)
    )
    charged = None if trial else 1
    if order.start > now:
        return Change(order=settled, told=("updated", "purchased"), at=now, charged=charged)
    told = ("updated", "purchased", "started", "cycle_started")
    return Change(order=started(settled, now), told=told, at=now, charged=charged)


def declined(order: PlanOrder, *, now: datetime) -> Change:
    """The buyer's bank refused. A new order stays as it is, a running one has a failed payment.

    Raises:
        Refusal: there is nothing to pay.
    """
    if order.is_online and order.status == "DRAFT":
        return Change(order=order, told=(), at=now, declined=1)
    if not order.is_online or order.status != "ACTIVE" or not order.is_recurring or order.costs_nothing:
        raise _refusal(order, "Nothing of this order is to be paid online")
    failed = order.with_shown(lastPaymentStatus="FAILED", updatedDate=instant(now))
    return Change(order=failed, told=("updated",), at=now, declined=order.cycle_index)


def marked_as_paid(order: PlanOrder, *, now: datetime) -> Change:
    """The owner got the money of an offline order.

    Raises:
        Refusal: it is online, free or paid.
    """
    if order.is_online:
        raise _refusal(order, "Only offline orders can be marked as paid")
    if order.payment in ("PAID", NOTHING_TO_PAY):
        raise _refusal(order, "The order is paid already")
    settled = order.with_shown(lastPaymentStatus="PAID", updatedDate=instant(now))
    return Change(order=settled, told=("updated", "marked_as_paid"), at=now)


def paused(order: PlanOrder, *, now: datetime) -> Change:
    """Nothing is charged and no cycle ends until it is resumed.

    Raises:
        Refusal: it isn't active, is in its trial, or its payment is still under way.
    """
    if order.status != "ACTIVE":
        raise _refusal(order, "Only active orders can be paused")
    if order.is_in_trial:
        raise _refusal(order, "An order can't be paused during its free trial")
    if order.payment == "PENDING":
        raise _refusal(order, "An order can't be paused while its payment is pending")
    periods = [
        *order.shown.get("pausePeriods", []),
        {"status": "ACTIVE", "pauseDate": instant(now)},
    ]
    stopped = order.with_shown(status="PAUSED", pausePeriods=periods, updatedDate=instant(now))
    return Change(order=stopped, told=("updated", "paused"), at=now)


def resumed(order: PlanOrder, *, now: datetime) -> Change:
    """What was to come moves on by the length of the pause.

    Raises:
        Refusal: it isn't paused.
    """
    if order.status != "PAUSED":
        raise _refusal(order, "Only paused orders can be resumed")
    again = _without_pause(order, now).with_shown(status="ACTIVE", updatedDate=instant(now))
    return Change(order=again, told=("updated", "resumed"), at=now)


def postponed(order: PlanOrder, end: datetime, *, now: datetime) -> Change:
    """The order ends later; what is paid and when stays as it is.

    Raises:
        Refusal: it is paused or has no end, or the new end is no later than the old one.
    """
    if order.status == "PAUSED":
        raise _refusal(order, "The end date of a paused order can't be postponed")
    if order.end is None:
        raise _refusal(order, "The order has no end date to postpone")
    if end <= order.end:
        raise _refusal(order, "The new end date must be later than the current one")
    moved = order.with_shown(endDate=instant(end), updatedDate=instant(now))
    return Change(order=moved, told=("updated", "end_date_postponed"), at=now)


def start_changed(order: PlanOrder, start: datetime, *, now: datetime) -> Change:
    """A draft starts at another time, and ends as much earlier or later.

    Raises:
        Refusal: it is no draft.
    """
    if order.status != "DRAFT":
        raise _refusal(order, "Only the start date of an unpaid online order can be changed")
    moved = order.with_shown(startDate=instant(start), updatedDate=instant(now))
    end = moved.term.end
    if end is not None:
        moved = moved.with_shown(endDate=instant(end), earliestEndDate=instant(end))
    return Change(order=moved, told=("updated", "start_date_changed"), at=now)


def canceled(order: PlanOrder, effective: Effective, *, cause: Cause, now: datetime) -> Change:
    """The order ends now, or when the cycle that runs ends.

    Raises:
        Refusal: it is over, or is paid once or not active and was to end at the next payment.
    """
    _check_cancelable(order, effective)
    if effective == "IMMEDIATELY":
        # It overtakes what the buyer requested.
        return Change(order=_ended_now(order, cause, now), told=("updated", "canceled", "ended"), at=now)
    runs = order.cycle_end is not None and order.cycle_end > now
    until = (order.cycle_end if runs else order.end) or now
    kept = order.with_shown(
        autoRenewCanceled=True,
        cancellation=_cancellation(cause, effective, now),
        endDate=instant(until),
        updatedDate=instant(now),
    )
    return Change(order=kept, told=("updated", "auto_renew_canceled"), at=now)


def cancellation_requested(
    order: PlanOrder, effective: Effective, *, now: datetime, takes: timedelta
) -> Change:
    """The buyer wants out. An immediate cancellation completes after a while; a trial runs to its end.

    Raises:
        Refusal: as for `canceled`, or the plan doesn't let buyers cancel, or they did already.
    """
    if not order.buyer_can_cancel:
        raise _refusal(order, "Buyers can't cancel orders of this plan")
    if order.cancels_at is not None:
        raise _refusal(order, "The cancellation is under way")
    if effective == "NEXT_PAYMENT_DATE" or order.is_in_trial:
        return canceled(order, "NEXT_PAYMENT_DATE", cause="MEMBER_ACTION", now=now)
    _check_cancelable(order, effective)
    asked = order.with_shown(
        cancellation=_cancellation("MEMBER_ACTION", effective, now), updatedDate=instant(now)
    )
    return Change(order=replace(asked, cancels_at=now + takes), told=("updated",), at=now)


def cancellation_completed(order: PlanOrder, *, now: datetime) -> Change:
    """What the buyer requested has come about."""
    over = _ended_now(order, "MEMBER_ACTION", now)
    return Change(order=over, told=("canceled", "ended"), at=now)


def _check_cancelable(order: PlanOrder, effective: Effective) -> None:
    if order.status in ("CANCELED", "ENDED"):
        raise _refusal(order, "The order is over")
    if effective == "IMMEDIATELY":
        return
    if not order.is_recurring:
        raise _refusal(order, "An order that is paid once can only be canceled immediately")
    if order.status != "ACTIVE":
        raise _refusal(order, "Only an active order can be canceled at its next payment date")
    if order.cancels_at is not None:
        raise _refusal(order, "The cancellation is under way")
    if order.shown.get("autoRenewCanceled"):
        raise _refusal(order, "The order is canceled for its next payment date already")


def _ended_now(order: PlanOrder, cause: Cause, now: datetime) -> PlanOrder:
    over = _without_pause(order, now) if order.status == "PAUSED" else order
    requested = order.shown.get("cancellation") if order.cancels_at is not None else None
    facts: JsonObject = {
        "status": "CANCELED",
        "cancellation": requested or _cancellation(cause, "IMMEDIATELY", now),
        "endDate": instant(now),
        "updatedDate": instant(now),
    }
    if order.shown.get("cycles"):
        *before, last = over.shown["cycles"]
        facts["cycles"] = [*before, {**last, "endedDate": instant(now)}]
    if order.is_recurring:
        facts["autoRenewCanceled"] = True
    return replace(over.with_shown("currentCycle", **facts), cancels_at=None)


def _without_pause(order: PlanOrder, now: datetime) -> PlanOrder:
    *before, last = order.shown.get("pausePeriods") or [{"pauseDate": instant(now)}]
    length = now - moment(last["pauseDate"])
    facts: JsonObject = {"pausePeriods": [*before, {**last, "status": "ENDED", "resumeDate": instant(now)}]}
    for name in ("endDate", "earliestEndDate"):
        if name in order.shown:
            facts[name] = instant(moment(order.shown[name]) + length)
    if order.cycle_end is not None and order.cycle_end > moment(last["pauseDate"]):
        cycle = {**order.shown["currentCycle"], "endedDate": instant(order.cycle_end + length)}
        facts["currentCycle"] = cycle
        if order.shown.get("cycles"):
            facts["cycles"] = [*order.shown["cycles"][:-1], cycle]
    return order.with_shown(**facts)


def _cancellation(cause: Cause, effective: Effective, now: datetime) -> JsonObject:
    return {"requestedDate": instant(now), "cause": cause, "effectiveAt": effective}


def _refusal(order: PlanOrder, why: str) -> Refusal:
    return precondition_failed(why, orderId=order.id, status=order.status)
