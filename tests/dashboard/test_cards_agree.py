"""Each card beside a count of our own over the same rows: lists and sums, no SQL and no report.

The rows are four months of six shops; the count reads only what they say, by metrics' definitions.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from analytics.lifecycle import DeadLetterFacts, EffectFacts, LifecycleRow, PaymentFacts, StoreOrderFacts
from dashboard import spelling
from tests.dashboard.browser.months import Months, fill
from tests.dashboard.conftest import Service
from tests.dashboard.running import cards, run

DAYS = 30
TARGET = timedelta(hours=72)
# Pages look at whole minutes: nothing of the history may fall into the one that is running.
NOW = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
START = datetime.combine(NOW.date() - timedelta(days=DAYS - 1), time.min, UTC)


@pytest.fixture
def months(service: Service) -> list[LifecycleRow]:
    """The rows that the ledger behind the service was told."""
    fill(service.ledger, NOW)
    return Months(NOW, random.Random(7)).rows()


class Order:
    """What the rows say of one store order."""

    def __init__(self, rows: list[LifecycleRow]) -> None:
        told = [row for row in rows if isinstance(row.facts, StoreOrderFacts)]
        facts = [row.facts for row in told if isinstance(row.facts, StoreOrderFacts)]
        self.currency = facts[0].currency
        self.placed_at = facts[0].created_at
        self.paid_at = first(told, lambda one: one.payment_status == "PAID")
        self.fulfilled_at = first(told, lambda one: one.fulfillment_status == "FULFILLED")
        self.canceled_at = first(told, lambda one: one.status == "CANCELED")

    @property
    def is_open(self) -> bool:
        return self.fulfilled_at is None and self.canceled_at is None


def first(rows: list[LifecycleRow], is_so: Callable[[StoreOrderFacts], bool]) -> datetime | None:
    known = (row for row in rows if isinstance(row.facts, StoreOrderFacts) and is_so(row.facts))
    return next((row.happened_at for row in known), None)


def orders(rows: list[LifecycleRow]) -> list[Order]:
    told: dict[str, list[LifecycleRow]] = {}
    for row in rows:
        if isinstance(row.facts, StoreOrderFacts):
            told.setdefault(row.entity_id, []).append(row)
    return [Order(one) for one in told.values()]


class TestOrders:
    def test_every_card(self, months: list[LifecycleRow]) -> None:
        all_of_them = orders(months)
        placed = [one for one in all_of_them if one.placed_at and one.placed_at >= START]
        paid = sum(one.paid_at is not None for one in placed)
        canceled = sum(one.canceled_at is not None for one in placed)
        late = [one for one in all_of_them if one.is_open and one.paid_at and NOW - one.paid_at > TARGET]

        found = cards(run("orders", tz="UTC"))

        assert found == {
            "Orders placed": spelling.count(len(placed)),
            "Paid": spelling.percent(paid / len(placed)),
            "Open now": spelling.count(sum(one.is_open for one in all_of_them)),
            "Waiting over 72 h": spelling.count(len(late)),
            "Canceled": spelling.percent(canceled / len(placed)),
        }

    def test_revenue_is_what_was_paid_in_the_currency(self, months: list[LifecycleRow]) -> None:
        payments = [row for row in months if isinstance(row.facts, PaymentFacts) and row.happened_at >= START]
        euros = sum(
            (row.facts.amount or Decimal(0))
            for row in payments
            if isinstance(row.facts, PaymentFacts) and row.facts.currency == "EUR"
        )

        found = cards(run("orders", tz="UTC", currency="EUR"))

        assert found["Paid revenue"] == spelling.count(float(euros))


class TestFulfillment:
    def test_median_and_share_within_target(self, months: list[LifecycleRow]) -> None:
        """Product-limit by hand: at each hour an order took, the share of those waiting that long leaves."""
        began = [one for one in orders(months) if one.paid_at and one.paid_at >= START]
        finished = [one for one in began if one.fulfilled_at]
        due = [
            one
            for one in began
            if one.paid_at
            and (one.fulfilled_at or one.paid_at + TARGET <= NOW)
            and not (one.canceled_at and one.canceled_at < one.paid_at + TARGET)
        ]
        on_time = [
            one
            for one in due
            if one.fulfilled_at and one.paid_at and one.fulfilled_at - one.paid_at <= TARGET
        ]

        found = cards(run("fulfillment", tz="UTC"))

        assert found["Within 72 h"] == spelling.percent(len(on_time) / len(due))
        assert found["Orders measured"] == spelling.count(len(finished))
        assert found["Median"] == spelling.hours(product_limit_median(began))


def product_limit_median(began: list[Order]) -> float | None:
    lasted = []
    for one in began:
        assert one.paid_at is not None
        end = one.fulfilled_at or one.canceled_at or NOW
        lasted.append(((end - one.paid_at).total_seconds() / 3600, one.fulfilled_at is not None))
    share, waiting = 1.0, len(lasted)
    for hours, is_finished in sorted(lasted, key=lambda each: (each[0], not each[1])):
        if is_finished:
            share *= 1 - 1 / waiting
        waiting -= 1
        if share <= 0.5:
            return hours
    return None


class TestFailures:
    def test_what_failed_and_what_could_not_be_read(self, months: list[LifecycleRow]) -> None:
        failed = {
            row.entity_id
            for row in months
            if isinstance(row.facts, EffectFacts) and row.facts.outcome == "failed"
        }
        dead = {row.entity_id for row in months if isinstance(row.facts, DeadLetterFacts)}

        found = cards(run("failures", tz="UTC"))

        assert (found["Failed"], found["Dead letters"]) == (str(len(failed)), str(len(dead)))
