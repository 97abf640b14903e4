"""Wix's fifteen plan-order functions, called: going well, refused, late, and with an ended token."""

from datetime import timedelta
from typing import Any

import pytest

from streams.wix import plan_checkout, plan_orders
from streams.wix.client import WixClient
from streams.wix.errors import Unauthorized, WixBusy, WixError, WixRefused, WixUnreachable
from streams.wix.explained import COUPONS, explained
from streams.wix.plan_checkout import Purchase
from tests.streams.plan_functions import (
    MUCH_LATER,
    NAMED,
    Function,
    bought,
    call,
    changing,
    each,
    prepared,
    use_up,
    with_coupon,
)
from tests.streams.plan_site import NOBODY, NOW, OTHER_MEMBER, PLAN, REFUSED_COUPONS, PlanSite, paused
from tests.streams.wix_site import MEMBER, SITE


def test_there_are_fifteen() -> None:
    assert len(NAMED) == 15


class TestSuccess:
    async def test_orders_are_read_as_they_are(self, shop: PlanSite) -> None:
        order_id = shop.order()

        order = await call(NAMED["managementGetOrder"], shop, order_id)
        own = await call(NAMED["memberGetOrder"], shop, order_id)

        assert order == own
        assert (order.id, order.status, order.member_id) == (order_id, "ACTIVE", MEMBER)
        assert order.wire == shop.wire(order_id)

    @pytest.mark.parametrize("name", ["managementListOrders", "memberListOrders"])
    async def test_lists_hold_every_order_once_however_many_pages(self, shop: PlanSite, name: str) -> None:
        ids = {shop.order() for _ in range(53)}

        orders = await call(NAMED[name], shop, "")

        assert len(orders) == 53
        assert {order.id for order in orders} == ids

    async def test_a_member_sees_only_their_own(self, shop: PlanSite) -> None:
        shop.order(buyer={"memberId": OTHER_MEMBER, "contactId": OTHER_MEMBER})

        assert await call(NAMED["memberListOrders"], shop, "") == []

    @pytest.mark.parametrize(
        ("name", "fact", "value"),
        [
            ("cancelOrder", "status", "CANCELED"),
            ("markAsPaid", "lastPaymentStatus", "PAID"),
            ("pauseOrder", "status", "PAUSED"),
            ("resumeOrder", "status", "ACTIVE"),
            ("postponeEndDate", "endDate", f"{MUCH_LATER:%Y-%m-%d}"),
        ],
    )
    async def test_a_change_is_made(self, shop: PlanSite, name: str, fact: str, value: str) -> None:
        order_id = prepared(NAMED[name], shop)
        assert not shop.wire(order_id)[fact].startswith(value)

        await call(NAMED[name], shop, order_id)

        assert shop.wire(order_id)[fact].startswith(value)

    async def test_a_requested_cancellation_completes_after_a_while(self, shop: PlanSite) -> None:
        order_id = prepared(NAMED["requestCancellation"], shop)

        await call(NAMED["requestCancellation"], shop, order_id)
        shop.http.post("/admin/clock", json={"offsetSeconds": 3600})

        assert shop.wire(order_id)["status"] == "CANCELED"

    async def test_a_cancellation_at_the_next_payment_lets_the_cycle_run(self, shop: PlanSite) -> None:
        order_id = shop.order(lastPaymentStatus="PAID")
        async with WixClient(shop.site.settings()) as wix:
            await plan_orders.cancel_order(wix, SITE, order_id, "NEXT_PAYMENT_DATE")

        order = shop.wire(order_id)
        assert (order["status"], order["autoRenewCanceled"]) == ("ACTIVE", True)

    async def test_an_offline_order_is_created_with_what_was_asked_for(self, shop: PlanSite) -> None:
        start = NOW + timedelta(days=30)
        wanted = Purchase(plan_id=PLAN, start=start, coupon="HALF")
        async with WixClient(shop.site.settings()) as wix:
            order = await plan_checkout.create_offline_order(
                wix, SITE, wanted, member_id=MEMBER, is_paid=True
            )

        assert (order.type, order.status, order.payment_status) == ("OFFLINE", "PENDING", "PAID")
        assert order.price is not None
        assert (str(order.price.total), order.price.currency) == ("7.50", "EUR")
        assert order.start_at is not None
        assert abs(order.start_at - start) < timedelta(seconds=1)

    async def test_a_member_orders_online_for_themselves(self, shop: PlanSite) -> None:
        async with WixClient(shop.site.settings()) as wix:
            order = await plan_checkout.create_online_order(
                wix.as_member(shop.member_token()), SITE, bought(None)
            )

        assert (order.type, order.status, order.member_id) == ("ONLINE", "DRAFT", MEMBER)
        assert order.wix_pay_order_id

    @pytest.mark.parametrize("name", ["getOfflineOrderPreview", "getOnlineOrderPreview"])
    async def test_a_preview_creates_nothing(self, shop: PlanSite, name: str) -> None:
        preview = await call(NAMED[name], shop, "")

        assert preview.order.plan_name == "Studio Pass"
        assert not preview.is_limit_exceeded
        assert shop.orders() == []

    async def test_a_price_is_told_stretch_by_stretch(self, shop: PlanSite) -> None:
        (span,) = await call(NAMED["getPricePreview"], shop, "", "HALF")

        assert (str(span.total), span.coupon.code, span.cycles) == ("7.50", "HALF", 12)


