"""Making plan orders, and seeing beforehand what they would be and cost."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from streams.commands.options import together
from streams.commands.plan_orders.options import (
    COUPON,
    GUID,
    MOMENT,
    PRICE,
    Price,
    as_app,
    as_either,
    as_member,
    yes,
)
from streams.commands.plan_orders.run import ask, confirmed
from streams.commands.plan_orders.show import price_of, show_json, show_order, show_prices
from streams.plan_order import PlanOrder
from streams.plan_price import PriceSpan
from streams.wix import plan_checkout
from streams.wix.plan_checkout import OrderMethod, Preview, Purchase

_purchase = together(
    click.option("--plan", "plan_id", type=GUID, required=True),
    click.option("--start", type=MOMENT, help="When it starts; now when left out."),
    click.option("--coupon", type=COUPON, help="Code of a coupon."),
)


_creating = together(
    click.option(
        "--submission", "submission_id", type=GUID, help="Id of the form's submission that belongs to it."
    ),
    click.option("--expect", type=PRICE, help="First price, such as 60.50EUR; else nothing is created."),
    yes,
)


@click.command("create-offline")
@_purchase
@click.option("--member", "member_id", type=GUID, required=True)
@click.option("--paid", is_flag=True, help="It is paid already.")
@_creating
@as_app
def create_offline(
    member_id: str,
    paid: bool,
    expect: Price | None,
    yes: bool,
    site: str | None,
    as_json: bool,
    **purchase: Any,
) -> None:
    """Create an order that is paid outside of Wix. The plan's purchase limit does not count.

    It is previewed first; orders can't be deleted.
    """
    wanted = Purchase(**purchase)
    preview = ask(
        lambda desk: plan_checkout.preview_offline_order(desk.wix, desk.site, wanted, member_id=member_id),
        site=site,
    )
    _check_price(preview.order.spans, expect)
    if preview.is_limit_exceeded:
        click.echo("The member has reached the plan's purchase limit; offline that does not count.", err=True)
    cost = price_of(preview.order.price) or "an unknown price"
    confirmed(
        f"An order of {preview.order.plan_name} for {cost} will be created; it can't be deleted.", yes=yes
    )
    order = ask(
        lambda desk: plan_checkout.create_offline_order(
            desk.wix, desk.site, wanted, member_id=member_id, is_paid=paid
        ),
        if_unclear=f"look with plan-orders list --member {member_id} --plan {wanted.plan_id}.",
        site=site,
    )
    _show(order, as_json)


@click.command("create-online")
@_purchase
@click.option("--member", "member_id", type=GUID, help="The buyer, where the app orders for one.")
@click.option("--method", type=click.Choice(["MOTO", "POS"]), help="Ordered by mail or phone, or at a till.")
@_creating
@as_either
def create_online(
    member_id: str | None,
    method: OrderMethod | None,
    expect: Price | None,
    yes: bool,
    member_token: str | None,
    site: str | None,
    as_json: bool,
    **purchase: Any,
) -> None:
    """Create an order to be paid through Wix: a draft until then.

    The app names the buyer with --member; with a member's token the member is the buyer.
    """
    if (member_id is None) == (member_token is None):
        raise click.UsageError("Say --member, or use a member's token: one of the two.")
    if method and member_id is None:
        raise click.UsageError("--method is for orders that the app makes for a --member.")
    wanted = Purchase(**purchase)
    spans = ask(
        lambda desk: plan_checkout.preview_price(desk.wix, desk.site, wanted.plan_id, coupon=wanted.coupon),
        site=site,
        member_token=member_token,
    )
    _check_price(spans, expect)
    cost = price_of(spans[0]) if spans else "an unknown price"
    confirmed(f"A draft order for {cost} will be created; it can't be deleted.", yes=yes)
    order = ask(
        lambda desk: plan_checkout.create_online_order(
            desk.wix, desk.site, wanted, member_id=member_id, order_method=method
        ),
        if_unclear="look with plan-orders list --status DRAFT (or member-list).",
        site=site,
        member_token=member_token,
    )
    _show(order, as_json)


@click.command("preview-offline")
@_purchase
@click.option("--member", "member_id", type=GUID, required=True)
@as_app
def preview_offline(
    plan_id: str, start: datetime | None, coupon: str | None, member_id: str, site: str | None, as_json: bool
) -> None:
    """Show what an offline order would be; nothing is created."""
    wanted = Purchase(plan_id=plan_id, start=start, coupon=coupon)
    preview = ask(
        lambda desk: plan_checkout.preview_offline_order(desk.wix, desk.site, wanted, member_id=member_id),
        site=site,
    )
    _show_preview(preview, as_json)


@click.command("preview-online")
@_purchase
@as_member
def preview_online(
    plan_id: str,
    start: datetime | None,
    coupon: str | None,
    member_token: str,
    site: str | None,
    as_json: bool,
) -> None:
    """Show what the member's online order would be; nothing is created. Wix lets only members ask."""
    wanted = Purchase(plan_id=plan_id, start=start, coupon=coupon)
    preview = ask(
        lambda desk: plan_checkout.preview_online_order(desk.wix, desk.site, wanted),
        site=site,
        member_token=member_token,
    )
    _show_preview(preview, as_json)


@click.command("price")
@click.option("--plan", "plan_id", type=GUID, required=True)
@click.option("--coupon", type=COUPON, help="Code of a coupon.")
@as_either
def price(
    plan_id: str, coupon: str | None, member_token: str | None, site: str | None, as_json: bool
) -> None:
    """Show what a plan costs, whoever buys it."""
    spans = ask(
        lambda desk: plan_checkout.preview_price(desk.wix, desk.site, plan_id, coupon=coupon),
        site=site,
        member_token=member_token,
    )
    if as_json:
        show_json({"prices": [span.wire for span in spans]})
    else:
        show_prices(spans)


def _check_price(spans: Iterable[PriceSpan], expected: Price | None) -> None:
    first = next(iter(spans), None)
    if expected is None or (
        first is not None and (first.total, first.currency) == (expected.amount, expected.currency)
    ):
        return
    raise click.UsageError(
        f"The first price would be {price_of(first) or 'unknown'}, not {expected}. Nothing was created."
    )


def _show(order: PlanOrder, as_json: bool) -> None:
    if as_json:
        show_json(order.wire)
    else:
        show_order(order)


def _show_preview(preview: Preview, as_json: bool) -> None:
    if as_json:
        show_json({"order": preview.order.wire, "purchaseLimitExceeded": preview.is_limit_exceeded})
        return
    show_order(preview.order)
    if preview.is_limit_exceeded:
        click.echo("The buyer has reached this plan's purchase limit.")
