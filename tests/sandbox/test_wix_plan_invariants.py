"""Whatever is asked of plan orders, in whatever order: the rules hold, and the webhooks are the table's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from sandbox.wix_api.plans.term import Duration, later
from sandbox.wix_api.refusal import Refusal
from tests.sandbox.plan_site import BUYER, MEMBER, PlanSite, once, plan_id, recurring

PRICINGS = [
    recurring("MONTH", 3),
    recurring("MONTH", 0, trial=7),
    recurring("WEEK", 2, trial=3),
    recurring("DAY", 0, value="0"),
    recurring("YEAR", 1),
    once("MONTH", 2),
    once("DAY", 3, value="0"),
    once(None),
]
PLANS = [plan_id(number) for number in range(1, len(PRICINGS) + 1)]
COUPONS = [None, None, "HALF", "FIRST", "ALL"]
EFFECTIVE = ["IMMEDIATELY", "NEXT_PAYMENT_DATE"]
OVER = ("CANCELED", "ENDED")

# What Wix tells of each change, by the order before and after it: its documented table of events.
Table = Callable[[dict[str, Any] | None, dict[str, Any]], list[str]]


def created(_: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    born = {"DRAFT": ["created"], "PENDING": ["created", "purchased"]}
    return born.get(after["status"], ["created", "purchased", "updated", "started"])


def paid(_: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    begun = ["started", "cycle_started"] if after["status"] == "ACTIVE" else []
    return ["updated", "purchased", *begun]


def canceled(_: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    return ["updated", "canceled", "ended"] if after["status"] == "CANCELED" else RENEWAL_OFF


def requested(_: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    at_once = after["cancellation"]["effectiveAt"] == "IMMEDIATELY"
    return ["updated"] if at_once else RENEWAL_OFF


def always(*slugs: str) -> Table:
    return lambda _, __: list(slugs)


RENEWAL_OFF = ["updated", "auto_renew_canceled"]


class PlanOrderLife(RuleBasedStateMachine):
    """Calls of all kinds in any order, legal and illegal; time passes in between."""

    orders: Bundle[str] = Bundle("orders")

    @initialize(tax=st.sampled_from([None, ("21", False), ("21", True), ("6.5", False)]))
    def open_the_site(self, tax: tuple[str, bool] | None) -> None:
        self.site = PlanSite()
        rates = {"tax": None if tax is None else {"rate": tax[0], "includedInPrice": tax[1]}}
        self.site.seed(sites=[rates])
        for number, pricing in enumerate(PRICINGS, 1):
            self.site.offer(number, pricing, maxPurchasesPerBuyer=3)
        coupons: list[dict[str, Any]] = [
            {"code": "HALF", "percentOffRate": "50"},
            {"code": "FIRST", "moneyOffAmount": "7.5", "discountedCycleCount": 1},
            {"code": "ALL", "percentOffRate": "100"},
        ]
        self.site.seed(coupons=[{"coupon": {"id": plan_id(90 + n), **one}} for n, one in enumerate(coupons)])
        self.last_sequence = 0
        self.postponed: set[str] = set()

    @rule(
        target=orders,
        plan=st.sampled_from(PLANS),
        in_days=st.sampled_from([None, -40, 0, 5, 40]),
        is_paid=st.booleans(),
        coupon=st.sampled_from(COUPONS),
    )
    def create_offline(self, plan: str, in_days: int | None, is_paid: bool, coupon: str | None) -> Any:
        asked = {"planId": plan, "memberId": MEMBER, "paid": is_paid, **self._chosen(in_days, coupon)}
        return self._created("/pricing-plans/v2/checkout/orders/offline", asked)

    @rule(
        target=orders,
        plan=st.sampled_from(PLANS),
        in_days=st.sampled_from([None, -40, 0, 5, 40]),
        coupon=st.sampled_from(COUPONS),
    )
    def create_online(self, plan: str, in_days: int | None, coupon: str | None) -> Any:
        asked = {"planId": plan, **self._chosen(in_days, coupon)}
        return self._created("/pricing-plans/v2/checkout/orders/online", asked, as_member=True)

    @rule(order=orders)
    def pay(self, order: str) -> None:
        self._do(order, lambda: self.site.pay(order), paid)

    @rule(order=orders, in_days=st.sampled_from([-3, 9, 50]))
    def change_start(self, order: str, in_days: int) -> None:
        start = self.site.now + timedelta(days=in_days)
        table = always("updated", "start_date_changed")
        if self._do(order, lambda: self.site.change_start(order, start), table):
            # The end is counted anew from there.
            self.postponed.discard(order)

    @rule(order=orders)
    def mark_as_paid(self, order: str) -> None:
        table = always("updated", "marked_as_paid")
        self._do(order, lambda: self.site.act(order, "mark-as-paid"), table)

    @rule(order=orders)
    def pause(self, order: str) -> None:
        self._do(order, lambda: self.site.act(order, "pause"), always("updated", "paused"))

    @rule(order=orders)
    def resume(self, order: str) -> None:
        self._do(order, lambda: self.site.act(order, "resume"), always("updated", "resumed"))

    @rule(order=orders, days=st.sampled_from([-5, 0, 1, 33]))
    def postpone(self, order: str, days: int) -> None:
        end = self.site.order(order).get("endDate", "2027-01-01T00:00:00.000Z")
        to = (_at(end) + timedelta(days=days)).isoformat()
        table = always("updated", "end_date_postponed")
        if self._do(order, lambda: self.site.postpone(order, to), table):
            assert days > 0
            self.postponed.add(order)

    @rule(order=orders, effective=st.sampled_from(EFFECTIVE))
    def cancel(self, order: str, effective: str) -> None:
        body = {"effectiveAt": effective}
        self._do(order, lambda: self.site.act(order, "cancel", body), canceled)

    @rule(order=orders, effective=st.sampled_from(EFFECTIVE))
    def request_cancellation(self, order: str, effective: str) -> None:
        self._do(order, lambda: self.site.request_cancellation(order, effective), requested)

    @rule(order=orders, days=st.sampled_from([0.0, 0.5, 1, 2, 6, 28, 31, 150]))
    def pass_time(self, order: str, days: float) -> None:
        """Of what time did to one order, what was told is checked closely."""
        self.site.heard()
        before = self.site.order(order)
        self.site.pass_time(days=days)
        told = [event for event in self.site.told if event.body.get("entityId") == order]
        self._check_sequences()
        heard = [event.event_type.rpartition(".order_")[2] for event in told]
        assert heard == self._expected_of_time(before, self.site.order(order), heard)

    @invariant()
    def every_rule_holds(self) -> None:
        for order in self._all():
            self._check_state(order)
            self._check_prices(order)
            self._check_dates(order)
            self._check_cycles(order)

    def _chosen(self, in_days: int | None, coupon: str | None) -> dict[str, Any]:
        start = None if in_days is None else (self.site.now + timedelta(days=in_days)).isoformat()
        chosen = {"startDate": start, "couponCode": coupon}
        return {name: value for name, value in chosen.items() if value is not None}

    def _created(self, path: str, asked: dict[str, Any], *, as_member: bool = False) -> Any:
        self.site.heard()
        caller = {"caller": BUYER} if as_member else {}
        try:
            order = self.site.call("POST", path, asked, **caller)["order"]
        except Refusal:
            assert self.site.heard() == []
            return multiple()
        self._check_sequences()
        assert self._heard() == created(None, order)
        return order["id"]

    def _do(self, order: str, change: Callable[[], None], table: Table) -> bool:
        before = self.site.order(order)
        self.site.heard()
        try:
            change()
        except Refusal:
            assert self.site.order(order) == before
            assert self.site.heard() == []
            return False
        self._check_sequences()
        # What was due by itself right after belongs to time, not to this change.
        expected = table(before, self._told_last(order))
        heard = self._heard()
        assert heard[: len(expected)] == expected, (heard, expected)
        assert len(heard) == len(expected)
        return True

    def _told_last(self, order: str) -> dict[str, Any]:
        bodies = [event.body for event in self.site.told if event.body.get("slug") == "updated"]
        found: dict[str, Any] = bodies[-1]["updatedEvent"]["currentEntity"]
        return found

    def _heard(self) -> list[str]:
        return [slug for slug in self.site.heard() if not slug.startswith("payment:")]

    def _check_sequences(self) -> None:
        for event in self.site.told:
            if "entityEventSequence" in event.body:
                sequence = int(event.body["entityEventSequence"])
                assert sequence > self.last_sequence
                self.last_sequence = sequence

    def _expected_of_time(self, before: dict[str, Any], after: dict[str, Any], heard: list[str]) -> list[str]:
        expected: list[str] = []
        begun = before["status"] == "PENDING" and "cycles" in after
        if begun:
            costs = Decimal(before["pricing"]["prices"][0]["price"]["total"])
            with_cycle = before["type"] == "ONLINE" and costs
            expected += ["updated", "started", *(["cycle_started"] if with_cycle else [])]
        first = before["cycles"][-1]["index"] if before.get("cycles") else None
        if first is None and begun:
            first = after["cycles"][0]["index"]
        if first is not None and after.get("cycles"):
            expected += ["updated", "cycle_started"] * (after["cycles"][-1]["index"] - first)
        if after["status"] in OVER and before["status"] not in OVER:
            requested_before = heard[-3:] != ["updated", "canceled", "ended"]
            by_buyer = after["status"] == "CANCELED" and requested_before
            over = ["canceled", "ended"] if after["status"] == "CANCELED" else ["ended"]
            expected += over if by_buyer else ["updated", *over]
        return expected

    def _all(self) -> list[dict[str, Any]]:
        page: list[dict[str, Any]] = self.site.call("GET", "/pricing-plans/v2/orders")["orders"]
        return page

    def _check_state(self, order: dict[str, Any]) -> None:
        status = order["status"]
        assert status in ("DRAFT", "PENDING", "ACTIVE", "PAUSED", *OVER)
        assert ("currentCycle" in order) == (status in ("ACTIVE", "PAUSED"))
        open_pauses = [one for one in order["pausePeriods"] if one["status"] == "ACTIVE"]
        assert len(open_pauses) == (status == "PAUSED")
        assert all("resumeDate" not in one for one in open_pauses)
        if status == "DRAFT":
            assert (order["type"], order["lastPaymentStatus"]) == ("ONLINE", "UNPAID")
        if status == "CANCELED":
            assert "cancellation" in order
        assert ("autoRenewCanceled" in order) == ("subscription" in order["pricing"])

    def _check_prices(self, order: dict[str, Any]) -> None:
        is_free = order["planPrice"] == "0"
        assert is_free == ("wixPayOrderId" not in order)
        assert is_free == (order["lastPaymentStatus"] == "NOT_APPLICABLE")
        for span in order["pricing"]["prices"]:
            price = span["price"]
            tax = Decimal(price.get("tax", {}).get("amount", "0"))
            assert Decimal(price["total"]) == Decimal(price["subtotal"]) - Decimal(price["discount"]) + tax
            assert Decimal(price["total"]) >= 0

    def _check_dates(self, order: dict[str, Any]) -> None:
        """The end is the start, the trial and all cycles later, and as much later as it was paused."""
        full = _full_term(order)
        assert ("earliestEndDate" in order) == (full is not None)
        if full is not None:
            assert _at(order["earliestEndDate"]) == full + _paused(order)
        was_canceled = "cancellation" in order
        if order["id"] in self.postponed:
            assert was_canceled or order["endDate"] > order["earliestEndDate"]
        elif not was_canceled:
            assert order.get("endDate") == order.get("earliestEndDate")
        if order["status"] == "ACTIVE" and order.get("autoRenewCanceled"):
            assert _at(order["endDate"]) > self.site.now

    def _check_cycles(self, order: dict[str, Any]) -> None:
        cycles = order.get("cycles", [])
        for one, following in pairwise(cycles):
            assert following["index"] == one["index"] + 1
            assert following["startedDate"] == one["endedDate"]
        if cycles:
            assert cycles[0]["index"] == (0 if "freeTrialDays" in order else 1)
            assert cycles[0]["startedDate"] == order["startDate"]
        if "currentCycle" in order:
            assert order["currentCycle"] == cycles[-1]
            last = order["pricing"].get("subscription", {}).get("cycleCount", 1)
            assert not last or order["currentCycle"]["index"] <= last


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _full_term(order: dict[str, Any]) -> datetime | None:
    pricing, start = order["pricing"], _at(order["startDate"])
    if "singlePaymentUnlimited" in pricing:
        return None
    if "singlePaymentForDuration" in pricing:
        return later(start, Duration.model_validate(pricing["singlePaymentForDuration"]), 1)
    subscription = pricing["subscription"]
    if not subscription.get("cycleCount"):
        return None
    billed = start + timedelta(days=order.get("freeTrialDays", 0))
    return later(billed, Duration.model_validate(subscription["cycleDuration"]), subscription["cycleCount"])


def _paused(order: dict[str, Any]) -> timedelta:
    ended = [one for one in order["pausePeriods"] if one["status"] == "ENDED"]
    return sum((_at(one["resumeDate"]) - _at(one["pauseDate"]) for one in ended), timedelta())


TestPlanOrderLife = PlanOrderLife.TestCase
TestPlanOrderLife.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
