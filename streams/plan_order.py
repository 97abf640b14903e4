"""An order of a Pricing Plan, typed in full. No I/O.

Tolerant on purpose: Wix leaves out fields without a value, writes numbers as strings here and
there, masks texts with asterisks after an anonymize request and adds enum values at will. A field
that is absent or of an unexpected form becomes None; enum values are kept as Wix wrote them, and
`wire` holds everything that Wix said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self

from streams.fields import at, count, flag, items, moment, money, text
from streams.order import unmasked
from streams.plan_price import PriceSpan, spans

Json = Mapping[str, Any]
PaymentModel = Literal["recurring", "single", "unlimited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A payment cycle: 0 is the free trial, then from 1. An unlimited order's has no end."""

    index: int | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PausePeriod:
    """A pause; `resumed_at` is None while it lasts. The end moves by its length when it is over."""

    status: str | None
    paused_at: datetime | None
    resumed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Who or what canceled, and from when. Present as soon as auto-renewal is canceled."""

    cause: str | None
    effective_at: str | None
    requested_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form that the buyer filled in; the answers come with the FULL field set only."""

    form_id: str | None
    submission_id: str | None
    answers: Json = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """An order of a Pricing Plan.

    `cycle_unit` and `cycle_length` give the length of one cycle of a recurring order, `cycle_count`
    how many there are (0: until canceled); `duration_unit` and `duration_length` the length of one
    paid once. `cycle_index` is 0 during a trial, else from 1, and None before the start and after
    the end. `earliest_end_at` is where the full term ends. What is free has no `wix_pay_order_id`.
    """

    id: str | None
    status: str | None
    payment_status: str | None = None
    type: str | None = None
    order_method: str | None = None
    plan_id: str | None = None
    plan_name: str | None = None
    plan_description: str | None = None
    plan_price: Decimal | None = None
    subscription_id: str | None = None
    wix_pay_order_id: str | None = None
    member_id: str | None = None
    contact_id: str | None = None
    is_recurring: bool = False
    is_unlimited: bool = False
    cycle_unit: str | None = None
    cycle_length: int | None = None
    cycle_count: int | None = None
    duration_unit: str | None = None
    duration_length: int | None = None
    spans: tuple[PriceSpan, ...] = ()
    trial_days: int | None = None
    cycle_index: int | None = None
    current_cycle: Cycle | None = None
    cycles: tuple[Cycle, ...] = ()
    auto_renew_canceled: bool | None = None
    cancellation: Cancellation | None = None
    pause_periods: tuple[PausePeriod, ...] = ()
    start_at: datetime | None = None
    end_at: datetime | None = None
    earliest_end_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    form: Form | None = None
    wire: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, order: Json) -> Self:
        """Read an order out of a webhook or an answer; never raises."""
        return cls(
            wire=order,
            id=text(order, "id"),
            status=text(order, "status"),
            payment_status=text(order, "lastPaymentStatus"),
            type=text(order, "type"),
            order_method=text(order, "orderMethod"),
            subscription_id=text(order, "subscriptionId"),
            wix_pay_order_id=text(order, "wixPayOrderId"),
            member_id=unmasked(order, "buyer", "memberId"),
            contact_id=unmasked(order, "buyer", "contactId"),
            form=_form(order),
            **_plan(order),
            **_pricing(order),
            **_course(order),
        )

    @property
    def model(self) -> PaymentModel | None:
        """How it is paid; None where Wix doesn't say."""
        if self.is_recurring:
            return "recurring"
        if self.is_unlimited:
            return "unlimited"
        return "single" if self.duration_unit else None

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


def _plan(order: Json) -> dict[str, Any]:
    return {
        "plan_id": text(order, "planId"),
        "plan_name": unmasked(order, "planName"),
        "plan_description": unmasked(order, "planDescription"),
        "plan_price": money(order, "planPrice"),
    }


def _pricing(order: Json) -> dict[str, Any]:
    """Of the three payment models Wix names exactly one."""
    cycle = at(order, "pricing", "subscription", "cycleDuration")
    once = at(order, "pricing", "singlePaymentForDuration")
    return {
        "is_recurring": isinstance(at(order, "pricing", "subscription"), Mapping),
        "is_unlimited": flag(order, "pricing", "singlePaymentUnlimited") is True,
        "cycle_unit": text(cycle, "unit"),
        "cycle_length": count(cycle, "count"),
        "cycle_count": count(order, "pricing", "subscription", "cycleCount"),
        "duration_unit": text(once, "unit"),
        "duration_length": count(once, "count"),
        "spans": tuple(spans(order, "pricing", "prices")),
    }


def _course(order: Json) -> dict[str, Any]:
    """When it runs, and what came in between."""
    current = at(order, "currentCycle")
    return {
        "trial_days": count(order, "freeTrialDays"),
        "cycle_index": count(order, "currentCycle", "index"),
        "current_cycle": _cycle(current) if isinstance(current, Mapping) else None,
        "cycles": tuple(_cycle(one) for one in items(order, "cycles")),
        "auto_renew_canceled": flag(order, "autoRenewCanceled"),
        "cancellation": _cancellation(order),
        "pause_periods": tuple(_pauses(order)),
        "start_at": moment(order, "startDate"),
        "end_at": moment(order, "endDate"),
        "earliest_end_at": moment(order, "earliestEndDate"),
        "created_at": moment(order, "createdDate"),
        "updated_at": moment(order, "updatedDate"),
    }


def _cycle(cycle: Json) -> Cycle:
    return Cycle(
        index=count(cycle, "index"),
        started_at=moment(cycle, "startedDate"),
        ended_at=moment(cycle, "endedDate"),
    )


def _pauses(order: Json) -> Iterator[PausePeriod]:
    for period in items(order, "pausePeriods"):
        yield PausePeriod(
            status=text(period, "status"),
            paused_at=moment(period, "pauseDate"),
            resumed_at=moment(period, "resumeDate"),
        )


def _cancellation(order: Json) -> Cancellation | None:
    found = at(order, "cancellation")
    if not isinstance(found, Mapping):
        return None
    return Cancellation(
        cause=text(found, "cause"),
        effective_at=text(found, "effectiveAt"),
        requested_at=moment(found, "requestedDate"),
    )


def _form(order: Json) -> Form | None:
    found = at(order, "formData")
    if not isinstance(found, Mapping):
        return None
    answers = at(found, "submissionData")
    return Form(
        form_id=text(found, "formId"),
        submission_id=text(found, "submissionId"),
        answers=answers if isinstance(answers, Mapping) else {},
    )
