"""Store orders and their fulfillments: quantities, tracking, and what Wix tells of it."""

from typing import Any

import pytest

from tests.sandbox.store_order import ORDER, a_store_order, create, made, status
from tests.sandbox.wix_site import (
    LINE,
    NOBODY,
    OTHER_LINE,
    OTHER_SITE,
    SITE,
    STORE_ORDER,
    Wix,
    code,
    payload,
    violations,
)


@pytest.fixture
def order(wix: Wix) -> dict[str, Any]:
    """The store order, on the site."""
    placed = a_store_order()
    wix.seed(storeOrders=[{"order": placed}])
    return placed


class TestOrders:
    def test_get(self, wix: Wix) -> None:
        assert wix.get(f"/ecom/v1/orders/{STORE_ORDER['id']}").json() == {"order": STORE_ORDER}

    def test_get_unknown(self, wix: Wix) -> None:
        assert code(wix.get(f"/ecom/v1/orders/{NOBODY}")) == (404, "ORDER_NOT_FOUND")

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, {"10002", "10003"}),
            ({"fulfillmentStatus": "FULFILLED"}, set()),
            ({"number": {"$in": ["10003", "10009"]}}, {"10003"}),
            ({"number": {"$ne": "10003"}}, {"10002"}),
            ({"number": {"$nin": ["10002"]}}, {"10003"}),
            ({"status": {"$eq": "APPROVED"}, "paymentStatus": "NOT_PAID"}, {"10002", "10003"}),
        ],
    )
    @pytest.mark.usefixtures("order")
    def test_search_by_filter(self, wix: Wix, asked: dict[str, Any], found: set[str]) -> None:
        answer = wix.post("/ecom/v1/orders/search", {"search": {"filter": asked}}).json()

        assert {order["number"] for order in answer["orders"]} == found
        assert answer["metadata"]["count"] == len(found)

    @pytest.mark.usefixtures("order")
    def test_search_by_pages(self, wix: Wix) -> None:
        sort = [{"fieldName": "number", "order": "ASC"}]
        first = wix.post(
            "/ecom/v1/orders/search", {"search": {"sort": sort, "cursorPaging": {"limit": 1}}}
        ).json()
        cursor = {"limit": 1, "cursor": first["metadata"]["cursors"]["next"]}
        second = wix.post("/ecom/v1/orders/search", {"search": {"sort": sort, "cursorPaging": cursor}}).json()

        assert [one["orders"][0]["number"] for one in (first, second)] == ["10002", "10003"]
        assert (first["metadata"]["hasNext"], second["metadata"]["hasNext"]) == (True, False)

    @pytest.mark.parametrize(
        "asked", [{"lineItems": "x"}, {"status": {"$gt": "A"}}, {"status": {"$in": "A"}}]
    )
    def test_search_by_what_is_not_searchable(self, wix: Wix, asked: dict[str, Any]) -> None:
        assert violations(wix.post("/ecom/v1/orders/search", {"search": {"filter": asked}}))


@pytest.mark.usefixtures("order")
class TestQuantities:
    def test_units_of_a_line(self, wix: Wix) -> None:
        assert made(wix, (LINE, 2))["lineItems"] == [{"id": LINE, "quantity": 2}]
        assert status(wix) == "PARTIALLY_FULFILLED"

    def test_without_a_quantity_all_that_are_left_of_the_line(self, wix: Wix) -> None:
        made(wix, (LINE, 2))

        assert made(wix, (LINE, None))["lineItems"] == [{"id": LINE, "quantity": 1}]

    def test_without_lines_all_that_is_left(self, wix: Wix) -> None:
        made(wix, (LINE, 2))

        everything = [{"id": LINE, "quantity": 1}, {"id": OTHER_LINE, "quantity": 1}]
        assert made(wix)["lineItems"] == everything
        assert status(wix) == "FULFILLED"

    def test_more_than_is_left_is_refused_and_nothing_is_made(self, wix: Wix) -> None:
        made(wix, (LINE, 2))

        assert code(create(wix, (LINE, 2))) == (428, "FAILED_PRECONDITION")
        assert len(wix.received()["fulfillments"]) == 1

    def test_nothing_left(self, wix: Wix) -> None:
        made(wix)

        assert code(create(wix)) == (428, "FAILED_PRECONDITION")

    def test_an_order_that_came_fulfilled_has_nothing_left(self, wix: Wix, order: dict[str, Any]) -> None:
        """Wix fulfills orders without shipping by itself, without any fulfillment."""
        wix.seed(storeOrders=[{"order": {**order, "fulfillmentStatus": "FULFILLED"}}])

        assert code(create(wix)) == (428, "FAILED_PRECONDITION")

    def test_a_canceled_order(self, wix: Wix, order: dict[str, Any]) -> None:
        wix.seed(storeOrders=[{"order": {**order, "status": "CANCELED"}}])

        assert code(create(wix)) == (428, "FAILED_PRECONDITION")

    @pytest.mark.parametrize(
        ("lines", "violated"),
        [
            ([(NOBODY, 1)], {"fulfillment.lineItems": "CUSTOM"}),
            ([(LINE, 1), (LINE, 1)], {"fulfillment.lineItems": "CUSTOM"}),
            ([(LINE, 0)], {"fulfillment.lineItems.0.quantity": "MIN"}),
            ([(LINE, 100_001)], {"fulfillment.lineItems.0.quantity": "MAX"}),
            ([("first", 1)], {"fulfillment.lineItems.0.id": "CUSTOM"}),
        ],
    )
    def test_lines_that_the_order_does_not_have(self, wix: Wix, lines: Any, violated: dict[str, str]) -> None:
        assert violations(create(wix, *lines)) == violated

    def test_what_was_shipped_stays_shipped_when_the_order_is_seeded_again(
        self, wix: Wix, order: dict[str, Any]
    ) -> None:
        made(wix)

        wix.seed(storeOrders=[{"order": {**order, "paymentStatus": "PAID"}}])

        assert status(wix) == "FULFILLED"


