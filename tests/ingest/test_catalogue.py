import json

import pytest

from ingest.catalogue import PAYMENT_EVENT, WEBHOOKS, entity_of, find, sequence_of
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

    def test_all_thirteen_plan_order_events_are_known(self) -> None:
        assert sum(each.topic.name == "plan-orders" for each in WEBHOOKS.values()) == 13

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
    def test_a_payment_carries_order_and_transaction(self, name: str) -> None:
        webhook = find(event_type_of(name), payload(name))

        assert webhook is not None
        assert {"order", "transaction"} <= set(entity_of(webhook, payload(name)))

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
    @pytest.mark.parametrize(("value", "sequence"), [("17", 17), (17, 17), ("007", 7)])
    def test_a_number_or_its_text(self, value: object, sequence: int) -> None:
        assert sequence_of({"entityEventSequence": value}) == sequence

    @pytest.mark.parametrize("value", [None, "", "x", True, 1.5, [], {}, "9" * 5000])
    def test_anything_else_is_none(self, value: object) -> None:
        assert sequence_of({"entityEventSequence": value}) is None
