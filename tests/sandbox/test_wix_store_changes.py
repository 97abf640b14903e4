"""Fulfillments that are changed, taken back or made in bulk, and orders that Wix fulfills by itself."""

from typing import Any

import httpx
import pytest

from tests.sandbox.store_order import ORDER, a_store_order, create, made, status
from tests.sandbox.wix_site import LINE, NOBODY, SITE, STORE_ORDER, Wix, code, violations


@pytest.fixture
def order(wix: Wix) -> dict[str, Any]:
    """The store order, on the site."""
    placed = a_store_order()
    wix.seed(storeOrders=[{"order": placed}])
    return placed


def changed(wix: Wix, fulfillment_id: str, **body: Any) -> httpx.Response:
    path = f"/ecom/v1/fulfillments/{fulfillment_id}/orders/{ORDER}"
    return wix.http.patch(path, json={"fulfillment": body})


def deleted(wix: Wix, fulfillment_id: str) -> httpx.Response:
    return wix.http.delete(f"/ecom/v1/fulfillments/{fulfillment_id}/orders/{ORDER}")


@pytest.mark.usefixtures("order")
class TestUpdateFulfillment:
    def test_a_new_number_has_the_link_of_its_provider(self, wix: Wix) -> None:
        one = made(wix, trackingInfo={"trackingNumber": "1", "shippingProvider": "ups"})
        wix.told.clear()
        answer = changed(wix, one["id"], trackingInfo={"trackingNumber": "2"})

        [now] = answer.json()["orderWithFulfillments"]["fulfillments"]
        assert now["trackingInfo"] == {
            "trackingNumber": "2",
            "shippingProvider": "ups",
            "trackingLink": "https://wwwapps.ups.com/WebTracking/track?track=yes&trackNums=2",
        }
        assert now["lineItems"] == one["lineItems"]
        assert [event.event_type for event in wix.told] == [
            "wix.ecom.v1.fulfillments_updated",
            "wix.ecom.v1.order_updated",
        ]

    def test_a_number_in_use_is_409_and_its_own_is_not(self, wix: Wix) -> None:
        first = made(wix, (LINE, 1), trackingInfo={"trackingNumber": "1", "shippingProvider": "ups"})
        made(wix, (LINE, 1), trackingInfo={"trackingNumber": "2", "shippingProvider": "ups"})

        taken = changed(wix, first["id"], trackingInfo={"trackingNumber": "2"})
        assert code(taken) == (409, "TRACKING_NUMBER_ALREADY_EXISTS")
        assert changed(wix, first["id"], trackingInfo={"trackingNumber": "1"}).status_code == 200

    def test_another_provider_needs_a_link(self, wix: Wix) -> None:
        one = made(wix)

        assert changed(wix, one["id"], trackingInfo={"shippingProvider": "Bike"}).status_code == 400
        linked = {"shippingProvider": "Bike", "trackingLink": "https://bike.example/1"}
        answer = changed(wix, one["id"], trackingInfo=linked)
        [now] = answer.json()["orderWithFulfillments"]["fulfillments"]
        assert now["trackingInfo"] == linked

    def test_lines_stay_as_they_are(self, wix: Wix) -> None:
        one = made(wix, (LINE, 1))

        assert violations(changed(wix, one["id"], lineItems=[])) == {
            "fulfillment.lineItems": "FIELD_NOT_ALLOWED"
        }

    def test_an_unknown_one_is_404(self, wix: Wix) -> None:
        assert code(changed(wix, NOBODY, status="Ready")) == (404, "FULFILLMENT_NOT_FOUND")


@pytest.mark.usefixtures("order")
class TestDeleteFulfillment:
    def test_its_units_are_left_again_and_the_order_is_not_fulfilled(self, wix: Wix) -> None:
        one = made(wix, trackingInfo={"trackingNumber": "1", "shippingProvider": "ups"})
        assert status(wix) == "FULFILLED"
        wix.told.clear()
        answer = deleted(wix, one["id"])

        assert answer.json()["orderWithFulfillments"] == {"orderId": ORDER, "fulfillments": []}
        assert status(wix) == "NOT_FULFILLED"
        assert [event.event_type for event in wix.told] == [
            "wix.ecom.v1.fulfillments_updated",
            "wix.ecom.v1.order_updated",
        ]
        # The number is free, and the next one has an id of its own.
        again = made(wix, trackingInfo={"trackingNumber": "1", "shippingProvider": "ups"})
        assert again["id"] != one["id"]

    def test_one_of_two_leaves_a_part(self, wix: Wix) -> None:
        made(wix, (LINE, 1))
        deleted(wix, made(wix)["id"])

        assert status(wix) == "PARTIALLY_FULFILLED"

    def test_an_unknown_one_is_404(self, wix: Wix) -> None:
        assert deleted(wix, NOBODY).status_code == 404


@pytest.mark.usefixtures("order")
class TestBulkCreate:
    def test_each_order_goes_well_or_fails_by_itself(self, wix: Wix) -> None:
        asked = [
            {"orderId": one, "fulfillments": [{"lineItems": [{"id": LINE, "quantity": 1}]}]}
            for one in (ORDER, NOBODY)
        ]
        answer = wix.post(
            "/ecom/v1/fulfillments/orders/bulk/create-fulfillments", {"ordersWithFulfillments": asked}
        ).json()

        good, bad = answer["results"]
        assert good["itemMetadata"] == {"id": ORDER, "originalIndex": 0, "success": True}
        assert len(good["ordersWithFulfillments"]["fulfillments"]) == 1
        assert bad["itemMetadata"]["success"] is False
        assert bad["itemMetadata"]["error"]["code"] == "ORDER_NOT_FOUND"
        assert answer["bulkActionMetadata"] == {
            "totalSuccesses": 1,
            "totalFailures": 1,
            "undetailedFailures": 0,
        }


class TestPlacedOrders:
    def placed(self, wix: Wix, **changed: Any) -> dict[str, Any]:
        order = {**STORE_ORDER, "id": ORDER, **changed}
        wix.told.clear()
        found: dict[str, Any] = wix.admin("store-orders", {"instanceId": SITE, "order": order})["order"]
        return found

    def test_goods_to_ship_wait_for_a_fulfillment(self, wix: Wix) -> None:
        order = self.placed(wix)

        assert order["fulfillmentStatus"] == "NOT_FULFILLED"
        assert [event.event_type for event in wix.told] == [
            "wix.ecom.v1.order_created",
            "wix.ecom.v1.order_approved",
        ]

    def test_what_ships_nothing_is_fulfilled_by_wix(self, wix: Wix) -> None:
        gift = {"id": LINE, "quantity": 1, "itemType": {"preset": "GIFT_CARD"}}
        order = self.placed(wix, lineItems=[gift], paymentStatus="PAID")

        assert order["fulfillmentStatus"] == "FULFILLED"
        assert [event.event_type.rpartition("order_")[2] for event in wix.told] == [
            "created",
            "approved",
            "payment_status_updated",
            "updated",
            "fulfilled",
        ]
        assert create(wix).status_code == 428
