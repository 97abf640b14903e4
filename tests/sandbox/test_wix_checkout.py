"""Prices, coupons and taxes of plans, previews, and who may buy."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.wix_api.refusal import Refusal
from tests.sandbox.plan_site import MEMBER, OTHER_MEMBER, START, PlanSite, once, recurring
from tests.sandbox.wix_site import MEMBER as WIX_MEMBER
from tests.sandbox.wix_site import NOBODY, SITE, Wix, code, violations

CHECKOUT = "/pricing-plans/v2/checkout/orders"
COUPON = "2e1a10bc-03e2-516a-bfbf-6a815efa663b"


@pytest.fixture
def site() -> PlanSite:
    """A site without tax that offers nothing yet."""
    return PlanSite()


def a_coupon(site: PlanSite, **coupon: Any) -> None:
    made = {"id": COUPON, "code": "HALF50", "percentOffRate": "50", **coupon}
    if "moneyOffAmount" in coupon:
        del made["percentOffRate"]
    site.seed(coupons=[{"coupon": made}])


def priced(site: PlanSite, plan: str, coupon: str | None = None) -> list[dict[str, Any]]:
    asked = {"planId": plan, **({"couponCode": coupon} if coupon else {})}
    prices: list[dict[str, Any]] = site.call("POST", f"{CHECKOUT}/price-preview", asked)["prices"]
    return prices


def refused(site: PlanSite, plan: str, *, buys: bool = False, **asked: Any) -> tuple[int, str, Any]:
    with pytest.raises(Refusal) as refusal:
        _ = site.buy(plan, **asked) if buys else priced(site, plan, asked.get("couponCode"))
    error = refusal.value.body["details"]["applicationError"]
    return refusal.value.status, error["code"], error["data"]


class TestPrices:
    @pytest.mark.parametrize(
        ("value", "off", "tax", "subtotal", "levied", "total"),
        [
            # Wix's own samples, tax on top and tax included.
            ("15", "7.5", ("21", False), "15.00", "1.58", "9.08"),
            ("15", None, ("21", False), "15.00", "3.15", "18.15"),
            ("100", "50", ("21", False), "100.00", "10.50", "60.50"),
            ("15", "7.5", ("21", True), "13.70", "1.30", "7.50"),
            ("15", None, ("21", True), "12.40", "2.60", "15.00"),
            ("330", None, ("21", True), "272.73", "57.27", "330.00"),
            # Half a cent goes up.
            ("0.50", None, ("21", False), "0.50", "0.11", "0.61"),
            # A coupon takes off no more than there is.
            ("10", "99", ("6.5", False), "10.00", "0", "0"),
        ],
    )
    def test_total_is_subtotal_less_discount_and_tax(
        self,
        site: PlanSite,
        value: str,
        off: str | None,
        tax: tuple[str, bool],
        subtotal: str,
        levied: str,
        total: str,
    ) -> None:
        site.seed(sites=[{"tax": {"rate": tax[0], "includedInPrice": tax[1]}}])
        if off:
            a_coupon(site, moneyOffAmount=off)
        [span] = priced(site, site.offer(1, once(None, value=value)), "HALF50" if off else None)

        price = span["price"]
        assert (price["subtotal"], price["tax"]["amount"], price["total"]) == (subtotal, levied, total)
        assert price["tax"].get("includedInPrice", False) is tax[1]
        amounts = [Decimal(price[name]) for name in ("subtotal", "discount", "total")]
        assert amounts[0] - amounts[1] + Decimal(levied) == amounts[2]

    def test_without_tax_there_is_none_to_see(self, site: PlanSite) -> None:
        [span] = priced(site, site.offer(1, once("MONTH")))

        assert span["price"] == {"subtotal": "15.00", "discount": "0", "total": "15.00", "currency": "EUR"}

    @pytest.mark.parametrize(
        ("pricing", "discounted", "spans"),
        [
            (recurring("MONTH", 0), 0, [(1, None)]),
            (recurring("MONTH", 0), 1, [(1, 1), (2, None)]),
            (recurring("MONTH", 3), 1, [(1, 1), (2, 2)]),
            (recurring("MONTH", 3), 0, [(1, 3)]),
            (recurring("MONTH", 3), 5, [(1, 3)]),
            (once("MONTH"), 1, [(1, 1)]),
        ],
    )
    def test_a_coupon_for_the_first_cycles_makes_two_spans(
        self, site: PlanSite, pricing: dict[str, Any], discounted: int, spans: list[tuple[int, int | None]]
    ) -> None:
        a_coupon(site, discountedCycleCount=discounted)
        found = priced(site, site.offer(1, pricing), "HALF50")

        durations = [span["duration"] for span in found]
        assert [(one["cycleFrom"], one.get("numberOfCycles")) for one in durations] == spans
        assert ["coupon" in span["price"] for span in found] == [True, False][: len(found)]


class TestCoupons:
    @pytest.mark.parametrize(
        ("coupon", "expected"),
        [
            ({"code": "OTHER"}, "ERROR_COUPON_DOES_NOT_EXIST"),
            ({"active": False}, "ERROR_COUPON_IS_DISABLED"),
            ({"startTime": "2026-01-31T12:00:01Z"}, "ERROR_COUPON_IS_NOT_ACTIVE_YET"),
            ({"expirationTime": "2026-01-31T12:00:00Z"}, "ERROR_COUPON_HAS_EXPIRED"),
            ({"planIds": [NOBODY]}, "ERROR_COUPON_NOT_APPLICABLE_FOR_PLAN"),
            ({"minimumSubtotal": "15.01"}, "ERROR_INVALID_SUBTOTAL"),
        ],
    )
    def test_each_error_of_a_coupon(self, site: PlanSite, coupon: dict[str, Any], expected: str) -> None:
        a_coupon(site, **coupon)
        plan = site.offer()

        facts = {"couponCode": "HALF50", "planId": plan}
        assert refused(site, plan, couponCode="HALF50") == (428, expected, facts)
        assert refused(site, plan, buys=True, couponCode="HALF50")[:2] == (428, expected)
        assert site.heard() == []

    def test_so_many_uses_in_all(self, site: PlanSite) -> None:
        a_coupon(site, usageLimit=2)
        plan = site.offer()
        for member in (MEMBER, OTHER_MEMBER):
            site.buy(plan, memberId=member, couponCode="half50")

        assert refused(site, plan, couponCode="HALF50")[:2] == (428, "ERROR_COUPON_USAGE_EXCEEDED")

    def test_so_many_uses_of_each_customer(self, site: PlanSite) -> None:
        a_coupon(site, limitPerCustomer=1)
        plan = site.offer()
        site.buy(plan, couponCode="HALF50")

        again = refused(site, plan, buys=True, couponCode="HALF50")
        assert again[:2] == (428, "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED")
        assert site.buy(plan, memberId=OTHER_MEMBER, couponCode="HALF50")["status"] == "ACTIVE"
        # The price is the same for everybody, whoever asks.
        assert priced(site, plan, "HALF50")

    def test_a_draft_has_not_used_it_yet(self, site: PlanSite) -> None:
        a_coupon(site, usageLimit=1)
        plan = site.offer()
        order = site.buy(plan, online=True, couponCode="HALF50")

        assert priced(site, plan, "HALF50")
        site.pay(order["id"])
        assert refused(site, plan, couponCode="HALF50")[1] == "ERROR_COUPON_USAGE_EXCEEDED"

    def test_one_that_takes_off_everything_leaves_nothing_to_pay(self, site: PlanSite) -> None:
        a_coupon(site, percentOffRate="100")
        order = site.buy(site.offer(1, once(None)), online=True, couponCode="HALF50")

        assert (order["status"], order["lastPaymentStatus"]) == ("ACTIVE", "PAID")
        assert order["pricing"]["prices"][0]["price"]["total"] == "0"


class TestSites:
    @pytest.mark.parametrize(
        ("described", "expected"),
        [
            ({"hasPlans": False}, "PRICING_PLANS_NOT_INSTALLED"),
            ({"missingAddress": "COUNTRY"}, "MISSING_BUSINESS_ADDRESS_COUNTRY"),
            ({"missingAddress": "STATE"}, "MISSING_BUSINESS_ADDRESS_STATE"),
        ],
    )
    def test_what_a_site_lacks_is_428(self, site: PlanSite, described: dict[str, Any], expected: str) -> None:
        plan = site.offer()
        site.seed(sites=[described])

        assert refused(site, plan)[:2] == (428, expected)


class TestPreview:
    def test_it_is_the_order_that_would_be_made_and_none_is(self, site: PlanSite) -> None:
        plan = site.offer(1, recurring("MONTH", 3))
        asked = {"planId": plan, "memberId": MEMBER}
        preview = site.call("POST", f"{CHECKOUT}/preview-offline", asked)["order"]
        order = site.buy(plan, paid=True)

        differing = {name for name in order if order[name] != preview.get(name)}
        assert differing == {"id", "subscriptionId", "wixPayOrderId"}
        assert preview["id"] == preview["subscriptionId"] == "00000000-0000-0000-0000-000000000000"
        assert len(site.call("GET", "/pricing-plans/v2/orders")["orders"]) == 1

    def test_nothing_is_told_of_it(self, site: PlanSite) -> None:
        asked = {"planId": site.offer(), "memberId": MEMBER}
        site.call("POST", f"{CHECKOUT}/preview-offline", asked)

        assert site.heard() == []

    def test_it_starts_when_it_is_said_to(self, site: PlanSite) -> None:
        start = (START + timedelta(days=9)).isoformat()
        asked = {"planId": site.offer(), "memberId": MEMBER, "startDate": start}
        order = site.call("POST", f"{CHECKOUT}/preview-offline", asked)["order"]

        assert (order["status"], order["startDate"]) == ("PENDING", "2026-02-09T12:00:00.000Z")


PLAN = {"id": NOBODY, "pricing": recurring("MONTH", 12), "maxPurchasesPerBuyer": 1}


@pytest.fixture
def shop(wix: Wix) -> Wix:
    """The sandbox over HTTP, with one plan to buy."""
    wix.seed(plans=[{"plan": PLAN}])
    return wix


def as_caller(wix: Wix, member: str | None) -> dict[str, str]:
    who = {"instanceId": SITE, **({"memberId": member} if member else {})}
    return {"authorization": wix.admin("tokens", who)["access_token"]}


class TestIdentities:
    def test_a_member_buys_and_sees_their_own_orders_only(self, shop: Wix) -> None:
        me = as_caller(shop, WIX_MEMBER["id"])
        bought = shop.http.post(f"{CHECKOUT}/online", json={"planId": NOBODY}, headers=me).json()["order"]

        mine = shop.http.get("/pricing-plans/v2/member/orders", headers=me).json()
        other = shop.http.get(
            f"/pricing-plans/v2/member/orders/{bought['id']}", headers=as_caller(shop, NOBODY)
        )
        assert bought["buyer"]["memberId"] == WIX_MEMBER["id"]
        assert [order["id"] for order in mine["orders"]] == [bought["id"]]
        assert mine["pagingMetadata"]["total"] == 1
        assert other.status_code == 404

    def test_a_purchase_limit_is_told_by_the_members_preview(self, shop: Wix) -> None:
        me = as_caller(shop, WIX_MEMBER["id"])
        asked = {"planId": NOBODY}
        before = shop.http.post(f"{CHECKOUT}/preview-online", json=asked, headers=me).json()
        order = shop.http.post(f"{CHECKOUT}/online", json=asked, headers=me).json()["order"]
        shop.admin("pay", {"instanceId": SITE, "orderId": order["id"]})
        after = shop.http.post(f"{CHECKOUT}/preview-online", json=asked, headers=me).json()

        assert (before["purchaseLimitExceeded"], after["purchaseLimitExceeded"]) == (False, True)
        again = shop.http.post(f"{CHECKOUT}/online", json=asked, headers=me)
        assert code(again) == (428, "purchases_limit_reached")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", f"{CHECKOUT}/preview-online"),
            ("GET", "/pricing-plans/v2/member/orders"),
            ("GET", f"/pricing-plans/v2/member/orders/{NOBODY}"),
            ("POST", f"/pricing-plans/v2/member/orders/{NOBODY}/cancel"),
        ],
    )
    def test_an_app_may_not_do_what_is_the_members(self, shop: Wix, method: str, path: str) -> None:
        assert shop.http.request(method, path, json={}).status_code == 403

    @pytest.mark.parametrize("member", [WIX_MEMBER["id"], None])
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/pricing-plans/v2/orders"),
            ("PATCH", f"/pricing-plans/v2/orders/{NOBODY}"),
            ("POST", f"/pricing-plans/v2/orders/{NOBODY}/pause"),
            ("POST", f"{CHECKOUT}/offline"),
            ("POST", f"{CHECKOUT}/preview-offline"),
            ("GET", "/members/v1/members"),
        ],
    )
    def test_members_and_visitors_may_not_do_what_is_the_owners(
        self, shop: Wix, member: str | None, method: str, path: str
    ) -> None:
        answer = shop.http.request(method, path, json={}, headers=as_caller(shop, member))

        assert code(answer) == (403, "PERMISSION_DENIED")

    def test_a_visitor_sees_prices_and_cannot_buy(self, shop: Wix) -> None:
        nobody = as_caller(shop, None)
        asked = {"planId": NOBODY}

        assert shop.http.post(f"{CHECKOUT}/price-preview", json=asked, headers=nobody).status_code == 200
        bought = shop.http.post(f"{CHECKOUT}/online", json=asked, headers=nobody)
        assert code(bought) == (403, "MEMBER_REQUIRED")

    def test_an_app_buys_online_on_behalf_of_a_member(self, shop: Wix) -> None:
        behalf = {"memberId": WIX_MEMBER["id"], "orderMethod": "MOTO"}
        order = shop.post(f"{CHECKOUT}/online", {"planId": NOBODY, "onBehalf": behalf}).json()["order"]

        assert (order["status"], order["orderMethod"]) == ("DRAFT", "MOTO")
        assert violations(shop.post(f"{CHECKOUT}/online", {"planId": NOBODY})) == {
            "onBehalf.memberId": "REQUIRED_FIELD"
        }
        at_a_till = {"planId": NOBODY, "onBehalf": {**behalf, "orderMethod": "POS"}}
        answer = shop.post(f"{CHECKOUT}/online", at_a_till)
        [violation] = answer.json()["details"]["validationError"]["fieldViolations"]
        assert violation["ruleName"] == "RECURRING_POS_UNSUPPORTED"

    def test_what_the_app_lacks_is_403(self, shop: Wix) -> None:
        shop.seed(sites=[{"denied": ["PRICING_PLANS.MANAGE_ORDERS"]}])

        assert shop.post(f"/pricing-plans/v2/orders/{NOBODY}/pause", {}).status_code == 403


class TestStrictness:
    @pytest.mark.parametrize(
        ("path", "body", "violated"),
        [
            ("offline", {"memberId": NOBODY}, {"planId": "REQUIRED_FIELD"}),
            ("offline", {"planId": NOBODY}, {"memberId": "REQUIRED_FIELD"}),
            ("offline", {"planId": "1", "memberId": NOBODY}, {"planId": "CUSTOM"}),
            (
                "offline",
                {"planId": NOBODY, "memberId": NOBODY, "couponCode": ""},
                {"couponCode": "MIN_LENGTH"},
            ),
            (
                "offline",
                {"planId": NOBODY, "memberId": NOBODY, "couponCode": "X" * 21},
                {"couponCode": "MAX_LENGTH"},
            ),
            (
                "offline",
                {"planId": NOBODY, "memberId": NOBODY, "startDate": "tomorrow"},
                {"startDate": "CUSTOM"},
            ),
            (
                "offline",
                {"planId": NOBODY, "memberId": NOBODY, "startDate": "2026-01-01T00:00:00"},
                {"startDate": "CUSTOM"},
            ),
            (
                "offline",
                {"planId": NOBODY, "memberId": NOBODY, "startDate": "0001-01-01T00:00:00+23:59"},
                {"startDate": "CUSTOM"},
            ),
            ("offline", {"planId": NOBODY, "memberId": NOBODY, "paid": "yes"}, {"paid": "FORMAT"}),
            # Prices and taxes are nobody's to set.
            ("price-preview", {"planId": NOBODY, "tax": "0"}, {"tax": "FIELD_NOT_ALLOWED"}),
        ],
    )
    def test_fields_out_of_shape_are_400(
        self, shop: Wix, path: str, body: dict[str, Any], violated: dict[str, str]
    ) -> None:
        assert violations(shop.post(f"{CHECKOUT}/{path}", body)) == violated

    def test_how_to_cancel_must_be_said(self, shop: Wix) -> None:
        path = f"/pricing-plans/v2/orders/{NOBODY}/cancel"

        assert violations(shop.post(path, {})) == {"effectiveAt": "REQUIRED_FIELD"}
        assert violations(shop.post(path, {"effectiveAt": "SOON"})) == {"effectiveAt": "INVALID_ENUM_VALUE"}

    def test_an_unknown_plan_or_order_is_404(self, shop: Wix) -> None:
        unknown = "00000000-0000-4000-8000-00000000dead"

        assert shop.post(f"{CHECKOUT}/price-preview", {"planId": unknown}).status_code == 404
        assert shop.post(f"/pricing-plans/v2/orders/{unknown}/pause", {}).status_code == 404
        assert shop.http.get(f"/pricing-plans/v2/orders/{unknown}").status_code == 404
