"""A plan order in full: every field that Wix documents is read, on every documented example."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingest import catalogue
from streams.plan_order import PlanOrder
from streams.plan_price import Coupon, Fee, PriceSpan, Tax
from tests.streams.event_records import PAYLOADS, payload, record

# Fields of an order that are Wix's own, deprecated, or say again what another field says.
NOT_READ = {"priceDetails", "statusNew", "onEcom"}


def documented() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every order in a documented answer or webhook, by the name of its file."""
    for file in sorted(PAYLOADS.glob("plan_order_*.json")):
        if "delivery" not in file.stem:
            event = record(payload(file.stem))
            webhook = catalogue.find(event.event_type, event.body)
            assert webhook is not None
            yield file.stem, dict(catalogue.entity_of(webhook, event.body))
    for file in sorted((PAYLOADS / "rest").glob("*order*.json")):
        answer = json.loads(file.read_bytes())
        if "store" in file.stem or "legacy" in file.stem or "request" in file.stem:
            continue
        for number, order in enumerate(answer.get("orders", [answer.get("order", answer)])):
            if "planId" in order:
                yield f"{file.stem}-{number}", order


ORDERS = dict(documented())
each = pytest.mark.parametrize("name", ORDERS)


def test_there_are_enough_of_them() -> None:
    assert len(ORDERS) > 20


A_PRICE: dict[str, Any] = {
    "duration": {"cycleFrom": 1, "numberOfCycles": 2},
    "price": {
        "subtotal": "15.0",
        "coupon": {"code": "HALF", "amount": "7.5", "id": "k"},
        "discount": "7.5",
        "tax": {"name": "Tax", "rate": "21", "amount": "1.58"},
        "fees": [{"name": "Entry", "amount": "2.00"}],
        "proration": "0",
        "total": "9.08",
        "currency": "EUR",
    },
}
# Every field that Wix documents for an order of a plan.
WHOLE: dict[str, Any] = {
    "id": "o",
    "planId": "p",
    "subscriptionId": "s",
    "wixPayOrderId": "w",
    "buyer": {"memberId": "m", "contactId": "c"},
    "pricing": {
        "subscription": {"cycleDuration": {"count": 1, "unit": "MONTH"}, "cycleCount": 3},
        "prices": [A_PRICE],
    },
    "type": "OFFLINE",
    "orderMethod": "MOTO",
    "status": "ACTIVE",
    "autoRenewCanceled": True,
    "cancellation": {
        "requestedDate": "2026-01-05T00:00:00Z",
        "cause": "MEMBER_ACTION",
        "effectiveAt": "NEXT_PAYMENT_DATE",
    },
    "lastPaymentStatus": "PAID",
    "startDate": "2026-01-01T00:00:00.000Z",
    "endDate": "2026-02-01T00:00:00.123456Z",
    "earliestEndDate": "2026-04-01T00:00:00Z",
    "pausePeriods": [{"status": "ACTIVE", "pauseDate": "2026-01-03T00:00:00Z"}],
    "freeTrialDays": "14",
    "currentCycle": {"index": 1, "startedDate": "2026-01-01T00:00:00Z"},
    "cycles": [{"index": 1, "startedDate": "2026-01-01T00:00:00Z"}],
    "planName": "Studio Pass",
    "planDescription": "All of it",
    "planPrice": "15",
    "createdDate": "2026-01-01T00:00:00Z",
    "updatedDate": "2026-01-02T00:00:00Z",
    "formData": {"formId": "f", "submissionId": "u", "submissionData": {"size": "L"}},
}


