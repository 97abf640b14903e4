"""What the ledger is told of each event, outcome and dead letter."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from analytics.lifecycle import (
    AudienceFacts,
    EffectFacts,
    FulfillmentsFacts,
    HandoverFacts,
    InstallationFacts,
    LifecycleRow,
    Line,
    Pause,
    PaymentFacts,
    Source,
    StoreOrderFacts,
    SubscriptionFacts,
    UnrecognizedFacts,
)
from ingest.record import EventRecord
from ingest.topics import SNAPSHOTS, UNRECOGNIZED
from streams import due
from streams.lifecycle import from_event
from streams.snapshot import of_order
from tests.streams.event_records import (
    AT,
    EVENTS,
    SITE,
    a_handover,
    a_payment,
    a_plan_order_event,
    payload,
    raw_record,
    record,
    recorded,
)

SOURCE = Source(topic="plan-orders", partition=3, offset=41)


def happened(event: EventRecord) -> LifecycleRow:
    """The row that says what the event says."""
    return from_event(event, SOURCE)[0]


def subscription(name: str) -> SubscriptionFacts:
    facts = happened(recorded(name)).facts
    assert isinstance(facts, SubscriptionFacts)
    return facts


def store_order(name: str) -> StoreOrderFacts:
    facts = happened(recorded(name)).facts
    assert isinstance(facts, StoreOrderFacts)
    return facts


class TestEveryEvent:
    @pytest.mark.parametrize("name", EVENTS)
    def test_it_gives_rows_that_come_back_whole_from_the_log(self, name: str) -> None:
        rows = from_event(recorded(name), SOURCE)

        assert rows
        assert [LifecycleRow.from_bytes(row.to_bytes()) for row in rows] == rows

    @pytest.mark.parametrize("name", EVENTS)
    def test_the_first_row_is_named_like_the_event(self, name: str) -> None:
        entity, _, _ = name.partition("__")

        assert entity.endswith(happened(recorded(name)).what)

    @pytest.mark.parametrize("name", EVENTS)
    def test_a_second_delivery_gives_the_same_rows(self, name: str) -> None:
        event = recorded(name)

        assert from_event(event, SOURCE) == from_event(replace(event), SOURCE)

    @pytest.mark.parametrize("name", EVENTS)
    def test_each_effect_it_makes_due_is_a_row_of_step_0(self, name: str) -> None:
        event = recorded(name)

        _, *rows = from_event(event, SOURCE)

        assert [row.entity_id for row in rows] == [effect.key for effect in due.decide(event).effects]
        assert all(isinstance(row.facts, EffectFacts) and row.facts.step == 0 for row in rows)
        assert all(row.what == "effect_due" for row in rows)

    def test_all_rows_of_an_event_have_ids_of_their_own(self) -> None:
        rows = from_event(a_payment(), SOURCE)

        assert len({row.row_id for row in rows}) == len(rows) == 2

    def test_it_happened_at_the_events_own_time(self) -> None:
        late = replace(a_payment(), event_time=datetime(2026, 1, 1, tzinfo=UTC), received_at=AT)

        row = happened(late)

        assert (row.happened_at, row.received_at) == (datetime(2026, 1, 1, tzinfo=UTC), AT)

    def test_the_row_says_where_the_event_lies_and_in_which_order_wix_counts_it(self) -> None:
        body = payload("plan_order_paused__lifetime") | {"entityEventSequence": "17"}

        row = happened(record(body))

        assert (row.source, row.sequence) == (SOURCE, 17)

    def test_a_sequence_beyond_64_bits_is_none(self) -> None:
        body = payload("plan_order_paused__lifetime") | {"entityEventSequence": str(2**70)}

        assert happened(record(body)).sequence is None


class TestSubscriptions:
    def test_the_price_is_that_of_the_current_cycle_with_and_without_tax(self) -> None:
        """Half price by coupon in the first cycle: 7.50 and 21 % tax."""
        facts = subscription("plan_order_updated__coupon")

        assert (facts.price_total, facts.price_recurring) == (Decimal("9.08"), Decimal("7.50"))
        assert (facts.currency, facts.cycle_unit, facts.cycle_count) == ("EUR", "MONTH", 1)

    def test_from_the_second_cycle_on_the_second_price_holds(self) -> None:
        body = payload("plan_order_updated__coupon")
        body["updatedEvent"]["currentEntity"]["currentCycle"]["index"] = 7

        facts = happened(record(body)).facts

        assert isinstance(facts, SubscriptionFacts)
        assert (facts.price_total, facts.price_recurring) == (Decimal("18.15"), Decimal("15.00"))

    def test_fees_and_proration_do_not_come_back_each_cycle(self) -> None:
        body = payload("plan_order_updated__coupon")
        price = body["updatedEvent"]["currentEntity"]["pricing"]["prices"][0]["price"]
        price |= {"fees": [{"name": "Setup", "amount": "2.00"}], "proration": {"amount": "0.50"}}

        facts = happened(record(body)).facts

        assert isinstance(facts, SubscriptionFacts)
        assert facts.price_recurring == Decimal("5.00")

    def test_an_ended_order_keeps_its_last_price(self) -> None:
        """Wix leaves the current cycle out then, and churn must know what was lost."""
        body = payload("plan_order_updated__coupon")
        order = body["updatedEvent"]["currentEntity"]
        order |= {"status": "ENDED"}
        del order["currentCycle"]

        facts = happened(record(body)).facts

        assert isinstance(facts, SubscriptionFacts)
        assert (facts.state, facts.price_recurring) == ("ended", Decimal("15.00"))

    def test_a_lifetime_plan_does_not_recur(self) -> None:
        facts = subscription("plan_order_created__lifetime")

        assert (facts.is_recurring, facts.cycle_unit, facts.price_total) == (False, None, Decimal("330.00"))

    def test_trial_days_may_be_a_text(self) -> None:
        facts = subscription("plan_order_cycle_started__trial")

        assert (facts.trial_days, facts.current_cycle_index) == (1, 0)

    def test_an_active_order_whose_renewal_is_off_is_set_to_cancel(self) -> None:
        facts = subscription("plan_order_auto_renew_canceled__trial")

        assert (facts.status, facts.state) == ("ACTIVE", "set_to_cancel")
        assert facts.cancellation_effective_at == "NEXT_PAYMENT_DATE"

    def test_an_end_by_cancellation_keeps_wixs_own_status(self) -> None:
        row = happened(recorded("plan_order_ended__canceled"))

        assert isinstance(row.facts, SubscriptionFacts)
        assert (row.what, row.facts.status, row.facts.state) == ("ended", "CANCELED", "canceled")

    def test_pauses_are_intervals(self) -> None:
        began = datetime(2021, 11, 19, 10, 40, 46, 661000, tzinfo=UTC)
        over = datetime(2021, 11, 19, 10, 40, 49, 902000, tzinfo=UTC)

        assert subscription("plan_order_paused__lifetime").pauses == (Pause(paused_at=began),)
        assert subscription("plan_order_resumed__lifetime").pauses == (
            Pause(paused_at=began, resumed_at=over),
        )

    def test_a_status_we_do_not_know_is_kept_and_its_state_is_unknown(self) -> None:
        row = happened(a_plan_order_event("updated", status="HIBERNATING"))

        assert isinstance(row.facts, SubscriptionFacts)
        assert (row.facts.status, row.facts.state) == ("HIBERNATING", "unknown")

    def test_an_anonymize_request_is_a_fact_of_its_own(self) -> None:
        row = happened(a_plan_order_event("updated", anonymized=True))

        assert isinstance(row.facts, SubscriptionFacts)
        assert row.facts.is_anonymized

    def test_who_triggered_it_is_kept_as_a_kind(self) -> None:
        event = replace(a_plan_order_event("canceled"), identity={"identityType": "MEMBER", "memberId": "m"})

        row = happened(event)

        assert isinstance(row.facts, SubscriptionFacts)
        assert row.facts.identity_type == "MEMBER"


class TestStoreOrders:
    def test_an_order_with_something_to_ship(self) -> None:
        facts = store_order("store_order_approved__shipped")

        assert (facts.state, facts.payment_status, facts.number) == ("approved", "NOT_PAID", "10002")
        assert facts.lines == (Line(id="00000000-0000-0000-0000-000000000001", quantity=1),)
        assert (facts.is_shippable, facts.is_plan_order) == (True, False)

    def test_a_gift_card_is_not_shipped(self) -> None:
        assert store_order("store_order_updated__gift_card").is_shippable is False

    def test_an_order_of_plans_only_is_no_store_order(self) -> None:
        body = payload("store_order_approved__shipped")
        line = body["actionEvent"]["body"]["order"]["lineItems"][0]
        line["catalogReference"]["appId"] = "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"

        facts = happened(record(body)).facts

        assert isinstance(facts, StoreOrderFacts)
        assert facts.is_plan_order

    def test_fulfillments_belong_to_the_order_and_are_all_there_are(self) -> None:
        row = happened(recorded("fulfillments_updated__one"))

        assert isinstance(row.facts, FulfillmentsFacts)
        assert row.entity_id == row.order_id == "5bc31534-2ef0-52dd-a278-0e5532dcda56"
        assert [(one.tracking_number, one.shipping_provider) for one in row.facts.shipments] == [
            ("12345", "ups")
        ]

    def test_no_fulfillment_left_is_an_empty_list(self) -> None:
        body = payload("fulfillments_updated__one")
        body["updatedEvent"]["currentEntity"]["fulfillments"] = []

        assert happened(record(body)).facts == FulfillmentsFacts()


class TestPayments:
    def test_a_payment_names_its_transaction_and_the_order_of_the_app_that_asked_for_it(self) -> None:
        row = happened(recorded("payment_transaction_status_changed__plan"))

        assert isinstance(row.facts, PaymentFacts)
        assert row.entity_id == "d172ee0c-3b63-539d-9e18-6eb5183bef8f"
        assert row.order_id == "e7e532a7-a11f-54e1-913b-5e9a38e697d1"
        assert (row.facts.amount, row.facts.currency) == (Decimal("9.08"), "EUR")
        assert (row.facts.previous_status, row.facts.status) == ("PENDING", "APPROVED")

    def test_the_previous_status_in_a_refund_is_the_refunds(self) -> None:
        row = happened(a_payment("REFUND_STATUS_CHANGED", refund="APPROVED", previous="PENDING"))

        assert isinstance(row.facts, PaymentFacts)
        assert (row.facts.refund_status, row.facts.previous_status) == ("APPROVED", None)

    def test_an_anonymized_payment_is_still_one(self) -> None:
        row = happened(recorded("payment_transaction_updated__anonymized"))

        assert isinstance(row.facts, PaymentFacts)
        assert (row.facts.is_anonymized, row.facts.amount) == (True, Decimal("4.2"))

    def test_an_event_without_a_transaction_is_known_by_the_cashiers_order(self) -> None:
        body = payload("payment_transaction_status_changed__plan")
        body["eventType"] = "RECURRING_PAYMENT_STATUS_CHANGED"
        event = body.pop("transactionStatusChangedEvent")
        body["recurringPaymentStatusChangedEvent"] = {"order": event["order"], "status": "CANCELLED"}

        row = happened(record(body))

        assert row.entity_id == event["order"]["id"]


class TestOtherEvents:
    def test_the_app_comes_to_a_site_and_leaves_it(self) -> None:
        came, left = (happened(recorded(name)) for name in ("app_installed__site", "app_removed__site"))

        assert (came.what, left.what) == ("installed", "removed")
        assert isinstance(came.facts, InstallationFacts)
        assert came.entity_id == SITE
        assert came.facts.app_id

    def test_a_changed_subscription_keeps_the_statuses_and_no_address(self) -> None:
        row = happened(recorded("email_subscription_changed__unsubscribed"))

        assert row.facts == AudienceFacts(subscription_status="UNSUBSCRIBED", deliverability_status="VALID")
        assert b"@" not in row.to_bytes()

    def test_a_message_names_its_conversation_and_holds_no_text(self) -> None:
        row = happened(recorded("inbox_message_sent_to_participant__text_and_image"))

        assert row.facts == AudienceFacts(conversation_id="06d78275-0cb8-59a6-b3f7-e48de8b5de75")
        assert b"spa day" not in row.to_bytes()

    def test_merged_conversations_name_the_one_that_stays(self) -> None:
        row = happened(recorded("inbox_conversations_merged__two"))

        assert row.facts == AudienceFacts(conversation_id="46bf7cd9-5eee-51d3-9691-ca189cdd262a")

    def test_an_event_the_catalogue_does_not_know_is_counted(self) -> None:
        event = raw_record({"entityId": "x-1"}, topic=UNRECOGNIZED.name, event_type="wix.new.v1.thing_made")

        row = happened(event)

        assert (row.what, row.entity_id, row.facts) == ("unrecognized", "x-1", UnrecognizedFacts())
        assert row.event_type == "wix.new.v1.thing_made"

    def test_a_handover_is_known_by_its_warehouse_and_key(self) -> None:
        row = happened(a_handover())

        assert isinstance(row.facts, HandoverFacts)
        assert (row.entity_id, row.facts.outcome) == ("north:box-1", "accepted")
        assert row.facts.lines == (Line(id="00000000-0000-0000-0000-000000000001", quantity=2),)

    def test_a_key_that_comes_again_with_another_body_is_a_row_of_its_own(self) -> None:
        first, second = happened(a_handover()), happened(a_handover(bodyHash="1e1e"))

        assert first.row_id != second.row_id


class TestSnapshots:
    def test_an_imported_plan_order_is_a_subscription_and_makes_nothing_due(self) -> None:
        order = payload("plan_order_purchased__lifetime")["actionEvent"]["body"]["order"]

        (row,) = from_event(snapshot(order), SOURCE)

        assert (row.what, row.kind, row.entity_id) == ("snapshot", "subscription", order["id"])

    def test_an_imported_store_order_is_a_store_order_and_makes_nothing_due(self) -> None:
        order = payload("store_order_approved__shipped")["actionEvent"]["body"]["order"]

        (row,) = from_event(snapshot(order), SOURCE)

        assert (row.what, row.kind, row.entity_id) == ("snapshot", "store_order", order["id"])

    @pytest.mark.parametrize("name", ["plan_order_purchased__lifetime", "store_order_approved__shipped"])
    def test_what_wix_lists_happened_when_it_was_last_changed(self, name: str) -> None:
        """Not when it was asked for, which may be years later."""
        order = payload(name)["actionEvent"]["body"]["order"]

        row = happened(of_order(SITE, order, asked_at=AT))

        assert row.happened_at == datetime.fromisoformat(order["updatedDate"])
        assert row.happened_at != AT


def snapshot(order: dict[str, Any]) -> EventRecord:
    """An order as a List API gave it."""
    return raw_record(order, topic=SNAPSHOTS.name, event_type="orderline.snapshot", event_id="s-1")
