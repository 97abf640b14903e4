"""Admin routes: seeding, faults on demand, the clock, what was received, beginning anew."""

from typing import Any

import httpx
import pytest

from tests.sandbox.wix_site import MEMBER, NOBODY, PLAN_ORDER, SITE, STORE_ORDER, Wix, code, violations

ORDERS = "/pricing-plans/v2/orders"
ORDER = f"/pricing-plans/v2/orders/{PLAN_ORDER['id']}"
CREATE = f"/ecom/v1/fulfillments/orders/{STORE_ORDER['id']}/create-fulfillment"


def fail(wix: Wix, **fault: Any) -> None:
    wix.admin("faults", {"faults": [fault]})


class TestSeed:
    def test_an_id_seeded_again_is_replaced(self, wix: Wix) -> None:
        wix.seed(planOrders=[{"order": {**PLAN_ORDER, "status": "CANCELED"}}])

        assert wix.get(ORDER).json()["order"]["status"] == "CANCELED"
        assert wix.get("/pricing-plans/v2/orders").json()["pagingMetadata"]["total"] == 1

    def test_a_site_is_there_when_it_is_mentioned(self, wix: Wix) -> None:
        wix.seed(NOBODY, members=[{"member": MEMBER}])

        assert wix.ask_token(instance_id=NOBODY).status_code == 200

    def test_fulfillments_can_be_seeded(self, wix: Wix) -> None:
        made = {"id": NOBODY, "lineItems": [{"id": STORE_ORDER["lineItems"][0]["id"], "quantity": 1}]}
        wix.seed(fulfillments=[{"orderId": STORE_ORDER["id"], "fulfillments": [made]}])

        listed = wix.get(f"/ecom/v1/fulfillments/orders/{STORE_ORDER['id']}").json()
        assert listed["orderWithFulfillments"]["fulfillments"] == [made]

    def test_nothing_of_it_is_told(self, wix: Wix) -> None:
        wix.seed(storeOrders=[{"order": STORE_ORDER}])

        assert wix.told == []

    @pytest.mark.parametrize(
        "body",
        [
            {"orders": []},
            {"planOrders": [{"instanceId": SITE, "order": {"status": "ACTIVE"}}]},
            {"planOrders": [{"instanceId": "site-1", "order": PLAN_ORDER}]},
            {"planOrders": [{"instanceId": SITE, "order": {**PLAN_ORDER, "pricing": 5}}]},
            {"subscriptions": [{"instanceId": SITE, "email": "a@example.com", "subscriptionStatus": "YES"}]},
        ],
    )
    def test_what_it_cannot_read_is_refused_with_the_reason(self, wix: Wix, body: Any) -> None:
        assert violations(wix.http.post("/admin/seed", json=body))


class TestFaults:
    def test_a_status_with_a_body_so_many_times(self, wix: Wix) -> None:
        fail(wix, method="GET", path="/pricing-plans/*", times=2, status=503, body={"message": "later"})

        answers = [wix.get(ORDER) for _ in range(3)]

        assert [one.status_code for one in answers] == [503, 503, 200]
        assert answers[0].json() == {"message": "later"}
        assert answers[0].headers["x-wix-request-id"]

    def test_without_a_body_it_is_wix_system_error(self, wix: Wix) -> None:
        fail(wix, status=500)

        assert wix.get(ORDER).json() == {"message": "", "details": {}}

    def test_a_body_need_not_be_json(self, wix: Wix) -> None:
        fail(wix, status=502, body="<html>", headers={"Retry-After": "7"})

        answer = wix.get(ORDER)

        assert answer.text == "<html>"
        assert answer.headers["retry-after"] == "7"

    def test_other_methods_and_paths_go_well(self, wix: Wix) -> None:
        fail(wix, method="POST", path="/pricing-plans/*", status=500)
        fail(wix, method="GET", path="/ecom/*", status=500)

        assert wix.get(ORDER).status_code == 200

    def test_a_status_stands_in_for_the_change(self, wix: Wix) -> None:
        fail(wix, method="POST", path="*/create-fulfillment", status=500)

        assert wix.post(CREATE, {"fulfillment": {}}).status_code == 500
        assert wix.received()["fulfillments"] == []

    def test_cut_before_the_change(self, wix: Wix) -> None:
        fail(wix, method="POST", path="*/create-fulfillment")

        with pytest.raises(httpx.TransportError):
            wix.post(CREATE, {"fulfillment": {}})

        assert wix.received()["fulfillments"] == []

    def test_cut_after_the_change(self, wix: Wix) -> None:
        """The call that leaves its caller in doubt: it was carried out, and nobody heard."""
        fail(wix, method="POST", path="*/create-fulfillment", after=True)

        with pytest.raises(httpx.TransportError):
            wix.post(CREATE, {"fulfillment": {}})

        assert len(wix.received()["fulfillments"]) == 1
        assert wix.told[0].event_type == "wix.ecom.v1.fulfillments_updated"

    def test_a_late_answer_is_too_late_for_the_impatient(self, wix: Wix) -> None:
        fail(wix, path="/pricing-plans/*", delaySeconds=1)

        with pytest.raises(httpx.ReadTimeout):
            wix.http.get(ORDER, timeout=0.05)

        assert wix.get(ORDER).status_code == 200

    def test_tokens_can_fail_too(self, wix: Wix) -> None:
        fail(wix, path="/oauth2/token", status=503)

        assert wix.ask_token().status_code == 503

    def test_faults_may_replace_the_ones_before(self, wix: Wix) -> None:
        fail(wix, status=500, times=9)

        wix.admin("faults", {"replace": True})

        assert wix.get(ORDER).status_code == 200


