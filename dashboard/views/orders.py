"""Orders & statuses: what was placed, where it stands, and any single order."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cards, charts_orders, filters, frame, panels, spelling
from dashboard.questions import Question, Questions
from dashboard.scope import Scope
from dashboard.views import order_drawer

COLUMNS = ["number", "state", "payment_status", "amount", "currency", "placed_at", "age_hours", "order_id"]
LIMIT = "200"
TARGET_HOURS = 72
OVERDUE = {"target_hours": str(TARGET_HOURS)}
# What the reader chooses (and what stands in the URL) → the report's word.
KINDS = {"Store orders": "store", "Subscriptions": "subscription"}
FIRST_KIND = "Store orders"
LATE, OPEN, ALL = "Late", "Open", "All"
# What the table's choice asks of store orders; a subscription is neither late nor open.
NARROWED: dict[str, dict[str, Any]] = {
    LATE: {"late": "true", **OVERDUE},
    OPEN: {"state": ["placed", "approved", "partially_fulfilled", "unknown"]},
}
BY_SITE = {"kind": "store", "grain": "day", "by": "site"}
PAYING = {"step": "placed_paid", "grain": "day"}
STORE, STOCK, REVENUE = {"kind": "store"}, {"kind": "store", "grain": "day"}, {"grain": "day"}
NOTHING = "No orders match these filters."


def page() -> None:
    """Draw the page."""
    frame.show(_body, filters.chosen(), wanted)


def wanted(scope: Scope) -> list[Question]:
    """What the page asks; in one currency what was paid, too, and of one site no table of sites."""
    compared: list[tuple[str, dict[str, Any]]] = [
        ("order_flow", BY_SITE),
        ("fulfillment_latency", PAYING),
        ("order_status", STORE),
        *([("revenue", REVENUE)] if scope.currency else []),
    ]
    found: list[Question] = [
        *((way, name, asked) for name, asked in compared for way in ("period", "before")),
        ("ever", "backlog", OVERDUE),
        ("period", "open_by_state", STOCK),
        ("ever", "orders", _listed()),
    ]
    if len(scope.sites) != 1:
        found.append(("ever", "sites", {}))
    return found


def _body(ask: Questions) -> None:
    flows, before_by_site = ask.period("order_flow", **BY_SITE), ask.before("order_flow", **BY_SITE)
    flow, before = cards.over_sites(flows), cards.over_sites(before_by_site)
    if not cards.total(flow, "placed") and not cards.last(flow, "open_at_end"):
        frame.no_match(NOTHING)
    else:
        panels.cards(_cards(ask, flow, before))
        _stock(ask)
        _flow(ask, flow, before)
        _sites(ask, flows, before_by_site)
    _orders(ask)


def _cards(ask: Questions, flow: pd.DataFrame, before: pd.DataFrame) -> list[cards.Card]:
    placed = "Store orders placed in the period; drafts are left out."
    late = ask.ever("backlog", **OVERDUE)
    found = [
        cards.counted("Orders placed", flow, "placed", before, meaning=placed),
        _paid(ask),
        cards.standing("Open now", flow, "open_at_end", before, meaning=OPEN_NOW),
        cards.Card(
            label=f"Waiting over {TARGET_HOURS} h",
            value=spelling.count((late["hours_left"] < 0).sum() if len(late) else 0),
            meaning=f"Paid more than {TARGET_HOURS} hours ago and still open.",
        ),
        _canceled(ask),
    ]
    return [*found[:1], *_revenue(ask), *found[1:]]


def _paid(ask: Questions) -> cards.Card:
    """Of the period's own orders: payments of older ones would make more than all of them."""
    steps = cards.begun(ask.period("fulfillment_latency", **PAYING))
    before = cards.begun(ask.before("fulfillment_latency", **PAYING))
    return cards.share("Paid", steps, "finished", "begun", before, meaning=PAID, good="up")


def _canceled(ask: Questions) -> cards.Card:
    now, before = ask.period("order_status", **STORE), ask.before("order_status", **STORE)
    rates = cards.in_state(now, "canceled"), cards.in_state(before, "canceled")
    return cards.fraction("Canceled", *rates, meaning=CANCELED, good="down")


