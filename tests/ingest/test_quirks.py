"""What Wix really sends of plan orders, oddity by oddity: from the door to the row in the ledger.

Each test names one oddity and the recorded payloads that show it; tests/payloads/README.md lists them.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from analytics.ledger import LedgerRecord
from analytics.lifecycle import LifecycleRow, Source, SubscriptionFacts
from analytics.reports import Reports
from ingest.catalogue import entity_of, find
from ingest.record import EventRecord, parse_time
from ingest.recording import from_event
from ingest.webhook import verify
from streams import lifecycle
from tests.empty_ledger import open_ledger
from tests.ingest.tokens import EVENTS, PAYLOADS, event_type_of, payload, webhook

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DRAFT = "plan_order_created__draft_on_ecom"
FREE = "plan_order_cycle_started__free"
OFFLINE = "plan_order_auto_renew_canceled__offline"
PAID = "payment_transaction_status_changed__plan"
PURCHASED = "plan_order_purchased__lifetime"
STARTED = "plan_order_started__lifetime"
TRIAL = "plan_order_cycle_started__trial"
TRIAL_CANCELED = "plan_order_auto_renew_canceled__trial"


def order_in(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The very object in `body`, as Wix sent it."""
    kind = find(event_type_of(name), body)
    assert kind is not None
    order = entity_of(kind, body)
    assert isinstance(order, dict)
    return order


def arrived(body: dict[str, Any], name: str, key: rsa.RSAPrivateKey) -> EventRecord:
    """The record that the door makes of it."""
    token = webhook(body, key, event_type_of(name))
    event = verify(token, keys=[key.public_key()], check_expiry=True, now=NOW)
    return from_event(event, received_at=NOW)


def row_of(body: dict[str, Any], name: str, key: rsa.RSAPrivateKey) -> LifecycleRow:
    """The row that the ledger gets, over the wire."""
    rows = lifecycle.from_event(arrived(body, name, key), Source(topic="t", partition=0, offset=0))
    return LifecycleRow.from_bytes(rows[0].to_bytes())


def facts_of(name: str, key: rsa.RSAPrivateKey, **changed: Any) -> SubscriptionFacts:
    """The order as the ledger knows it; with `changed` members in the place of Wix's."""
    body = copy.deepcopy(payload(name))
    order_in(body, name).update(changed)
    facts = row_of(body, name, key).facts
    assert isinstance(facts, SubscriptionFacts)
    return facts