class TestFields:
    def test_every_documented_field(self) -> None:
        order = PlanOrder.from_json(WHOLE)

        empty = [name for name in order.__slots__ if getattr(order, name) in (None, (), {})]
        assert empty == ["duration_unit", "duration_length"]
        assert order.model == "recurring"
        assert (order.cycle_count, order.trial_days) == (3, 14)
        assert order.cancellation is not None
        assert order.cancellation.cause == "MEMBER_ACTION"
        assert order.pause_periods[0].resumed_at is None
        assert order.end_at == datetime(2026, 2, 1, 0, 0, 0, 123456, tzinfo=UTC)
        assert order.form is not None
        assert order.form.answers == {"size": "L"}

    def test_a_price_with_all_its_parts(self) -> None:
        (span,) = PlanOrder.from_json({"pricing": {"prices": [A_PRICE]}}).spans

        assert span == PriceSpan(
            first=1,
            cycles=2,
            total=Decimal("9.08"),
            currency="EUR",
            subtotal=Decimal("15.0"),
            discount=Decimal("7.5"),
            coupon=Coupon(code="HALF", amount=Decimal("7.5"), id="k"),
            tax=Tax(name="Tax", rate=Decimal(21), amount=Decimal("1.58"), is_included=False),
            fees=(Fee(name="Entry", amount=Decimal("2.00")),),
            proration=Decimal(0),
        )

    @pytest.mark.parametrize(
        ("pricing", "model"),
        [
            ({"subscription": {}}, "recurring"),
            ({"singlePaymentForDuration": {"count": 3, "unit": "MONTH"}}, "single"),
            ({"singlePaymentUnlimited": True}, "unlimited"),
            ({"perVisit": {"count": 10}}, None),
        ],
    )
    def test_the_three_ways_to_pay(self, pricing: dict[str, Any], model: str | None) -> None:
        """And one that Wix has yet to invent."""
        assert PlanOrder.from_json({"pricing": pricing}).model == model

    def test_what_a_buyer_answered_stays_out_of_logs(self) -> None:
        order = PlanOrder.from_json({"formData": {"submissionData": {"illness": "hay fever"}}})

        assert "hay fever" not in repr(order)
        assert "hay fever" in json.dumps(order.wire)

    def test_enum_values_that_wix_adds_are_kept(self) -> None:
        order = PlanOrder.from_json(
            {
                "status": "ON_ICE",
                "type": "VENDING_MACHINE",
                "lastPaymentStatus": "IN_KIND",
                "cancellation": {"cause": "SUNSPOTS", "effectiveAt": "SOMEDAY"},
            }
        )

        assert (order.status, order.type, order.payment_status) == ("ON_ICE", "VENDING_MACHINE", "IN_KIND")
        assert order.cancellation is not None
        assert (order.cancellation.cause, order.cancellation.effective_at) == ("SUNSPOTS", "SOMEDAY")


class TestExamples:
    @each
    def test_nothing_that_an_example_says_is_lost(self, name: str) -> None:
        """Each field that has a value there has one here."""
        wire = ORDERS[name]
        order = PlanOrder.from_json(wire)
        read = {
            "id": order.id,
            "planId": order.plan_id,
            "subscriptionId": order.subscription_id,
            "wixPayOrderId": order.wix_pay_order_id,
            "buyer": order.member_id and order.contact_id,
            "pricing": order.spans and order.model,
            "type": order.type,
            "orderMethod": order.order_method,
            "status": order.status,
            "autoRenewCanceled": order.auto_renew_canceled is not None,
            "cancellation": order.cancellation,
            "lastPaymentStatus": order.payment_status,
            "startDate": order.start_at,
            "endDate": order.end_at,
            "earliestEndDate": order.earliest_end_at,
            "pausePeriods": order.pause_periods,
            "freeTrialDays": order.trial_days,
            "currentCycle": order.current_cycle,
            "cycles": order.cycles,
            "planName": order.plan_name,
            "planDescription": order.plan_description,
            "planPrice": order.plan_price is not None,
            "createdDate": order.created_at,
            "updatedDate": order.updated_at,
            "formData": order.form,
        }

        said = {field for field, value in wire.items() if value not in ("", [], {})} - NOT_READ
        assert {field for field in said if not read[field]} == set()

    @each
    def test_the_parts_of_every_price_add_up(self, name: str) -> None:
        for span in PlanOrder.from_json(ORDERS[name]).spans:
            assert span.subtotal is not None
            tax = span.tax.amount if span.tax and span.tax.amount else Decimal(0)
            fees = sum((fee.amount or Decimal(0) for fee in span.fees), Decimal(0))
            assert span.total == span.subtotal - (span.discount or 0) + tax + fees