@pytest.mark.usefixtures("order")
class TestTracking:
    @pytest.mark.parametrize(
        ("provider", "link"),
        [
            ("fedex", "https://www.fedex.com/apps/fedextrack/?action=track&trackingnumber=A%201"),
            ("ups", "https://wwwapps.ups.com/WebTracking/track?track=yes&trackNums=A%201"),
            ("usps", "https://tools.usps.com/go/TrackConfirmAction.action?tLabels=A%201"),
            ("dhl", "https://www.logistics.dhl/global-en/home/tracking.html?tracking-id=A%201"),
        ],
    )
    def test_wix_knows_the_links_of_its_providers(self, wix: Wix, provider: str, link: str) -> None:
        tracking = {"trackingNumber": "A 1", "shippingProvider": provider}

        assert made(wix, (LINE, 1), trackingInfo=tracking)["trackingInfo"] == {
            **tracking,
            "trackingLink": link,
        }

    @pytest.mark.parametrize("provider", ["FedEx", "UPS", "Our own van"])
    def test_any_other_name_needs_a_link(self, wix: Wix, provider: str) -> None:
        """The case counts: FedEx is a provider of one's own, fedex is Wix's."""
        tracking = {"trackingNumber": "1", "shippingProvider": provider}

        assert violations(create(wix, (LINE, 1), trackingInfo=tracking)) == {
            "fulfillment.trackingInfo": "CUSTOM"
        }

        linked = {**tracking, "trackingLink": "https://example.com/1"}
        assert made(wix, (LINE, 1), trackingInfo=linked)["trackingInfo"] == linked

    def test_a_number_is_used_once_on_a_site(self, wix: Wix) -> None:
        tracking = {"trackingNumber": "12345", "shippingProvider": "ups"}
        made(wix, (LINE, 1), trackingInfo=tracking)

        assert code(create(wix, (LINE, 1), trackingInfo=tracking)) == (409, "TRACKING_NUMBER_ALREADY_EXISTS")
        assert len(wix.received()["fulfillments"]) == 1

    @pytest.mark.parametrize(
        ("tracking", "field"),
        [
            ({"trackingNumber": ""}, "trackingNumber"),
            ({"trackingNumber": "1" * 101}, "trackingNumber"),
            ({"shippingProvider": "p" * 101, "trackingLink": "https://example.com"}, "shippingProvider"),
            ({"trackingLink": "ftp://example.com"}, "trackingLink"),
            ({"trackingLink": "https://example.com/" + "x" * 2048}, "trackingLink"),
            ({"carrier": "ups"}, "carrier"),
        ],
    )
    def test_bounds(self, wix: Wix, tracking: dict[str, str], field: str) -> None:
        found = violations(create(wix, (LINE, 1), trackingInfo=tracking))

        assert set(found) == {f"fulfillment.trackingInfo.{field}"}

    def test_tracking_and_custom_info_exclude_each_other(self, wix: Wix) -> None:
        both = {"trackingInfo": {"trackingNumber": "1"}, "customInfo": {"fieldsData": {"shelf": "4"}}}

        assert violations(create(wix, (LINE, 1), **both)) == {"fulfillment": "CUSTOM"}

    @pytest.mark.parametrize("word", ["fulfilled", "IN_DELIVERY", "Shipped"])
    def test_the_status_is_one_of_five_words_in_their_case(self, wix: Wix, word: str) -> None:
        assert violations(create(wix, (LINE, 1), status=word)) == {"fulfillment.status": "INVALID_ENUM_VALUE"}
        assert made(wix, (LINE, 1), status="In_Delivery")["status"] == "In_Delivery"