class TestQuirks:
    def test_01_the_days_of_a_trial_may_be_a_text(self, key: rsa.RSAPrivateKey) -> None:
        assert order_in(payload(TRIAL), TRIAL)["freeTrialDays"] == "1"
        assert order_in(payload(OFFLINE), OFFLINE)["freeTrialDays"] == 90

        assert facts_of(TRIAL, key).trial_days == 1
        assert facts_of(OFFLINE, key).trial_days == 90

    def test_02_an_order_that_is_still_active_may_have_a_cancellation(self, key: rsa.RSAPrivateKey) -> None:
        facts = facts_of(TRIAL_CANCELED, key)

        assert (facts.status, facts.state) == ("ACTIVE", "set_to_cancel")
        assert (facts.cancellation_cause, facts.cancellation_effective_at) == (
            "MEMBER_ACTION",
            "NEXT_PAYMENT_DATE",
        )

    def test_03_a_cancellation_may_not_say_when_it_was_asked_for(self, key: rsa.RSAPrivateKey) -> None:
        facts = facts_of("plan_order_canceled__immediately", key)

        assert facts.cancellation_cause == "OWNER_ACTION"
        assert facts.cancel_requested_at is None

    def test_04_the_last_payment_status_may_be_missing(self, key: rsa.RSAPrivateKey) -> None:
        assert "lastPaymentStatus" not in order_in(payload(OFFLINE), OFFLINE)

        assert facts_of(OFFLINE, key).payment_status is None

    def test_05_the_slug_and_the_status_may_differ(self, key: rsa.RSAPrivateKey) -> None:
        name = "plan_order_ended__canceled"

        row = row_of(payload(name), name, key)

        assert isinstance(row.facts, SubscriptionFacts)
        assert (row.what, row.facts.status, row.facts.state) == ("ended", "CANCELED", "canceled")

    @pytest.mark.parametrize("name", [FREE, DRAFT])
    def test_06_internal_fields_and_those_out_of_use_change_nothing(
        self, name: str, key: rsa.RSAPrivateKey
    ) -> None:
        """Above all `statusNew`, which may contradict `status`."""
        body = copy.deepcopy(payload(name))
        order = order_in(body, name)
        internal = {"priceDetails", "orderMethod", "cycles", "statusNew", "onEcom", "formData"} & set(order)
        assert {"priceDetails", "orderMethod", "statusNew", "formData"} <= internal

        for member in internal:
            del order[member]

        assert row_of(body, name, key).facts == facts_of(name, key)

    def test_07_pauses_are_none_then_open_then_over(self, key: rsa.RSAPrivateKey) -> None:
        names = (PURCHASED, "plan_order_paused__lifetime", "plan_order_resumed__lifetime")

        none, paused, resumed = (facts_of(name, key).pauses for name in names)

        assert none == ()
        assert [(one.paused_at is not None, one.resumed_at is not None) for one in paused] == [(True, False)]
        assert [(one.paused_at is not None, one.resumed_at is not None) for one in resumed] == [(True, True)]

    def test_08_an_unlimited_plan_has_a_cycle_without_end_and_no_end(self, key: rsa.RSAPrivateKey) -> None:
        facts = facts_of(STARTED, key)

        assert facts.current_cycle_started_at is not None
        assert (facts.current_cycle_ends_at, facts.end_at, facts.is_recurring) == (None, None, False)

    @pytest.mark.parametrize("total", ["9.08", "9.080", "9.0800", 9.08])
    def test_09_decimals_have_any_scale(self, total: object, key: rsa.RSAPrivateKey) -> None:
        name = "plan_order_updated__coupon"
        prices = copy.deepcopy(order_in(payload(name), name)["pricing"])
        assert [prices["prices"][at]["price"]["subtotal"] for at in (0, 1)] == ["15.0", "15.00"]
        prices["prices"][0]["price"]["total"] = total

        assert facts_of(name, key, pricing=prices).price_total == Decimal("9.08")

    def test_10_a_resumption_is_told_from_its_pause_by_more_than_updated_date(
        self, key: rsa.RSAPrivateKey
    ) -> None:
        names = ("plan_order_paused__lifetime", "plan_order_resumed__lifetime")

        paused, resumed = (row_of(payload(name), name, key) for name in names)

        updated = [order_in(payload(name), name)["updatedDate"] for name in names]
        assert updated == ["2021-11-19T10:40:46.661858Z", "2021-11-19T10:40:46.661Z"]
        assert paused.happened_at < resumed.happened_at

    def test_11_a_trial_begins_unpaid_and_is_pending_later(self, key: rsa.RSAPrivateKey) -> None:
        begun, later = facts_of(TRIAL, key), facts_of(TRIAL_CANCELED, key)

        assert (begun.current_cycle_index, begun.payment_status, begun.state) == (0, "UNPAID", "active")
        assert later.payment_status == "PENDING"

    def test_12_times_of_one_order_have_six_digits_of_fraction_and_later_three(
        self, key: rsa.RSAPrivateKey
    ) -> None:
        """So one order's creation looks as if it had moved by less than a millisecond."""
        first, later = (order_in(payload(name), name) for name in (PURCHASED, STARTED))
        assert first["id"] == later["id"]
        assert (first["createdDate"], later["createdDate"]) == (
            "2021-11-18T15:01:52.940526Z",
            "2021-11-18T15:01:52.940Z",
        )

        found = [facts_of(name, key).created_at for name in (PURCHASED, STARTED)]

        assert found == [parse_time(one["createdDate"]) for one in (first, later)]

    def test_every_payload_that_the_list_of_quirks_names_is_there(self) -> None:
        listed = (PAYLOADS / "README.md").read_text().split("\n1. ")[1]
        named = {word.strip(",;:") for word in listed.split() if word.startswith("plan_order_")}

        assert len(named) > 10
        assert named <= set(EVENTS)


class TestTolerance:
    @pytest.mark.parametrize("name", EVENTS)
    def test_fields_nobody_documented_change_no_fact(self, name: str, key: rsa.RSAPrivateKey) -> None:
        body = copy.deepcopy(payload(name))
        more = with_more(copy.deepcopy(body))

        assert row_of(more, name, key).facts == row_of(body, name, key).facts

    @pytest.mark.parametrize("digits", ["", ".5", ".123", ".123456", ".123456789"])
    def test_fractions_of_seconds_have_any_length(self, digits: str, key: rsa.RSAPrivateKey) -> None:
        facts = facts_of(PURCHASED, key, startDate=f"2024-02-07T13:22:47{digits}Z")

        assert facts.start_at == datetime(2024, 2, 7, 13, 22, 47, micros(digits), tzinfo=UTC)

    @pytest.mark.parametrize("count", [7, "7", 7.0, "7.0"])
    def test_a_number_may_be_a_text(self, count: object, key: rsa.RSAPrivateKey) -> None:
        assert facts_of(PURCHASED, key, freeTrialDays=count).trial_days == 7

    def test_masked_texts_are_no_reason_to_refuse(self, key: rsa.RSAPrivateKey) -> None:
        """An anonymized event masks even the country and the card's network."""
        name = "payment_transaction_updated__anonymized"
        assert "*****" in json.dumps(payload(name))

        record = arrived(payload(name), name, key)

        assert record.topic == "payments"
        assert b"**" not in record.value

    def test_a_word_wix_adds_is_kept_and_is_no_known_state(self, key: rsa.RSAPrivateKey) -> None:
        facts = facts_of(PURCHASED, key, status="HIBERNATING", lastPaymentStatus="BARTERED", type="BARTER")

        assert (facts.status, facts.state) == ("HIBERNATING", "unknown")
        assert (facts.payment_status, facts.order_type) == ("BARTERED", "BARTER")

    @pytest.mark.parametrize("name", EVENTS)
    def test_absent_fields_are_no_reason_to_refuse(self, name: str, key: rsa.RSAPrivateKey) -> None:
        """Wix leaves out what has no value; the ids of entity and event are what we can't do without."""
        body = bare(copy.deepcopy(payload(name)))

        assert row_of(body, name, key).happened_at == NOW


