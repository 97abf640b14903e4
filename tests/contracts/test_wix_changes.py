"""The contract with Wix, where something is changed: every documented request gets its documented answer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contracts.wix_target import Target, payload

CHECKOUT = "/pricing-plans/v2/checkout/orders"
ORDERS = "/pricing-plans/v2/orders"
MEMBER_ORDERS = "/pricing-plans/v2/member/orders"
FULFILLMENTS = "/ecom/v1/fulfillments"
LINE = "00000000-0000-0000-0000-000000000001"

MEMBER_DOES_NOT_EXIST = "00000000-0000-4000-8000-00000000dead"


def coupon(name: str, ident: str, off: str, cycles: int = 0) -> dict[str, Any]:
    return {"coupon": {"code": name, "id": ident, "moneyOffAmount": off, "discountedCycleCount": cycles}}


HALF50 = coupon("HALF50", "cd2cbbf6-4920-5593-88a3-ca465ed29951", "50")
FIRSTHALF = coupon("FIRSTHALF", "30b398ef-6753-5df7-a79b-3c4e26240a3e", "7.5", 1)


def with_tax(wix: Target, *coupons: dict[str, Any], included: bool = False) -> None:
    """21 % on top of prices, or in them; and these coupons."""
    wix.arrange(sites=[{"tax": {"rate": "21", "includedInPrice": included}}], coupons=list(coupons))


def amounts(prices: list[dict[str, Any]]) -> list[tuple[Decimal, ...]]:
    """What a buyer sees of prices, as numbers: Wix writes 15.0 and 15.00."""
    return [
        tuple(
            Decimal(str(value))
            for value in (
                one["duration"]["cycleFrom"],
                one["duration"].get("numberOfCycles", 0),
                one["price"]["subtotal"],
                one["price"]["discount"],
                one["price"]["tax"]["rate"],
                one["price"]["tax"]["amount"],
                one["price"]["total"],
            )
        )
        for one in prices
    ]


class TestCreateOfflineOrder:
    def test_paid_with_a_coupon(self, wix: Target) -> None:
        with_tax(wix, HALF50)

        answer = wix.call("POST", f"{CHECKOUT}/offline", body=payload("create_offline_order__paid.request"))

        documented = payload("create_offline_order__paid.answer")
        assert wix.unlike(answer, documented, must=("order.id", "order.status")) == []
        order, like = answer["order"], documented["order"]
        assert amounts(order["pricing"]["prices"]) == amounts(like["pricing"]["prices"])
        assert order["lastPaymentStatus"] == "PAID"
        assert order["startDate"][:19] == like["startDate"][:19]
        assert order["endDate"][:19] == like["endDate"][:19]

    def test_unpaid(self, wix: Target) -> None:
        wix.may_change()
        asked = {
            **payload("create_offline_order__unpaid.request"),
            "planId": wix.id("plan_id"),
            "memberId": wix.id("member_id"),
        }

        answer = wix.call("POST", f"{CHECKOUT}/offline", body=asked)

        must = ("order.id", "order.buyer.memberId", "order.pricing.prices", "order.startDate")
        ignore = ("order.pricing.prices.price.tax",)
        assert (
            wix.unlike(answer, payload("create_offline_order__unpaid.answer"), must=must, ignore=ignore) == []
        )
        assert answer["order"]["type"] == "OFFLINE"
        assert answer["order"]["lastPaymentStatus"] in ("UNPAID", "NOT_APPLICABLE")
        wix.call("POST", f"{ORDERS}/{answer['order']['id']}/cancel", body=payload("cancel_order.request"))

    def test_a_member_who_does_not_exist_is_400_by_a_rule_of_its_own(self, wix: Target) -> None:
        wix.may_change()
        asked = {"planId": wix.id("plan_id"), "memberId": MEMBER_DOES_NOT_EXIST}

        answer = wix.http.post(f"{CHECKOUT}/offline", json=asked)

        assert answer.status_code == 400
        assert (
            wix.unlike(
                answer.json(), payload("member_does_not_exist__400.answer"), must=("message", "details")
            )
            == []
        )
        [violation] = answer.json()["details"]["validationError"]["fieldViolations"]
        assert violation["ruleName"] == "MEMBER_DOESNT_EXIST"


class TestPreviews:
    def test_of_an_offline_order(self, wix: Target) -> None:
        """Wix's sample shows a coupon for which its request did not ask."""
        with_tax(wix, FIRSTHALF)
        asked = {**payload("preview_offline_order.request"), "couponCode": "FIRSTHALF"}

        answer = wix.call("POST", f"{CHECKOUT}/preview-offline", body=asked)

        documented = payload("preview_offline_order.answer")
        assert wix.unlike(answer, documented, must=("order", "purchaseLimitExceeded")) == []
        order, like = answer["order"], documented["order"]
        assert amounts(order["pricing"]["prices"]) == amounts(like["pricing"]["prices"])
        assert (order["id"], order["subscriptionId"]) == (like["id"], like["subscriptionId"])
        assert "wixPayOrderId" not in order
        assert "endDate" not in order

    def test_of_an_offline_order_makes_none(self, wix: Target) -> None:
        asked = {"planId": wix.id("plan_id"), "memberId": wix.id("member_id")}
        before = wix.call("GET", ORDERS, query={"limit": 1})["pagingMetadata"]["total"]

        answer = wix.call("POST", f"{CHECKOUT}/preview-offline", body=asked)

        assert answer["order"]["id"] == "00000000-0000-0000-0000-000000000000"
        assert wix.call("GET", ORDERS, query={"limit": 1})["pagingMetadata"]["total"] == before

    def test_of_a_price_that_includes_tax(self, wix: Target) -> None:
        with_tax(wix, FIRSTHALF, included=True)

        answer = wix.call("POST", f"{CHECKOUT}/price-preview", body=payload("preview_price.request"))

        documented = payload("preview_price.answer")
        assert wix.unlike(answer, documented, must=("prices",)) == []
        assert amounts(answer["prices"]) == amounts(documented["prices"])

    def test_of_an_online_order_is_not_for_an_app(self, wix: Target) -> None:
        answer = wix.http.post(f"{CHECKOUT}/preview-online", json={"planId": wix.id("plan_id")})

        assert answer.status_code in (401, 403)

    @pytest.mark.parametrize("call", ["preview-offline", "price-preview", "offline", "online"])
    def test_a_coupon_that_does_not_exist_is_428(self, wix: Target, call: str) -> None:
        member = wix.id("member_id")
        who: dict[str, dict[str, Any]] = {
            "preview-offline": {"memberId": member},
            "price-preview": {},
            "offline": {"memberId": member},
            "online": {"onBehalf": {"memberId": member}},
        }
        asked = {"planId": wix.id("plan_id"), "couponCode": "NOSUCHCOUPON", **who[call]}

        answer = wix.http.post(f"{CHECKOUT}/{call}", json=asked)

        assert answer.status_code == 428
        assert (
            wix.unlike(
                answer.json(), payload("coupon_does_not_exist__428.answer"), must=("message", "details")
            )
            == []
        )
        error = answer.json()["details"]["applicationError"]
        assert error["code"] == "ERROR_COUPON_DOES_NOT_EXIST"
        assert error["data"]["couponCode"] == "NOSUCHCOUPON"


