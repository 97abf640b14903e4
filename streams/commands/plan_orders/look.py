"""Looking at plan orders: one, many, a member's own, and whether a member may buy a plan."""

from typing import Any

import click

from streams.commands.plan_orders.options import GUID, as_app, as_member, filters
from streams.commands.plan_orders.run import Desk, ask
from streams.commands.plan_orders.show import show_json, show_order, show_orders
from streams.plan_order import PlanOrder
from streams.wix import eligible, member_orders, plan_orders
from streams.wix.order_query import PAGE, OrderQuery


@click.command("get")
@click.argument("order_id", type=GUID)
@click.option("--full", is_flag=True, help="With the answers of the buyer's form.")
@as_app
def get(order_id: str, full: bool, site: str | None, as_json: bool) -> None:
    """Show one order as it is now."""
    order = ask(
        lambda desk: plan_orders.get_order(
            desk.wix, desk.site, order_id, field_set="FULL" if full else "BASIC"
        ),
        site=site,
    )
    _show_one(order, as_json)


@click.command("list")
@click.option("--member", "members", type=GUID, multiple=True, help="Only this buyer's; several are any.")
@filters
@as_app
def list_orders(members: tuple[str, ...], limit: int, site: str | None, as_json: bool, **asked: Any) -> None:
    """List orders, the newest first unless sorted; drafts, which nobody has paid yet, are among them."""
    query = _query(asked, members)
    _show_many(ask(lambda desk: _first(desk, query, limit, is_member=False), site=site), limit, as_json)


@click.command("member-get")
@click.argument("order_id", type=GUID)
@click.option("--full", is_flag=True, help="With the answers of the buyer's form.")
@as_member
def member_get(order_id: str, full: bool, member_token: str, site: str | None, as_json: bool) -> None:
    """Show one of a member's own orders."""
    order = ask(
        lambda desk: member_orders.get_order(
            desk.wix, desk.site, order_id, field_set="FULL" if full else "BASIC"
        ),
        site=site,
        member_token=member_token,
    )
    _show_one(order, as_json)


@click.command("member-list")
@filters
@as_member
def member_list(member_token: str, limit: int, site: str | None, as_json: bool, **asked: Any) -> None:
    """List a member's own orders."""
    query = _query(asked, ())
    found = ask(lambda desk: _first(desk, query, limit, is_member=True), site=site, member_token=member_token)
    _show_many(found, limit, as_json)


@click.command("eligibility")
@click.option("--plan", "plan_id", type=GUID, required=True)
@click.option("--member", "member_id", type=GUID, required=True)
@as_app
def eligibility(plan_id: str, member_id: str, site: str | None, as_json: bool) -> None:
    """Say whether a member may buy a plan, and whether they would get its free trial.

    May buy: the plan's purchase limit is not reached. Trial: the plan has one, and it would be the
    member's first order of this plan (drafts that were never paid don't count).
    """
    found = ask(lambda desk: eligible.ask(desk.wix, desk.site, plan_id, member_id), site=site)
    if as_json:
        show_json({"mayBuy": found.may_buy, "trialDays": found.trial_days, "earlierOrders": found.earlier})
        return
    click.echo("may buy: yes" if found.may_buy else "may buy: no, the plan's purchase limit is reached")
    if found.trial_days:
        click.echo(f"free trial: {found.trial_days} days")
    elif found.earlier:
        click.echo(f"free trial: no, the member has ordered this plan before ({found.earlier} orders)")
    else:
        click.echo("free trial: no, the plan has none")


def _query(asked: dict[str, Any], members: tuple[str, ...]) -> OrderQuery:
    if asked["is_descending"] and not asked["sort"]:
        raise click.UsageError("--desc needs --sort.")
    return OrderQuery(
        buyer_ids=members,
        plan_ids=asked["plans"],
        order_statuses=asked["statuses"],
        payment_statuses=asked["payments"],
        auto_renew_canceled=asked["auto_renew_canceled"],
        sort_by=asked["sort"],
        is_descending=asked["is_descending"],
        field_set="FULL" if asked["full"] else "BASIC",
    )


async def _first(desk: Desk, query: OrderQuery, limit: int, *, is_member: bool) -> list[PlanOrder]:
    """As many as wanted, and no page more."""
    room = member_orders if is_member else plan_orders
    found: list[PlanOrder] = []
    async for order in room.list_orders(desk.wix, desk.site, query, page=min(limit, PAGE)):
        found.append(order)
        if len(found) == limit:
            break
    return found


def _show_one(order: PlanOrder, as_json: bool) -> None:
    if as_json:
        show_json(order.wire)
    else:
        show_order(order)


def _show_many(found: list[PlanOrder], limit: int, as_json: bool) -> None:
    if as_json:
        show_json([order.wire for order in found])
    else:
        show_orders(found)
    if len(found) == limit:
        click.echo(f"The first {limit}; --limit shows more.", err=True)
