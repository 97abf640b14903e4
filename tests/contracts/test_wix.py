"""The contract with Wix: documented requests get answers of the documented shape.

Every case runs on the sandbox; with `WIX_TEST_*` set it runs on Wix itself as well.
"""

from typing import Any

import pytest

from tests.contracts.wix_target import Target, payload

NOBODY = "00000000-0000-4000-8000-000000000000"
VISIBLE = "BUSINESS_AND_PARTICIPANT"


class TestToken:
    def test_client_credentials(self, wix: Target) -> None:
        answer = wix.ask_token().json()

        assert wix.unlike(answer, payload("token.answer"), must=("access_token", "expires_in")) == []

    def test_a_wrong_secret_is_refused_in_words_of_oauth(self, wix: Target) -> None:
        answer = wix.ask_token(client_secret="guessed")

        assert 400 <= answer.status_code < 500
        assert answer.json()["error"]


class TestPlanOrders:
    def test_get_order(self, wix: Target) -> None:
        answer = wix.call("GET", f"/pricing-plans/v2/orders/{wix.id('plan_order_id')}")

        assert (
            wix.unlike(
                answer,
                payload("get_order.answer"),
                must=(
                    "order.id",
                    "order.status",
                    "order.type",
                    "order.buyer.memberId",
                    "order.buyer.contactId",
                ),
            )
            == []
        )

    def test_list_orders(self, wix: Target) -> None:
        answer = wix.call("GET", "/pricing-plans/v2/orders", query={"limit": 1})

        assert set(answer) >= {"orders", "pagingMetadata"}
        assert len(answer["orders"]) <= 1

    def test_list_orders_by_status(self, wix: Target) -> None:
        query = {"orderStatuses": ["CANCELED", "ENDED"]}

        answer = wix.call("GET", "/pricing-plans/v2/orders", query=query)

        assert wix.unlike(answer, payload("list_orders__by_status.answer"), must=("orders",)) == []
        assert {order["status"] for order in answer["orders"]} <= {"CANCELED", "ENDED"}


class TestPeople:
    @pytest.mark.parametrize(
        ("name", "query", "must"),
        [
            ("public", {}, ("member.id", "member.profile")),
            ("extended", {"fieldsets": "EXTENDED"}, ("member.id", "member.loginEmail")),
            ("full", {"fieldsets": "FULL"}, ("member.id", "member.loginEmail", "member.contactId")),
        ],
    )
    def test_get_member(self, wix: Target, name: str, query: dict[str, str], must: tuple[str, ...]) -> None:
        answer = wix.call("GET", f"/members/v1/members/{wix.id('member_id')}", query=query)

        assert wix.unlike(answer, payload(f"get_member__{name}.answer"), must=must) == []

    def test_the_default_fieldset_has_no_login_email(self, wix: Target) -> None:
        answer = wix.call("GET", f"/members/v1/members/{wix.id('member_id')}")

        assert "loginEmail" not in answer["member"]

    @pytest.mark.parametrize(
        ("name", "query"),
        [("full", {}), ("basic", {"fieldsets": "BASIC"}), ("fields", {"fields": "source,updatedDate"})],
    )
    def test_get_contact(self, wix: Target, name: str, query: dict[str, str]) -> None:
        answer = wix.call("GET", f"/contacts/v4/contacts/{wix.id('contact_id')}", query=query)

        must = ("contact.id", "contact.revision", "responseType")
        assert wix.unlike(answer, payload(f"get_contact__{name}.answer"), must=must) == []

    def test_query_email_subscriptions(self, wix: Target) -> None:
        """The documented sample says `email_subscriptions`, the documented schema `subscriptions`."""
        asked = payload("query_email_subscriptions.request")
        asked["filter"]["email"]["$in"][0] = wix.id("email")
        asked["paging"]["offset"] = 0

        answer = wix.call("POST", "/email-marketing/v1/email-subscriptions/query", body=asked)

        documented = payload("query_email_subscriptions.answer")
        documented["subscriptions"] = documented.pop("email_subscriptions")
        must = (
            "subscriptions.email",
            "subscriptions.subscriptionStatus",
            "subscriptions.deliverabilityStatus",
        )
        assert wix.unlike(answer, documented, must=must) == []