HIBERNATED = "wix.pricing_plans.v2.order_hibernated"
# Words that Wix might add one day: where, what, and the alarm each raises.
ADDED: dict[str, tuple[str, dict[str, Any], str]] = {
    "order": (PURCHASED, {"status": "HIBERNATING"}, "unknown_status"),
    "payment of an order": (PURCHASED, {"lastPaymentStatus": "BARTERED"}, "unknown_status"),
    "cause": (TRIAL_CANCELED, {"cancellation": {"cause": "BOREDOM"}}, "unknown_cause"),
    "store order": ("store_order_approved__shipped", {"status": "ON_HOLD"}, "unknown_status"),
    "fulfillment": ("store_order_approved__shipped", {"fulfillmentStatus": "LOST"}, "unknown_status"),
    "payment": (PAID, {"transaction": {"id": "t", "status": "BARTERED"}}, "unknown_status"),
}


@pytest.fixture(scope="module")
def alarms(
    key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], dict[str, int]]]:
    """What a ledger says of one site's words and types; each payload and each new word is a site."""
    rows = [replace(row_of(payload(name), name, key), instance_id=name) for name in EVENTS]
    for case, (name, changed, _) in ADDED.items():
        body = copy.deepcopy(payload(name))
        order_in(body, name).update(changed)
        rows.append(replace(row_of(body, name, key), instance_id=case))
    unknown = verify(
        webhook({"id": "e"}, key, HIBERNATED), keys=[key.public_key()], check_expiry=True, now=NOW
    )
    rows += lifecycle.from_event(
        from_event(replace(unknown, instance_id=HIBERNATED), received_at=NOW),
        Source(topic="t", partition=0, offset=0),
    )
    records = [
        LedgerRecord(offset=at, known_at=NOW, value=replace(row, row_id=uuid4()).to_bytes())
        for at, row in enumerate(rows)
    ]
    ledger = open_ledger(tmp_path_factory.mktemp("alarms") / "ledger.duckdb")
    ledger.append(records, topic="order-lifecycle", partition=0, topic_id="one")
    ledger.publish()

    def raised(site: str) -> dict[str, int]:
        found = Reports(ledger).run("data_quality", {"site": [site]}).table.to_pylist()
        return {
            each["alarm"]: each["events"] for each in found if each["events"] and "unknown" in each["alarm"]
        }

    yield raised
    ledger.close()


class TestAlarms:
    """A word or an event that Wix adds is kept, counted and shown as an alarm; what is documented is none."""

    @pytest.mark.parametrize("name", EVENTS)
    def test_nothing_documented_is_an_alarm(self, name: str, alarms: Callable[[str], dict[str, int]]) -> None:
        assert alarms(name) == {}

    @pytest.mark.parametrize("case", ADDED)
    def test_a_word_wix_adds_is_counted(self, case: str, alarms: Callable[[str], dict[str, int]]) -> None:
        assert alarms(case) == {ADDED[case][2]: 1}

    def test_an_event_wix_adds_is_counted(self, alarms: Callable[[str], dict[str, int]]) -> None:
        assert alarms(HIBERNATED) == {"unknown_type": 1}


NEEDED = {"id", "entityId", "entityFqdn", "slug", "eventType", "wixAppId", "subscription", "orderId"}


def with_more(value: Any) -> Any:
    """The same with a member more in every object."""
    if isinstance(value, dict):
        return {key: with_more(each) for key, each in value.items()} | {"newByWix": {"a": ["b", 1]}}
    return [with_more(each) for each in value] if isinstance(value, list) else value


def bare(value: Any) -> Any:
    """Objects and ids only."""
    if isinstance(value, dict):
        return {key: bare(each) for key, each in value.items() if key in NEEDED or isinstance(each, dict)}
    return value


def micros(digits: str) -> int:
    return int(digits[1:7].ljust(6, "0")) if digits else 0
