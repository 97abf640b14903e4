"""A Pricing Plans order becomes SubscriptionFacts. No I/O.

Every quirk of Wix's samples is allowed for: `freeTrialDays` as a string, a `cancellation` on an
active order, cycles without an end, amounts with any number of places, statuses we don't know.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from analytics.lifecycle import Pause, SubscriptionFacts, subscription_state
from streams.fields import at, count, flag, items, moment, money, text

UNKNOWN = "UNKNOWN"
OVER = ("CANCELED", "ENDED", "EXPIRED")


def subscription_facts(
    order: Mapping[str, Any], *, identity_type: str | None, is_anonymized: bool
) -> SubscriptionFacts:
    """What the order looked like, as one event showed it."""
    status = text(order, "status") or UNKNOWN
    renewal_off = flag(order, "autoRenewCanceled")
    price = _price(order, status)
    cycle = at(order, "pricing", "subscription", "cycleDuration")
    return SubscriptionFacts(
        state=subscription_state(status, auto_renew_canceled=renewal_off),
        status=status,
        payment_status=text(order, "lastPaymentStatus"),
        plan_id=text(order, "planId"),
        plan_name=text(order, "planName"),
        member_id=text(order, "buyer", "memberId"),
        contact_id=text(order, "buyer", "contactId"),
        order_type=text(order, "type"),
        currency=text(price, "currency"),
        price_total=money(price, "total"),
        price_recurring=_recurring(price),
        is_recurring=isinstance(at(order, "pricing", "subscription"), Mapping),
        cycle_unit=text(cycle, "unit"),
        cycle_count=count(cycle, "count"),
        trial_days=count(order, "freeTrialDays"),
        created_at=moment(order, "createdDate"),
        updated_at=moment(order, "updatedDate"),
        start_at=moment(order, "startDate"),
        end_at=moment(order, "endDate"),
        current_cycle_index=count(order, "currentCycle", "index"),
        current_cycle_started_at=moment(order, "currentCycle", "startedDate"),
        current_cycle_ends_at=moment(order, "currentCycle", "endedDate"),
        auto_renew_canceled=renewal_off,
        cancellation_cause=text(order, "cancellation", "cause"),
        cancellation_effective_at=text(order, "cancellation", "effectiveAt"),
        cancel_requested_at=moment(order, "cancellation", "requestedDate"),
        pauses=_pauses(order),
        identity_type=identity_type,
        is_anonymized=is_anonymized,
    )


def _price(order: Mapping[str, Any], status: str) -> Mapping[str, Any]:
    """The price of the span that covers the current cycle: the last that begins at or before it.

    Wix leaves the cycle out before the start, when the first price is the one to come, and after
    the end, when the last one is what was lost. A trial is cycle 0: the first price stands for it.
    """
    spans = sorted(items(order, "pricing", "prices"), key=_first_cycle)
    current = count(order, "currentCycle", "index")
    if current is None and status in OVER:
        begun = spans
    else:
        begun = [span for span in spans if _first_cycle(span) <= max(current or 1, 1)] or spans[:1]
    price = at(begun[-1], "price") if begun else None
    return price if isinstance(price, Mapping) else {}


def _first_cycle(span: Mapping[str, Any]) -> int:
    return count(span, "duration", "cycleFrom") or 1


def _recurring(price: Mapping[str, Any]) -> Decimal | None:
    """What comes back each cycle and is the site's own: total less tax, fees and proration."""
    total = money(price, "total")
    if total is None:
        return None
    fees = sum((money(fee, "amount") or Decimal(0) for fee in items(price, "fees")), Decimal(0))
    proration = money(price, "proration", "amount") or money(price, "proration") or Decimal(0)
    return total - (money(price, "tax", "amount") or Decimal(0)) - fees - proration


def _pauses(order: Mapping[str, Any]) -> tuple[Pause, ...]:
    return tuple(
        Pause(paused_at=moment(period, "pauseDate"), resumed_at=moment(period, "resumeDate"))
        for period in items(order, "pausePeriods")
    )