@pytest.mark.usefixtures("order")
class TestListFulfillments:
    def test_oldest_first(self, wix: Wix) -> None:
        ids = [made(wix, (LINE, 1))["id"] for _ in range(2)]

        listed = wix.get(f"/ecom/v1/fulfillments/orders/{ORDER}").json()["orderWithFulfillments"]

        assert listed["orderId"] == ORDER
        assert [one["id"] for one in listed["fulfillments"]] == ids

    def test_none_yet_is_an_empty_list(self, wix: Wix) -> None:
        listed = wix.get(f"/ecom/v1/fulfillments/orders/{ORDER}").json()

        assert listed == {"orderWithFulfillments": {"orderId": ORDER, "fulfillments": []}}

    def test_several_orders_at_once(self, wix: Wix) -> None:
        made(wix)

        answer = wix.post(
            "/ecom/v1/fulfillments/list-by-ids", {"orderIds": [ORDER, STORE_ORDER["id"], NOBODY]}
        )

        counts = {one["orderId"]: len(one["fulfillments"]) for one in answer.json()["ordersWithFulfillments"]}
        assert counts == {ORDER: 1, STORE_ORDER["id"]: 0}

    def test_another_sites_order_is_404(self, wix: Wix) -> None:
        other = {"authorization": wix.token(OTHER_SITE)}
        body: dict[str, Any] = {"fulfillment": {}}

        listed = wix.http.get(f"/ecom/v1/fulfillments/orders/{ORDER}", headers=other)
        created = wix.http.post(
            f"/ecom/v1/fulfillments/orders/{ORDER}/create-fulfillment", json=body, headers=other
        )

        assert (listed.status_code, created.status_code) == (404, 404)

    def test_ids_are_the_same_in_every_run(self, wix: Wix) -> None:
        assert made(wix)["id"] == "890163de-86ef-575b-8afb-86b3e3745551"


@pytest.mark.usefixtures("order")
class TestEvents:
    def told(self, wix: Wix) -> list[str]:
        return [event.event_type for event in wix.told]

    def test_a_partial_fulfillment_tells_fulfillments_and_order(self, wix: Wix) -> None:
        made(wix, (LINE, 1))

        assert self.told(wix) == ["wix.ecom.v1.fulfillments_updated", "wix.ecom.v1.order_updated"]
        assert wix.told[1].body["updatedEvent"]["currentEntity"]["fulfillmentStatus"] == "PARTIALLY_FULFILLED"

    def test_the_last_one_tells_that_the_order_is_fulfilled(self, wix: Wix) -> None:
        made(wix, (LINE, 1))
        wix.told.clear()
        made(wix)

        assert self.told(wix) == [
            "wix.ecom.v1.fulfillments_updated",
            "wix.ecom.v1.order_updated",
            "wix.ecom.v1.order_fulfilled",
        ]
        body = wix.told[2].body["actionEvent"]["body"]
        assert body["previousFulfillmentStatus"] == "PARTIALLY_FULFILLED"
        assert body["newFulfillmentStatus"] == body["order"]["fulfillmentStatus"] == "FULFILLED"

    def test_sequences_rise_and_event_ids_differ(self, wix: Wix) -> None:
        made(wix, (LINE, 1))
        made(wix)

        sequences = [int(event.body["entityEventSequence"]) for event in wix.told]
        assert sequences == sorted(sequences)
        assert sequences[0] < sequences[-1]
        assert len({event.body["id"] for event in wix.told}) == len(wix.told)

    @pytest.mark.parametrize("name", ["fulfillments_updated", "order_updated", "order_fulfilled"])
    def test_the_envelope_is_the_documented_one(self, wix: Wix, name: str) -> None:
        made(wix, trackingInfo={"trackingNumber": "1", "shippingProvider": "ups"})
        documented = payload(f"{name}.webhook")

        [told] = [event for event in wix.told if event.event_type.endswith(f".{name}")]

        assert told.instance_id == SITE
        assert told.body["entityId"] == ORDER
        assert set(documented) - set(told.body) == set()
        assert (told.body["entityFqdn"], told.body["slug"]) == (documented["entityFqdn"], documented["slug"])

    def test_a_refused_call_tells_nothing(self, wix: Wix) -> None:
        create(wix, (LINE, 4))

        assert wix.told == []
