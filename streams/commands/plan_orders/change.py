"""Changing plan orders: cancel, pay, pause, prolong."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import cast

import click

from streams.commands.plan_orders.options import EFFECTIVE, GUID, MOMENT, as_app, as_member, when, yes
from streams.commands.plan_orders.run import Desk, ask, confirmed
from streams.commands.plan_orders.show import show_json
from streams.commands.plan_orders.show import when as told
from streams.wix import member_orders, plan_orders
from streams.wix.plan_orders import EffectiveAt

_IN_WORDS = {"now": "at once", "next-payment": "when the next payment would be due"}
NO_CHANGE_START = """\
Wix has no public call for the start date of an order, so nothing was sent. What there is instead:
  - an offline order: cancel it (plan-orders cancel ORDER_ID --when now) and make it again with its
    new date (plan-orders create-offline --plan … --member … --start …);
  - an online order that is not paid yet (DRAFT): the buyer begins again with another date, or the
    site's own code calls checkout.changeStartDate while the buyer is logged in;
  - a later end instead of a later start: plan-orders postpone-end ORDER_ID --to …"""


@click.command("cancel")
@click.argument("order_id", type=GUID)
@when
@yes
@as_app
def cancel(order_id: str, effective: str, yes: bool, site: str | None, as_json: bool) -> None:
    """Cancel an order. That can't be undone."""
    confirmed(f"Order {order_id} will be canceled {_IN_WORDS[effective]}; that can't be undone.", yes=yes)
    at = cast(EffectiveAt, EFFECTIVE[effective])
    _change(lambda desk: plan_orders.cancel_order(desk.wix, desk.site, order_id, at), order_id, site)
    _done(f"canceled {_IN_WORDS[effective]}", order_id, as_json)


@click.command("request-cancellation")
@click.argument("order_id", type=GUID)
@when
@yes
@as_member
def request_cancellation(
    order_id: str, effective: str, yes: bool, member_token: str, site: str | None, as_json: bool
) -> None:
    """Cancel an order in the member's own name. Refunds may come first, so it can take a while."""
    confirmed(f"Order {order_id} will be canceled {_IN_WORDS[effective]}; that can't be undone.", yes=yes)
    at = cast(EffectiveAt, EFFECTIVE[effective])
    ask(
        lambda desk: member_orders.request_cancellation(desk.wix, desk.site, order_id, at),
        site=site,
        member_token=member_token,
        if_unclear=f"look with plan-orders member-get {order_id}.",
    )
    _done("cancellation requested", order_id, as_json)


@click.command("mark-paid")
@click.argument("order_id", type=GUID)
@yes
@as_app
def mark_paid(order_id: str, yes: bool, site: str | None, as_json: bool) -> None:
    """Mark an offline order as paid, as a whole. That can't be undone."""
    confirmed(f"Order {order_id} will be marked as paid; that can't be undone.", yes=yes)
    _change(lambda desk: plan_orders.mark_as_paid(desk.wix, desk.site, order_id), order_id, site)
    _done("marked as paid", order_id, as_json)


@click.command("pause")
@click.argument("order_id", type=GUID)
@as_app
def pause(order_id: str, site: str | None, as_json: bool) -> None:
    """Pause an active order: nothing is charged until it is resumed."""
    _change(lambda desk: plan_orders.pause_order(desk.wix, desk.site, order_id), order_id, site)
    _done("paused", order_id, as_json)


@click.command("resume")
@click.argument("order_id", type=GUID)
@as_app
def resume(order_id: str, site: str | None, as_json: bool) -> None:
    """Resume a paused order; its end moves by the length of the pause."""
    _change(lambda desk: plan_orders.resume_order(desk.wix, desk.site, order_id), order_id, site)
    _done("resumed", order_id, as_json)


@click.command("postpone-end")
@click.argument("order_id", type=GUID)
@click.option("--to", "end", type=MOMENT, required=True, help="The new end, later than the one now set.")
@yes
@as_app
def postpone_end(order_id: str, end: datetime, yes: bool, site: str | None, as_json: bool) -> None:
    """Let an order run longer. An end can't be moved back again."""
    order = ask(lambda desk: plan_orders.get_order(desk.wix, desk.site, order_id), site=site)
    if order.end_at is not None and end <= order.end_at:
        raise click.UsageError(
            f"The order ends on {told(order.end_at)} UTC; a new end must be later. Nothing was sent."
        )
    confirmed(f"Order {order_id} will end on {told(end)} UTC, not on {told(order.end_at)}.", yes=yes)
    _change(lambda desk: plan_orders.postpone_end_date(desk.wix, desk.site, order_id, end), order_id, site)
    _done(f"ends on {told(end)} UTC", order_id, as_json)


@click.command("change-start")
@click.argument("order_id", type=GUID)
@click.option("--to", "start", type=MOMENT, help="The start that is wanted.")
def change_start(order_id: str, start: datetime | None) -> None:
    """Say why an order's start can't be changed, and what to do instead."""
    raise click.UsageError(NO_CHANGE_START)


def _change(change: Callable[[Desk], Awaitable[None]], order_id: str, site: str | None) -> None:
    ask(change, site=site, if_unclear=f"look with plan-orders get {order_id}.")


def _done(what: str, order_id: str, as_json: bool) -> None:
    if as_json:
        show_json({"orderId": order_id, "done": what})
    else:
        click.echo(f"Order {order_id}: {what}.")
