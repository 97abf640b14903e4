import json
from typing import Any

import pytest

from ingest.catalogue import entity_of, find
from ingest.personal import without_personal
from tests.ingest.tokens import EVENTS, event_type_of, payload

# Everything personal that stands in Wix's examples, masked texts included.
MARKERS = (
    "alex@example.com",
    "dana@example.com",
    "someone-else@theircompany.com",
    "Alex",
    "Dana",
    "Kim",
    "0100000000",
    "0100000001",
    "Some Street",
    "Main Street",
    "Chicago",
    "New York",
    "10173",
    "2710",
    "411111",
    "Ordered by mistake",
    "booking your spa day",
    "emailed your invoice",
    "MASTERCARD",
    "media/f93e3d633e79921f14330f1911fc1139",  # the picture of a message
    "****",
    "Kim and Sons",
    "98765432100",  # a tax number
    "ask for Kim",
    "ring twice",
    "Left knee",
    "My knee",
    "Rex",
)


def kept(name: str) -> dict[str, Any]:
    webhook = find(event_type_of(name), payload(name))
    return without_personal(payload(name), webhook.entity if webhook else None)


class TestMarkers:
    @pytest.mark.parametrize("name", EVENTS)
    def test_nothing_personal_of_any_example_is_kept(self, name: str) -> None:
        text = json.dumps(kept(name))

        assert [marker for marker in MARKERS if marker in text] == []

    def test_the_markers_do_stand_in_the_examples(self) -> None:
        """The test above would pass for ever on examples that hold nothing personal."""
        everything = json.dumps([payload(name) for name in EVENTS])

        assert [marker for marker in MARKERS if marker not in everything] == []


class TestWhatStays:
    @pytest.mark.parametrize("name", [name for name in EVENTS if name.startswith("plan_order")])
    def test_a_plan_order_stays_whole_but_for_form_answers(self, name: str) -> None:
        """Prices, periods, ids and the plan's name are what the flows and reports live on."""
        whole = payload(name)

        def without_answers(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: without_answers(each) for key, each in value.items() if key != "submissionData"}
            return [without_answers(each) for each in value] if isinstance(value, list) else value

        assert kept(name) == without_answers(whole)

    def test_ids_of_people_stay(self) -> None:
        """With them the flows ask Wix for the address when they need one."""
        webhook = find("wix.ecom.v1.order_approved", payload("store_order_approved__shipped"))
        assert webhook is not None

        order = entity_of(webhook, kept("store_order_approved__shipped"))

        assert order["buyerInfo"] == {
            "contactId": "42fc1d17-05c5-52d8-9ebc-8d80694811f6",
            "visitorId": "c2d6b1ed-c200-5f19-bd35-4ff899cc5e2d",
        }

    def test_what_a_fulfillment_is_made_of_stays(self) -> None:
        assert kept("fulfillments_updated__one") == payload("fulfillments_updated__one")

    def test_a_payment_keeps_money_and_ids(self) -> None:
        event = kept("payment_transaction_updated__anonymized")["transactionUpdatedEvent"]

        assert event["transaction"]["amount"] == {"amount": 4.2, "currency": "USD"}
        assert event["order"]["wixAppBuyerId"] == "858d9003-f5e2-590b-9f98-38cdb81eacab"
        assert event["triggeredByAnonymizeRequest"] is True

    def test_lines_and_shipping_stay_without_the_address(self) -> None:
        webhook = find("wix.ecom.v1.order_approved", payload("store_order_approved__shipped"))
        assert webhook is not None

        order = entity_of(webhook, kept("store_order_approved__shipped"))

        assert order["lineItems"][0]["physicalProperties"] == {"sku": "364115376135191", "shippable": True}
        assert order["shippingInfo"]["title"] == "Standard US Shipping"


class TestHidingPlaces:
    def test_an_entity_in_a_text_is_opened_and_searched(self) -> None:
        hidden = json.dumps({"id": "o", "buyerInfo": {"email": "a@b.example"}})

        found = without_personal({"createdEvent": {"entityAsJson": hidden}}, "store_order")

        assert found == {"createdEvent": {"entityAsJson": {"id": "o", "buyerInfo": {}}}}

    def test_a_carrier_that_cannot_be_searched_is_dropped(self) -> None:
        assert without_personal({"createdEvent": {"entity": "Dana Kim"}}, "store_order") == {
            "createdEvent": {}
        }

    def test_texts_in_texts_are_not_opened_twice(self) -> None:
        """Each level could hide a stack's worth of nesting."""
        inner = json.dumps({"entity": json.dumps({"entity": "{}"})})

        assert without_personal({"entity": inner}, "store_order") == {"entity": {}}

    def test_a_dotted_path_of_changed_fields_is_taken_apart(self) -> None:
        changed = {"billingInfo.contactDetails.phone": "0100", "paymentStatus": "PAID"}

        found = without_personal({"updatedEvent": {"modifiedFields": changed}}, "store_order")

        assert found == {"updatedEvent": {"modifiedFields": {"paymentStatus": "PAID"}}}

    @pytest.mark.parametrize(
        "text", ["dana@shop.example", "write to dana@shop.example!", "<dana@shop.example>"]
    )
    def test_an_address_is_found_wherever_it_stands(self, text: str) -> None:
        assert without_personal({"planDescription": text, "tags": [text, "x"]}, "subscription") == {
            "tags": ["x"]
        }

    @pytest.mark.parametrize("text", ["@home", "2 @ 3", "", "a*b", "me@home"])
    def test_a_text_that_only_looks_a_little_like_one_stays(self, text: str) -> None:
        assert without_personal({"planName": text}, "subscription") == {"planName": text}

    def test_masked_texts_are_dropped(self) -> None:
        assert without_personal({"providerTransactionId": "***********"}, "payment") == {}


class TestUnknownEvents:
    def test_an_event_we_do_not_know_keeps_its_envelope_ids_times_and_words_of_wixs(self) -> None:
        known = {
            "id": "42fc1d17-05c5-52d8-9ebc-8d80694811f6",
            "createdDate": "2019-10-30T17:22:10.299Z",
            "status": "NOT_PAID",
            "revision": 3,
            "isMain": True,
        }
        people = {"jobTitle": "Developer", "e164Phone": "+97297495550", "slug": "danakim", "tags": ["vip"]}
        envelope = {"id": "e-1", "entityFqdn": "wix.contacts.v4.contact", "slug": "created"}

        found = without_personal(envelope | {"createdEvent": {"entity": known | people}}, None)

        assert found == envelope | {"createdEvent": {"entity": known | {"tags": []}}}

    @pytest.mark.parametrize("text", ["Kim", "097495550", "en-us", "2 a.m.", "x_y", "", "5d0c-9a43"])
    def test_a_text_that_could_be_anything_goes(self, text: str) -> None:
        assert without_personal({"some": text}, None) == {}

    def test_names_of_people_go_whatever_they_look_like(self) -> None:
        body = {"info": {"name": {"first": "DANA", "last": "KIM"}, "phone": 97495550}, "emails": ["NONE"]}

        assert without_personal(body, None) == {"info": {}}

    def test_a_message_of_an_unknown_kind_loses_its_text(self) -> None:
        conversation = "06d78275-0cb8-59a6-b3f7-e48de8b5de75"
        body = {"actionEvent": {"body": {"message": {"content": "HI"}, "conversationId": conversation}}}

        assert without_personal(body, None) == {"actionEvent": {"body": {"conversationId": conversation}}}

    def test_an_address_is_no_envelope(self) -> None:
        assert without_personal({"entityId": "dana@shop.example"}, None) == {}