class TestPlanOrderChanges:
    @pytest.fixture
    def order(self, wix: Target) -> Iterator[str]:
        """A running order of its own, canceled afterwards."""
        wix.may_change()
        asked = {"planId": wix.id("plan_id"), "memberId": wix.id("member_id")}
        order = wix.call("POST", f"{CHECKOUT}/offline", body=asked)["order"]
        yield order["id"]
        wix.http.post(f"{ORDERS}/{order['id']}/cancel", json=payload("cancel_order.request"))

    def now(self, wix: Target, order: str) -> Any:
        return wix.call("GET", f"{ORDERS}/{order}")["order"]

    def test_cancel(self, wix: Target, order: str) -> None:
        answer = wix.call("POST", f"{ORDERS}/{order}/cancel", body=payload("cancel_order.request"))

        assert answer == {}
        canceled = self.now(wix, order)
        assert canceled["status"] == "CANCELED"
        assert canceled["cancellation"]["cause"] == "OWNER_ACTION"
        assert "currentCycle" not in canceled

    def test_postpone_end_date(self, wix: Target, order: str) -> None:
        before = self.now(wix, order)
        if "endDate" not in before:
            pytest.skip("the plan has no end")
        later = f"{int(before['endDate'][:4]) + 4}{payload('postpone_end_date.request')['endDate'][4:]}"

        assert wix.call("PATCH", f"{ORDERS}/{order}", body={"endDate": later}) == {}

        assert self.now(wix, order)["endDate"][:19] == later[:19]
        earlier = wix.http.patch(f"{ORDERS}/{order}", json={"endDate": before["endDate"]})
        assert 400 <= earlier.status_code < 500

    def test_mark_as_paid_once(self, wix: Target, order: str) -> None:
        if self.now(wix, order)["lastPaymentStatus"] != "UNPAID":
            pytest.skip("the plan is free")
        assert wix.call("POST", f"{ORDERS}/{order}/mark-as-paid", body={}) == {}

        assert self.now(wix, order)["lastPaymentStatus"] == "PAID"
        assert 400 <= wix.http.post(f"{ORDERS}/{order}/mark-as-paid", json={}).status_code < 500

    def test_pause_and_resume(self, wix: Target, order: str) -> None:
        assert wix.call("POST", f"{ORDERS}/{order}/pause", body={}) == {}
        assert self.now(wix, order)["status"] == "PAUSED"
        assert 400 <= wix.http.post(f"{ORDERS}/{order}/pause", json={}).status_code < 500

        assert wix.call("POST", f"{ORDERS}/{order}/resume", body={}) == {}

        resumed = self.now(wix, order)
        assert resumed["status"] == "ACTIVE"
        assert resumed["pausePeriods"][-1]["status"] == "ENDED"

    @pytest.mark.parametrize("action", ["cancel", "pause", "resume", "mark-as-paid"])
    def test_of_an_order_that_does_not_exist_is_404(self, wix: Target, action: str) -> None:
        wix.may_change()
        body = payload("cancel_order.request") if action == "cancel" else {}

        answer = wix.http.post(f"{ORDERS}/00000000-0000-4000-8000-000000000000/{action}", json=body)

        assert answer.status_code == 404