class TestInbox:
    def conversation(self, wix: Target) -> Any:
        wix.may_change()
        asked = payload("get_or_create_conversation.request")
        asked["participantId"]["anonymousVisitorId"] = wix.id("visitor_id")
        return wix.call("POST", "/inbox/v2/conversations", body=asked)

    def test_get_or_create_conversation(self, wix: Target) -> None:
        answer = self.conversation(wix)

        documented = payload("get_or_create_conversation.answer")
        assert wix.unlike(answer, documented, must=("conversation.id", "newConversation")) == []

    def test_asking_again_gives_the_same_conversation(self, wix: Target) -> None:
        first, second = self.conversation(wix), self.conversation(wix)

        assert first["conversation"]["id"] == second["conversation"]["id"]
        assert second["newConversation"] is False

    @pytest.mark.parametrize("name", ["basic", "template"])
    def test_send_message_and_list_it(self, wix: Target, name: str) -> None:
        conversation_id = self.conversation(wix)["conversation"]["id"]
        asked = {**payload(f"send_message__{name}.request"), "conversation_id": conversation_id}

        answer = wix.call("POST", "/inbox/v2/messages", body=asked)

        must = ("message.id", "message.sequence", "message.content.previewText", "message.createdDate")
        # The documented sender is a user of the business; an app is one of another kind.
        assert (
            wix.unlike(answer, payload(f"send_message__{name}.answer"), must=must, ignore=("message.sender",))
            == []
        )
        query = {"conversationId": conversation_id, "visibility": VISIBLE}
        listed = wix.call("GET", "/inbox/v2/messages", query=query)
        assert listed["messages"][0]["id"] == answer["message"]["id"]
        assert listed["messages"][0]["content"] == answer["message"]["content"]

    @pytest.mark.parametrize("missing", ["direction", "visibility", "content"])
    def test_a_message_without_a_required_field_is_400(self, wix: Target, missing: str) -> None:
        conversation_id = self.conversation(wix)["conversation"]["id"]
        asked = {**payload("send_message__basic.request"), "conversation_id": conversation_id}
        del asked["message"][missing]

        answer = wix.http.post("/inbox/v2/messages", json=asked)

        assert answer.status_code == 400


class TestStore:
    def test_get_order(self, wix: Target) -> None:
        answer = wix.call("GET", f"/ecom/v1/orders/{wix.id('store_order_id')}")

        must = ("order.id", "order.status", "order.fulfillmentStatus", "order.lineItems.quantity")
        assert wix.unlike(answer, {"order": payload("store_order.entity")}, must=must) == []

    def test_search_orders(self, wix: Target) -> None:
        search = {"search": {"filter": {"status": "APPROVED"}, "cursorPaging": {"limit": 1}}}

        answer = wix.call("POST", "/ecom/v1/orders/search", body=search)

        assert set(answer) >= {"orders", "metadata"}
        assert {order["status"] for order in answer["orders"]} <= {"APPROVED"}

    def test_list_fulfillments_for_single_order(self, wix: Target) -> None:
        order_id = wix.id("shipped_order_id" if wix.is_ours else "store_order_id")

        answer = wix.call("GET", f"/ecom/v1/fulfillments/orders/{order_id}")

        documented = payload("list_fulfillments.answer")
        assert (
            wix.unlike(
                answer,
                documented,
                must=("orderWithFulfillments.orderId", "orderWithFulfillments.fulfillments"),
            )
            == []
        )

    def test_create_fulfillment_and_its_tracking_number_is_taken(self, wix: Target) -> None:
        wix.may_change()
        path = f"/ecom/v1/fulfillments/orders/{wix.id('store_order_id')}/create-fulfillment"
        asked = payload("create_fulfillment.request")
        asked["fulfillment"]["trackingInfo"]["trackingNumber"] = "CONTRACT-1"

        answer = wix.call("POST", path, body=asked)
        again = wix.http.post(path, json=asked)

        must = ("fulfillmentId", "orderWithFulfillments.fulfillments.trackingInfo.trackingLink")
        assert wix.unlike(answer, payload("create_fulfillment.answer"), must=must) == []
        assert 400 <= again.status_code < 500


class TestRefusals:
    def test_an_unknown_token_is_401(self, wix: Target) -> None:
        answer = wix.http.get(f"/pricing-plans/v2/orders/{NOBODY}", headers={"authorization": "made-up"})

        assert answer.status_code == 401

    @pytest.mark.parametrize(
        "path",
        [
            f"/pricing-plans/v2/orders/{NOBODY}",
            f"/ecom/v1/orders/{NOBODY}",
            f"/members/v1/members/{NOBODY}",
            f"/contacts/v4/contacts/{NOBODY}",
        ],
    )
    def test_what_is_not_there_is_404_with_an_error_body(self, wix: Target, path: str) -> None:
        answer = wix.http.get(path)

        assert answer.status_code == 404
        assert set(answer.json()) >= {"message", "details"}
        assert answer.headers["x-wix-request-id"]

    def test_a_page_larger_than_fifty_is_a_validation_error(self, wix: Target) -> None:
        answer = wix.http.get("/pricing-plans/v2/orders", params={"limit": 51})

        assert answer.status_code == 400
        assert answer.json()["details"]["validationError"]["fieldViolations"][0]["field"] == "limit"

    def test_subscriptions_are_not_queried_without_a_filter(self, wix: Target) -> None:
        answer = wix.http.post("/email-marketing/v1/email-subscriptions/query", json={})

        assert answer.status_code == 400
