"""A new plan order, from its plan, its buyer and its prices. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sandbox.wix_api.clock import instant
from sandbox.wix_api.plans.change import Change, started
from sandbox.wix_api.plans.order import NOTHING_TO_PAY, PlanOrder
from sandbox.wix_api.plans.plan import Plan
from sandbox.wix_api.plans.term import Term
from sandbox.wix_api.wire import JsonObject

OrderType = Literal["ONLINE", "OFFLINE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The ids that a new order gets."""

    order: str
    subscription: str
    pay: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Who orders which plan, from when, at which prices."""

    plan: Plan
    prices: list[JsonObject]
    buyer: JsonObject
    type: OrderType
    start: datetime
    has_trial: bool = False
    is_paid: bool = False
    submission_id: str | None = None
    order_method: str | None = None

    @property
    def total(self) -> str:
        """What the first cycle costs; "0" is nothing."""
        return str(self.prices[0]["price"]["total"])

    @property
    def waits_for_payment(self) -> bool:
        """Whether it stays a draft until it is paid."""
        return self.type == "ONLINE" and self.total != "0"


def born(purchase: Purchase, ids: Ids, *, now: datetime) -> Change:
    """The order as it is made: a draft, waiting for its start, or active."""
    order = PlanOrder(
        shown=_shown(purchase, ids, now), lives=True, buyer_can_cancel=purchase.plan.buyer_can_cancel
    )
    if purchase.waits_for_payment:
        return Change(order=order, told=("created",), at=now)
    if order.start > now:
        return Change(order=order, told=("created", "purchased"), at=now)
    return Change(order=started(order, now), told=("created", "purchased", "updated", "started"), at=now)


def _shown(purchase: Purchase, ids: Ids, now: datetime) -> JsonObject:
    plan = purchase.plan
    return {
        "id": ids.order,
        "planId": plan.id,
        "subscriptionId": ids.subscription,
        **({} if plan.is_free else {"wixPayOrderId": ids.pay}),
        "buyer": purchase.buyer,
        "pricing": {**plan.pricing.model(), "prices": purchase.prices},
        "type": purchase.type,
        **({"orderMethod": purchase.order_method} if purchase.order_method else {}),
        "status": "DRAFT" if purchase.waits_for_payment else "PENDING",
        **({"autoRenewCanceled": False} if plan.pricing.subscription else {}),
        "lastPaymentStatus": _payment(purchase),
        **_dates(purchase),
        "pausePeriods": [],
        "planName": plan.name,
        "planDescription": plan.description,
        "planPrice": f"{plan.pricing.price.value.normalize():f}",
        **({"formData": {"submissionId": purchase.submission_id}} if purchase.submission_id else {}),
        "createdDate": instant(now),
        "updatedDate": instant(now),
    }


def _dates(purchase: Purchase) -> JsonObject:
    trial = purchase.plan.pricing.free_trial_days if purchase.has_trial else None
    term = Term(
        start=purchase.start,
        duration=purchase.plan.cycle,
        cycles=purchase.plan.cycles,
        trial_days=trial or 0,
    )
    ends = {} if term.end is None else {"endDate": instant(term.end), "earliestEndDate": instant(term.end)}
    return {
        "startDate": instant(purchase.start),
        **ends,
        **({"freeTrialDays": trial} if trial else {}),
    }


def _payment(purchase: Purchase) -> str:
    if purchase.plan.is_free:
        return NOTHING_TO_PAY
    is_settled = purchase.is_paid or (purchase.type == "ONLINE" and not purchase.waits_for_payment)
    return "PAID" if is_settled else "UNPAID"
