"""Wix's fifteen plan-order functions as a table: how each is called, and its command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.commands.plan_orders.group import plan_orders as command_group
from streams.wix import member_orders, plan_checkout, plan_orders
from streams.wix.client import WixClient
from streams.wix.plan_checkout import Purchase
from tests.streams.plan_site import NOW, PLAN, PlanSite, a_used_coupon, paused
from tests.streams.wix_site import MEMBER, SITE

MUCH_LATER = datetime(NOW.year + 5, 1, 2, tzinfo=UTC)
ORDERS = "/pricing-plans/v2/orders"
OWN = "/pricing-plans/v2/member/orders"
CHECKOUT = "/pricing-plans/v2/checkout/orders"

Call = Callable[[WixClient, str, str | None], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Function:
    """One of the fifteen: `call(wix, order_id, coupon)`, its command, and where Wix answers it.

    `before` is what the order must be like, `shows` what its command prints.
    """

    name: str
    call: Call
    command: tuple[str, ...]
    method: str
    path: str
    shows: str
    before: dict[str, Any]
    is_read: bool = False
    is_members: bool = False
    takes_coupon: bool = False

    def words(self, order_id: str, coupon: str | None = None) -> list[str]:
        """The command line."""
        given = [word.format(order=order_id) for word in self.command]
        return [*given, *(["--coupon", coupon] if coupon else [])]


def bought(coupon: str | None) -> Purchase:
    return Purchase(plan_id=PLAN, coupon=coupon)


async def listed(orders: Any) -> list[Any]:
    return [order async for order in orders]


FUNCTIONS = [
    Function(
        name="managementGetOrder",
        call=lambda wix, order, _: plan_orders.get_order(wix, SITE, order),
        command=("get", "{order}"),
        method="GET",
        path=f"{ORDERS}/*",
        shows="Studio Pass",
        before={},
        is_read=True,
    ),
    Function(
        name="managementListOrders",
        call=lambda wix, _, __: listed(plan_orders.list_orders(wix, SITE)),
        command=("list",),
        method="GET",
        path=ORDERS,
        shows="Studio Pass",
        before={},
        is_read=True,
    ),
    Function(
        name="cancelOrder",
        call=lambda wix, order, _: plan_orders.cancel_order(wix, SITE, order, "IMMEDIATELY"),
        command=("cancel", "{order}", "--when", "now", "--yes"),
        method="POST",
        path=f"{ORDERS}/*/cancel",
        shows="canceled at once",
        before={},
    ),
    Function(
        name="markAsPaid",
        call=lambda wix, order, _: plan_orders.mark_as_paid(wix, SITE, order),
        command=("mark-paid", "{order}", "--yes"),
        method="POST",
        path=f"{ORDERS}/*/mark-as-paid",
        shows="marked as paid",
        before={},
    ),
    Function(
        name="pauseOrder",
        call=lambda wix, order, _: plan_orders.pause_order(wix, SITE, order),
        command=("pause", "{order}"),
        method="POST",
        path=f"{ORDERS}/*/pause",
        shows="paused",
        before={"lastPaymentStatus": "PAID"},
    ),
    Function(
        name="resumeOrder",
        call=lambda wix, order, _: plan_orders.resume_order(wix, SITE, order),
        command=("resume", "{order}"),
        method="POST",
        path=f"{ORDERS}/*/resume",
        shows="resumed",
        before={"lastPaymentStatus": "PAID", **paused()},
    ),
    Function(
        name="postponeEndDate",
        call=lambda wix, order, _: plan_orders.postpone_end_date(wix, SITE, order, MUCH_LATER),
        command=("postpone-end", "{order}", "--to", f"{MUCH_LATER:%Y-%m-%d}", "--yes"),
        method="PATCH",
        path=f"{ORDERS}/*",
        shows=f"ends on {MUCH_LATER:%Y-%m-%d} 00:00 UTC",
        before={},
    ),
    Function(
        name="createOfflineOrder",
        call=lambda wix, _, coupon: plan_checkout.create_offline_order(
            wix, SITE, bought(coupon), member_id=MEMBER
        ),
        command=("create-offline", "--plan", PLAN, "--member", MEMBER, "--yes"),
        method="POST",
        path=f"{CHECKOUT}/offline",
        shows="OFFLINE",
        before={},
        takes_coupon=True,
    ),
    Function(
        name="createOnlineOrder",
        call=lambda wix, _, coupon: plan_checkout.create_online_order(
            wix, SITE, bought(coupon), member_id=MEMBER
        ),
        command=("create-online", "--plan", PLAN, "--member", MEMBER, "--yes"),
        method="POST",
        path=f"{CHECKOUT}/online",
        shows="DRAFT",
        before={},
        takes_coupon=True,
    ),
    Function(
        name="getOfflineOrderPreview",
        call=lambda wix, _, coupon: plan_checkout.preview_offline_order(
            wix, SITE, bought(coupon), member_id=MEMBER
        ),
        command=("preview-offline", "--plan", PLAN, "--member", MEMBER),
        method="POST",
        path=f"{CHECKOUT}/preview-offline",
        shows="15.00 EUR",
        before={},
        is_read=True,
        takes_coupon=True,
    ),
    Function(
        name="getOnlineOrderPreview",
        call=lambda wix, _, coupon: plan_checkout.preview_online_order(wix, SITE, bought(coupon)),
        command=("preview-online", "--plan", PLAN),
        method="POST",
        path=f"{CHECKOUT}/preview-online",
        shows="15.00 EUR",
        before={},
        is_read=True,
        is_members=True,
        takes_coupon=True,
    ),
    Function(
        name="getPricePreview",
        call=lambda wix, _, coupon: plan_checkout.preview_price(wix, SITE, PLAN, coupon=coupon),
        command=("price", "--plan", PLAN),
        method="POST",
        path=f"{CHECKOUT}/price-preview",
        shows="15.00 EUR",
        before={},
        is_read=True,
        takes_coupon=True,
    ),
    Function(
        name="memberGetOrder",
        call=lambda wix, order, _: member_orders.get_order(wix, SITE, order),
        command=("member-get", "{order}"),
        method="GET",
        path=f"{OWN}/*",
        shows="Studio Pass",
        before={},
        is_read=True,
        is_members=True,
    ),
    Function(
        name="memberListOrders",
        call=lambda wix, _, __: listed(member_orders.list_orders(wix, SITE)),
        command=("member-list",),
        method="GET",
        path=OWN,
        shows="Studio Pass",
        before={},
        is_read=True,
        is_members=True,
    ),
    Function(
        name="requestCancellation",
        call=lambda wix, order, _: member_orders.request_cancellation(wix, SITE, order, "IMMEDIATELY"),
        command=("request-cancellation", "{order}", "--when", "now", "--yes"),
        method="POST",
        path=f"{OWN}/*/cancel",
        shows="cancellation requested",
        before={"type": "ONLINE", "lastPaymentStatus": "PAID"},
        is_members=True,
    ),
]
NAMED = {function.name: function for function in FUNCTIONS}

each = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
with_coupon = pytest.mark.parametrize(
    "function", [one for one in FUNCTIONS if one.takes_coupon], ids=lambda function: function.name
)
changing = pytest.mark.parametrize(
    "function", [one for one in FUNCTIONS if not one.is_read], ids=lambda function: function.name
)


async def call(
    function: Function, shop: PlanSite, order_id: str, coupon: str | None = None, **given: Any
) -> Any:
    """Call a function as whoever may."""
    async with WixClient(shop.site.settings(**given), pause=at_once) as wix:
        caller = wix.as_member(shop.member_token()) if function.is_members else wix
        return await function.call(caller, order_id, coupon)


def run(function: Function, shop: PlanSite, order_id: str, *more: str, coupon: str | None = None) -> Result:
    """Run its command."""
    token = ["--member-token", shop.member_token()] if function.is_members else []
    return command(*function.words(order_id, coupon), "--site", SITE, *token, *more)


def command(*words: str, says: str | None = None) -> Result:
    return CliRunner().invoke(command_group, words, input=says)


async def at_once(_: float) -> None:
    """Waits no time."""


def prepared(function: Function, shop: PlanSite) -> str:
    """The order that the function is about."""
    return shop.order(**function.before)


def use_up(shop: PlanSite) -> None:
    """Orders that used the coupons which may be used once."""
    for code in ("USEDUP", "ONCE"):
        shop.order(pricing=a_used_coupon(code))