class TestOther:
    def test_the_clock_moves_all_dates(self, wix: Wix) -> None:
        assert wix.admin("clock", {"offsetSeconds": 86_400}) == {"now": "2026-03-02T12:00:00.000Z"}

    def test_what_was_received(self, wix: Wix) -> None:
        before = wix.received()["requests"]
        line = {"id": STORE_ORDER["lineItems"][0]["id"], "quantity": 1}
        made = wix.post(CREATE, {"fulfillment": {"line_items": [line]}}).json()

        received = wix.received()

        assert received["fulfillments"] == [
            {
                "instanceId": SITE,
                "orderId": STORE_ORDER["id"],
                "fulfillmentId": made["fulfillmentId"],
                "time": "2026-03-01T12:00:00.000Z",
                "body": {"lineItems": [line]},
            }
        ]
        assert received["requests"] == before + 1
        assert (received["messages"], received["access"]) == ([], [])
        assert wix.http.get("/admin").json() == received

    def test_reset_leaves_nothing(self, wix: Wix) -> None:
        wix.post(CREATE, {"fulfillment": {}})
        fail(wix, status=500)

        wix.admin("reset", {})

        assert wix.get(ORDER).status_code == 401
        assert wix.ask_token().json()["error"] == "invalid_grant"
        assert wix.received()["fulfillments"] == []


class TestBroughtFaults:
    """A header of the sandbox's own: a call brings its fault along."""

    def brought(self, wix: Wix, fault: str) -> httpx.Response:
        return wix.http.get(ORDERS, headers={"x-sandbox-fault": fault})

    def test_a_status_for_this_call_alone(self, wix: Wix) -> None:
        assert self.brought(wix, '{"status": 429, "headers": {"retry-after": "7"}}').status_code == 429
        assert wix.get(ORDERS).status_code == 200

    def test_it_leaves_the_armed_ones_armed(self, wix: Wix) -> None:
        wix.admin("faults", {"faults": [{"status": 503}]})

        assert self.brought(wix, '{"status": 500}').status_code == 500
        assert wix.get(ORDERS).status_code == 503

    @pytest.mark.parametrize("fault", ["soon", "[]", '{"stat": 500}'])
    def test_one_that_cannot_be_read_is_400(self, wix: Wix, fault: str) -> None:
        assert self.brought(wix, fault).status_code == 400

    def test_the_connection_is_cut_after_the_change(self, wix: Wix) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            wix.http.post(
                f"{ORDERS}/{PLAN_ORDER['id']}/mark-as-paid",
                headers={"x-sandbox-fault": '{"after": true}'},
            )

        assert wix.get(f"{ORDERS}/{PLAN_ORDER['id']}").json()["order"]["lastPaymentStatus"] == "PAID"


class TestRules:
    def test_the_answer_to_a_forbidden_change_can_be_chosen(self, wix: Wix) -> None:
        wix.admin("rules", {"preconditionStatus": 400, "preconditionCode": "INVALID_STATE"})
        answer = wix.post(f"{ORDERS}/{PLAN_ORDER['id']}/resume", {})

        assert code(answer) == (400, "INVALID_STATE")
        wix.admin("reset", {})
        assert wix.admin("rules", {})["preconditionStatus"] == 428

    def test_a_paid_order_may_say_so_only_later(self, wix: Wix) -> None:
        wix.admin("rules", {"paidSettlesLater": True})
        plan = {
            "id": NOBODY,
            "pricing": {"singlePaymentUnlimited": True, "price": {"value": "9", "currency": "EUR"}},
        }
        wix.seed(plans=[{"plan": plan}])
        body = {"planId": NOBODY, "memberId": MEMBER["id"], "paid": True}
        order = wix.post("/pricing-plans/v2/checkout/orders/offline", body).json()["order"]

        assert order["lastPaymentStatus"] == "UNPAID"
        assert wix.get(f"{ORDERS}/{order['id']}").json()["order"]["lastPaymentStatus"] == "PAID"

    def test_an_unknown_rule_is_400(self, wix: Wix) -> None:
        assert wix.http.post("/admin/rules", json={"mood": "good"}).status_code == 400


class TestTime:
    @pytest.mark.parametrize(
        "lacking", [{"pricing": {"subscription": {"cycleCount": 3}}}, {"startDate": "soon"}, {"endDate": 5}]
    )
    def test_an_order_whose_dates_cannot_be_read_cannot_live(self, wix: Wix, lacking: dict[str, Any]) -> None:
        order = {**PLAN_ORDER, **lacking, "status": "ACTIVE"}
        seed = {"planOrders": [{"instanceId": SITE, "order": order, "lives": True}]}

        assert wix.http.post("/admin/seed", json=seed).status_code == 400
        wix.seed(planOrders=[{"order": order}])

    def test_moving_the_clock_lets_happen_what_is_due(self, wix: Wix) -> None:
        ended = {**PLAN_ORDER, "status": "ACTIVE", "endDate": "2026-03-02T00:00:00.000Z"}
        wix.seed(planOrders=[{"order": ended, "lives": True}])
        wix.admin("clock", {"offsetSeconds": 86_400})

        assert [event.event_type for event in wix.told][-1] == "wix.pricing_plans.v2.order_ended"

    def test_a_clock_moved_by_millennia_is_400(self, wix: Wix) -> None:
        assert wix.http.post("/admin/clock", json={"offsetSeconds": 1e12}).status_code == 400
