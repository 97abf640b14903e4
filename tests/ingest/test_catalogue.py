import json
from typing import Any

import pytest

from ingest.catalogue import PAYMENT_CARRIERS, PAYMENT_EVENT, WEBHOOKS, entity_of, find, sequence_of
from tests.ingest.tokens import EVENTS, event_type_of, payload

# What the first words of an example's name promise about its topic and its slug.
EXPECTED = {
    "payment": "payments",
    "plan": "plan-orders",
    "store": "store-orders",
    "fulfillments": "fulfillments",
    "app": "installations",
    "email": "audience",
    "inbox": "audience",
}


class TestFind:
    @pytest.mark.parametrize("name", EVENTS)
    def test_every_documented_webhook_has_its_topic(self, name: str) -> None:
        webhook = find(event_type_of(name), payload(name))

        assert webhook is not None
        assert webhook.topic.name == EXPECTED[name.split("_")[0]]
        assert name.split("__")[0].endswith(webhook.slug)

    def test_all_thirteen_plan_order_events_are_known_and_have_an_example(self) -> None:
        known = {name for name, each in WEBHOOKS.items() if each.topic.name == "plan-orders"}

        assert len(known) == 13
        assert known == {event_type_of(name) for name in EVENTS if name.startswith("plan_")}

    def test_all_five_kinds_of_payment_have_an_example(self) -> None:
        assert {payload(name)["eventType"] for name in EVENTS if name.startswith("payment_")} == set(
            PAYMENT_CARRIERS
        )

    def test_every_kind_of_webhook_is_listed(self) -> None:
        """A type that Wix adds goes to `unrecognized` until it is added here."""
        assert sorted(name for name in WEBHOOKS if not name.startswith("wix.pricing_plans.")) == [
            "AppInstalled",
            "AppRemoved",
            "EmailSubscriptionChanged",
            "email-marketing.email-subscriptions.changed",
            "wix.crm.inbox.v2.conversation_conversations_merged",
            "wix.crm.inbox.v2.message_button_interacted",
            "wix.crm.inbox.v2.message_message_sent_to_business",
            "wix.crm.inbox.v2.message_message_sent_to_participant",
            "wix.ecom.v1.fulfillments_updated",
            "wix.ecom.v1.order_approved",
            "wix.ecom.v1.order_canceled",
            "wix.ecom.v1.order_committed",
            "wix.ecom.v1.order_created",
            "wix.ecom.v1.order_fulfilled",
            "wix.ecom.v1.order_imported",
            "wix.ecom.v1.order_imported_order_deleted",
            "wix.ecom.v1.order_payment_status_updated",
            "wix.ecom.v1.order_updated",
        ]

    @pytest.mark.parametrize("event_type", ["", "wix.contacts.v4.contact_created", "orderline.handover", "x"])
    def test_what_is_not_listed_is_not_known(self, event_type: str) -> None:
        assert find(event_type, {"id": "e", "entityFqdn": "wix.contacts.v4.contact"}) is None

    def test_a_payment_is_known_by_its_shape_under_any_type(self) -> None:
        """Wix does not document the type string of its payment event."""
        webhook = find("some.other.PaymentEvent", payload("payment_transaction_status_changed__plan"))

        assert webhook is not None
        assert (webhook.topic.name, webhook.slug) == ("payments", "transaction_status_changed")

    def test_an_email_subscription_is_known_by_its_shape_under_any_type(self) -> None:
        webhook = find("undocumented", payload("email_subscription_changed__unsubscribed"))

        assert webhook is not None
        assert webhook.slug == "email_subscription_changed"

    @pytest.mark.parametrize("kind", [None, "UNDEFINED", "NEW_KIND", 7, ["TRANSACTION_CREATED"]])
    def test_a_payment_of_an_unknown_kind_is_still_a_payment(self, kind: object) -> None:
        webhook = find(PAYMENT_EVENT, {"wixAppId": "a", "eventType": kind})

        assert webhook is not None
        assert (webhook.topic.name, webhook.slug) == ("payments", "undefined")