PAID = "Of the orders placed in the period, the share that has been paid by now."
OPEN_NOW = "Store orders placed and neither fulfilled, canceled nor rejected."
CANCELED = "Of the orders placed in the period, the share that has been canceled by now."


def _revenue(ask: Questions) -> list[cards.Card]:
    """Only in one currency: two are never summed."""
    if ask.scope.currency is None:
        return []
    meaning = f"What store orders paid in the period came to, in {ask.scope.currency}; refunds not taken off."
    found, before = ask.period("revenue", **REVENUE), ask.before("revenue", **REVENUE)
    return [cards.counted("Paid revenue", found, "paid", before, meaning=meaning, good="up")]


def _stock(ask: Questions) -> None:
    left, right = st.columns([3, 2])
    with left:
        subtitle = f"Orders at the end of each day, {ask.scope.tz}"
        stock = ask.period("open_by_state", **STOCK)
        title, empty = "Open orders by status", "No order was open in this period."
        panels.chart_or(title, subtitle, charts_orders.open_by_state, stock, key="open_orders", empty=empty)
    with right:
        status = ask.period("order_status", **STORE)
        subtitle = f"{spelling.count(cards.total(status, 'orders') or 0)} orders placed"
        title, empty = "Where orders from this period stand now", "No order was placed in this period."
        panels.chart_or(title, subtitle, charts_orders.state_bars, status, key="order_states", empty=empty)


def _flow(ask: Questions, flow: pd.DataFrame, before: pd.DataFrame) -> None:
    today = flow.iloc[-1]
    parts = [f"Orders per day, {ask.scope.tz}"]
    if today["is_partial"]:
        so_far = f"{spelling.count(today['placed'])} placed, {spelling.count(today['fulfilled'])} fulfilled"
        parts.append(f"this day so far: {so_far}")
    if not before.empty:
        parts.append(f"dashed: placed, {ask.scope.comparison.lower()}")
    panels.chart(
        "Placed, fulfilled and canceled",
        " · ".join(parts),
        charts_orders.flow_lines,
        flow,
        before,
        key="order_flow",
    )


def _sites(ask: Questions, flow: pd.DataFrame, before: pd.DataFrame) -> None:
    """One row for each site, with the way it went."""
    if flow["group"].nunique() < 2:
        return
    known = ask.ever("sites")
    panels.table(
        "Sites",
        "Placed, canceled: in the period · open, late, median: as of now · change: against the comparison",
        cards.by_site(known, flow, before),
        key="sites_table",
        empty=NOTHING,
    )


def _orders(ask: Questions) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Kind", list(KINDS), default=FIRST_KIND, required=True, key="kind", bind="query-params"
        )
        st.segmented_control(
            "Which", [LATE, OPEN, ALL], default=ALL, required=True, key="which", bind="query-params"
        )
        st.text_input(
            "Find",
            placeholder="Number, order id, customer id or tracking number",
            key="find",
            bind="query-params",
        )
    asked = _listed()
    found = ask.ever("orders", **asked)
    empty = f"No paid order has waited over {TARGET_HOURS} hours." if "late" in asked else NOTHING
    subtitle = f"The newest {LIMIT} · choose a row for its history" if len(found) == int(LIMIT) else CHOOSE
    chosen = panels.choose_row("Orders", subtitle, found, COLUMNS, key="orders", empty=empty)
    if chosen is not None:
        order_drawer.choose(str(found.iloc[chosen]["order_id"]))
    order_drawer.show(ask)


def _listed() -> dict[str, Any]:
    """Which orders the table lists, by what stands above it."""
    kind, which, find = (st.session_state.get(key) for key in ("kind", "which", "find"))
    asked: dict[str, Any] = {"kind": KINDS[kind or FIRST_KIND], "limit": LIMIT}
    if asked["kind"] == "store" and which in NARROWED:
        asked |= NARROWED[which]
    return asked | ({"search": find} if find else {})


CHOOSE = "Choose a row for its history"