class TestErrors:
    @with_coupon
    @pytest.mark.parametrize(("coupon", "code"), REFUSED_COUPONS.items())
    async def test_each_of_the_eight_coupon_errors_is_told_apart(
        self, shop: PlanSite, function: Function, coupon: str, code: str
    ) -> None:
        if function.name == "getPricePreview" and code == "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED":
            pytest.skip("a price preview knows no customer")
        use_up(shop)

        with pytest.raises(WixRefused) as refused:
            await call(function, shop, "", coupon)

        assert (refused.value.status, refused.value.code) == (428, code)

    def test_each_has_its_own_sentence(self) -> None:
        assert set(COUPONS) == set(REFUSED_COUPONS.values())
        assert len(set(COUPONS.values())) == 8

    @each
    @pytest.mark.parametrize("status", [400, 403, 404, 409, 428])
    async def test_a_standard_refusal_is_a_clear_no(
        self, shop: PlanSite, function: Function, status: int
    ) -> None:
        error = {"code": "SOME_CODE", "description": "so it is"}
        shop.site.fault(
            method=function.method,
            path=function.path,
            status=status,
            body={"message": "no", "details": {"applicationError": error}},
        )

        with pytest.raises(WixRefused) as refused:
            await call(function, shop, prepared(function, shop))

        assert (refused.value.status, refused.value.code) == (status, "SOME_CODE")
        assert refused.value.request_id

    @each
    async def test_too_many_requests_is_busy(self, shop: PlanSite, function: Function) -> None:
        shop.site.fault(method=function.method, path=function.path, status=429)

        with pytest.raises(WixBusy):
            await call(function, shop, prepared(function, shop))

    @each
    async def test_a_server_error_is_no_answer(self, shop: PlanSite, function: Function) -> None:
        shop.site.fault(method=function.method, path=function.path, status=500, times=3)

        with pytest.raises(WixUnreachable):
            await call(function, shop, prepared(function, shop))

    @each
    async def test_only_what_reads_is_tried_again(self, shop: PlanSite, function: Function) -> None:
        shop.site.fault(method=function.method, path=function.path, status=503)
        order_id = prepared(function, shop)

        if function.is_read:
            await call(function, shop, order_id)
        else:
            with pytest.raises(WixUnreachable):
                await call(function, shop, order_id)

    @pytest.mark.parametrize(
        ("name", "before"),
        [
            ("markAsPaid", {"lastPaymentStatus": "PAID"}),
            ("markAsPaid", {"type": "ONLINE"}),
            ("pauseOrder", {"lastPaymentStatus": "PAID", **paused()}),
            ("resumeOrder", {}),
            ("postponeEndDate", paused()),
            ("cancelOrder", {"status": "CANCELED"}),
        ],
    )
    async def test_an_order_in_no_state_for_it_is_refused(
        self, shop: PlanSite, name: str, before: dict[str, Any]
    ) -> None:
        with pytest.raises(WixRefused) as refused:
            await call(NAMED[name], shop, shop.order(**before))

        assert refused.value.status == 428

    async def test_a_member_who_is_none_is_told(self, shop: PlanSite) -> None:
        async with WixClient(shop.site.settings()) as wix:
            with pytest.raises(WixRefused) as refused:
                await plan_checkout.create_offline_order(wix, SITE, bought(None), member_id=NOBODY)

        assert (refused.value.status, refused.value.code) == (400, "MEMBER_DOESNT_EXIST")
        assert explained(refused.value).startswith("The site has no member with this id.")

    @each
    async def test_a_function_for_members_is_not_for_apps_nor_the_other_way_round(
        self, shop: PlanSite, function: Function
    ) -> None:
        if function.name in ("createOnlineOrder", "getPricePreview"):
            pytest.skip("for both")
        async with WixClient(shop.site.settings()) as wix:
            caller = wix if function.is_members else wix.as_member(shop.member_token())
            with pytest.raises(WixRefused) as refused:
                await function.call(caller, prepared(function, shop), None)

        assert refused.value.status == 403


class TestTime:
    @each
    async def test_no_answer_in_time_is_no_answer(self, shop: PlanSite, function: Function) -> None:
        order_id = prepared(function, shop)
        shop.site.fault(method=function.method, path=function.path, delaySeconds=2, times=3)

        with pytest.raises(WixUnreachable):
            await call(function, shop, order_id, wix_timeout_seconds=0.3)
        shop.site.heal()

    @changing
    async def test_a_change_whose_answer_is_lost_is_made_once(
        self, shop: PlanSite, function: Function
    ) -> None:
        order_id = prepared(function, shop)
        before = len(shop.orders())
        shop.site.fault(method=function.method, path=function.path, after=True)

        with pytest.raises(WixUnreachable):
            await call(function, shop, order_id)

        is_create = function.name.startswith("create")
        assert len(shop.orders()) == before + is_create


class TestToken:
    @each
    async def test_an_ended_token_is_replaced_once_where_it_is_ours(
        self, shop: PlanSite, function: Function
    ) -> None:
        order_id = prepared(function, shop)
        shop.site.fault(method=function.method, path=function.path, status=401)

        if function.is_members:
            with pytest.raises(Unauthorized):
                await call(function, shop, order_id)
        else:
            await call(function, shop, order_id)


class TestErrorWords:
    @pytest.mark.parametrize(
        ("error", "says"),
        [
            (WixError("what"), "Wix gave no clear answer."),
            (WixBusy(), "Try again in a minute."),
            (Unauthorized(401), "does not accept the credentials"),
            (WixRefused(418), "Wix refused."),
            (WixRefused(400, fields=("memberId",)), "fields: memberId"),
        ],
    )
    def test_every_failure_has_a_sentence(self, error: WixError, says: str) -> None:
        assert says in explained(error)