class TestMembers:
    """What a member does for themselves; an app can't."""

    def test_preview_of_an_online_order(self, wix: Target) -> None:
        answer = wix.http.post(
            f"{CHECKOUT}/preview-online", json={"planId": wix.id("plan_id")}, headers=wix.as_member()
        )

        assert answer.status_code == 200, answer.text
        assert set(answer.json()) >= {"order", "purchaseLimitExceeded"}

    def test_buy_see_and_cancel(self, wix: Target) -> None:
        wix.may_change()
        me = wix.as_member()
        bought = wix.http.post(f"{CHECKOUT}/online", json={"planId": wix.id("plan_id")}, headers=me).json()[
            "order"
        ]
        path = f"{MEMBER_ORDERS}/{bought['id']}"

        one = wix.http.get(path, headers=me).json()["order"]
        listed = wix.http.get(MEMBER_ORDERS, params={"limit": 1}, headers=me).json()
        asked = wix.http.post(f"{path}/cancel", json=payload("cancel_order.request"), headers=me)

        like = payload("get_order.answer")
        # A draft has no cycle yet, and a site may levy no tax.
        ignore = ("order.currentCycle", "order.pricing.prices.price.tax")
        assert (
            wix.unlike({"order": one}, like, must=("order.id", "order.buyer.memberId"), ignore=ignore) == []
        )
        assert one["type"] == "ONLINE"
        assert [order["id"] for order in listed["orders"]] == [bought["id"]]
        assert (asked.status_code, asked.json()) == (200, {})

    def test_their_orders_are_not_for_an_app(self, wix: Target) -> None:
        assert wix.http.get(MEMBER_ORDERS).status_code in (401, 403)

    def test_the_owners_calls_are_not_for_a_member(self, wix: Target) -> None:
        assert wix.http.get(ORDERS, headers=wix.as_member()).status_code in (401, 403)