class TestEntity:
    @pytest.mark.parametrize("name", [name for name in EVENTS if name.startswith(("plan_", "store_"))])
    def test_an_order_event_carries_the_order(self, name: str) -> None:
        webhook = find(event_type_of(name), payload(name))

        assert webhook is not None
        assert entity_of(webhook, payload(name))["id"] == payload(name)["entityId"]

    @pytest.mark.parametrize("name", [name for name in EVENTS if name.startswith("payment_")])
    def test_a_payment_carries_its_order_and_mostly_a_transaction(self, name: str) -> None:
        webhook = find(event_type_of(name), payload(name))

        assert webhook is not None
        expected = {"order"} if webhook.slug.startswith("recurring_") else {"order", "transaction"}
        assert expected <= set(entity_of(webhook, payload(name)))

    @pytest.mark.parametrize("name", EVENTS)
    def test_the_carrier_in_the_catalogue_is_where_the_entity_stands(self, name: str) -> None:
        webhook, body = find(event_type_of(name), payload(name)), payload(name)
        assert webhook is not None

        standing: Any = body
        for member in filter(None, webhook.carrier.split(".")):
            standing = standing[member]

        assert entity_of(webhook, body) == standing

    def test_an_entity_under_another_carrier_is_read_all_the_same(self) -> None:
        body = {"entityFqdn": "wix.ecom.v1.order", "updatedEvent": {"currentEntity": {"id": "o"}}}

        assert entity_of(WEBHOOKS["wix.ecom.v1.order_created"], body) == {"id": "o"}

    def test_fulfillments_carry_their_order_id(self) -> None:
        body = payload("fulfillments_updated__one")

        assert entity_of(WEBHOOKS["wix.ecom.v1.fulfillments_updated"], body)["orderId"] == body["entityId"]

    def test_an_installation_is_its_own_entity(self) -> None:
        body = payload("app_installed__site")

        assert entity_of(WEBHOOKS["AppInstalled"], body) == body

    @pytest.mark.parametrize("carrier", ["entity", "entityAsJson"])
    def test_an_entity_in_a_text_is_opened(self, carrier: str) -> None:
        """Some of Wix's type files describe it so."""
        body = {"createdEvent": {carrier: json.dumps({"id": "o"})}}

        assert entity_of(WEBHOOKS["wix.ecom.v1.order_created"], body) == {"id": "o"}

    @pytest.mark.parametrize(
        "body",
        [
            {"entityFqdn": "f"},
            {"createdEvent": None},
            {"createdEvent": {"entity": 5}},
            {"createdEvent": {"entity": "{"}},
            {"actionEvent": {"body": {"order": []}}},
            {"deletedEvent": {}},
        ],
    )
    def test_a_carrier_that_is_absent_or_odd_is_an_empty_entity(self, body: dict[str, object]) -> None:
        assert entity_of(WEBHOOKS["wix.ecom.v1.order_created"], body) == {}


class TestSequence:
    @pytest.mark.parametrize("name", EVENTS)
    def test_domain_events_are_numbered_and_legacy_ones_are_not(self, name: str) -> None:
        webhook = find(event_type_of(name), payload(name))

        assert webhook is not None
        assert webhook.sequence == ("entityEventSequence" if "entityFqdn" in payload(name) else None)

    @pytest.mark.parametrize(("value", "sequence"), [("17", 17), (17, 17), ("007", 7)])
    def test_a_number_or_its_text(self, value: object, sequence: int) -> None:
        assert sequence_of({"entityEventSequence": value}) == sequence

    @pytest.mark.parametrize("value", [None, "", "x", True, 1.5, [], {}, "9" * 5000])
    def test_anything_else_is_none(self, value: object) -> None:
        assert sequence_of({"entityEventSequence": value}) is None