class TestFulfillmentChanges:
    """Of the documented orders, each with one line of one unit."""

    def orders(self, wix: Target, *ids: str) -> None:
        wix.may_change()
        order = {**payload("store_order.entity"), "lineItems": [{"id": LINE, "quantity": 1}]}
        # One order of the documents shares its tracking number with these.
        shipped = {"orderId": wix.id("shipped_order_id"), "fulfillments": []}
        wix.arrange(storeOrders=[{"order": {**order, "id": one}} for one in ids], fulfillments=[shipped])

    def test_update(self, wix: Target) -> None:
        documented = payload("update_fulfillment.answer")["orderWithFulfillments"]
        [like] = documented["fulfillments"]
        old = {"trackingNumber": "1", "shippingProvider": "fedex"}
        self.orders(wix, documented["orderId"])
        made = {"orderId": documented["orderId"], "fulfillments": [{**like, "trackingInfo": old}]}
        wix.arrange(fulfillments=[made])
        path = f"{FULFILLMENTS}/{like['id']}/orders/{documented['orderId']}"

        answer = wix.call("PATCH", path, body=payload("update_fulfillment.request"))

        assert answer == {"orderWithFulfillments": documented}
        wix.arrange(fulfillments=[{**made, "fulfillments": []}])

    def test_delete(self, wix: Target) -> None:
        documented = payload("delete_fulfillment.answer")
        order_id = documented["orderWithFulfillments"]["orderId"]
        self.orders(wix, order_id)
        created = wix.call(
            "POST", f"{FULFILLMENTS}/orders/{order_id}/create-fulfillment", body={"fulfillment": {}}
        )

        answer = wix.call("DELETE", f"{FULFILLMENTS}/{created['fulfillmentId']}/orders/{order_id}")

        assert answer == documented

    def test_bulk_create(self, wix: Target) -> None:
        asked = payload("bulk_create_fulfillments.request")
        self.orders(wix, *(one["orderId"] for one in asked["ordersWithFulfillments"]))

        answer = wix.call("POST", f"{FULFILLMENTS}/orders/bulk/create-fulfillments", body=asked)

        documented = payload("bulk_create_fulfillments.answer")
        assert wix.unlike(answer, documented, must=("results", "bulkActionMetadata")) == []
        assert answer["bulkActionMetadata"] == documented["bulkActionMetadata"]
        tracked = [one["ordersWithFulfillments"]["fulfillments"][0] for one in answer["results"]]
        like = [one["ordersWithFulfillments"]["fulfillments"][0] for one in documented["results"]]
        assert [one["trackingInfo"] for one in tracked] == [one["trackingInfo"] for one in like]


class TestSite:
    def test_list_members(self, wix: Target) -> None:
        answer = wix.call("GET", "/members/v1/members", query={"fieldsets": "FULL", "paging.limit": 1})

        assert set(answer) >= {"members", "metadata"}
        assert len(answer["members"]) <= 1

    def test_site_properties(self, wix: Target) -> None:
        properties = wix.call("GET", "/site-properties/v4/properties")["properties"]

        assert {"timeZone", "paymentCurrency", "locale"} <= set(properties)

    def test_app_instance(self, wix: Target) -> None:
        answer = wix.call("GET", "/apps/v1/instance")

        assert answer["instance"]["instanceId"] == wix.instance_id
        assert answer["site"]["siteDisplayName"]

    def test_upsert_email_subscription(self, wix: Target) -> None:
        wix.may_change()
        asked = {"subscription": {"email": wix.id("email"), "subscriptionStatus": "SUBSCRIBED"}}

        answer = wix.call("POST", "/email-marketing/v1/email-subscriptions", body=asked)

        assert answer["subscription"]["subscriptionStatus"] == "SUBSCRIBED"

    def test_unsubscribe_link(self, wix: Target) -> None:
        wix.may_change()
        asked = {"emailAddress": wix.id("email")}

        answer = wix.call("POST", "/email-marketing/v1/email-subscriptions/unsubscribe-link", body=asked)

        assert answer["link"].startswith("http")
