"""Orders & statuses: what was placed, where it stands, and any single order."""

import pandas as pd
import streamlit as st

from dashboard import cards, charts, filters, frame, panels, spelling
from dashboard.questions import Questions
from dashboard.scope import Scope
from dashboard.views import order_drawer

FLOW_COLOURS = {"placed": charts.BLUE, "fulfilled": charts.GREEN, "canceled": charts.SLATE}
COLUMNS = ["number", "order_id", "state", "payment_status", "amount", "currency", "placed_at", "age_hours"]
LIMIT = "200"
# Card, column of `order_flow`, its definition, and which direction is good news.
FLOWS: list[tuple[str, str, str, cards.Good]] = [
    ("Orders placed", "placed", "Store orders placed in the period; drafts are left out.", "neither"),
    ("Paid", "paid", "Store orders whose payment became complete in the period.", "neither"),
    ("Fulfilled", "fulfilled", "Store orders whose last unit was handed over in the period.", "up"),
    ("Canceled", "canceled", "Store orders canceled in the period.", "down"),
]


def page() -> None:
    """Draw the page."""
    frame.show(_body, filters.filters())


def _body(ask: Questions) -> None:
    scope = ask.scope
    flow = ask.period("order_flow", kind="store", grain="day")
    before = ask.before("order_flow", kind="store", grain="day")
    status = ask.period("order_status", kind="store")
    late = ask.ever("orders", kind="store", late="true", limit="1000")
    panels.cards([*_flow_cards(flow, before), _late_card(late)])
    left, right = st.columns([3, 2])
    with left:
        _open_chart(flow, scope)
    with right:
        _status_chart(status)
    _flow_chart(flow, scope)
    _orders(ask)


def _flow_cards(flow: pd.DataFrame, before: pd.DataFrame) -> list[cards.Card]:
    flows = [cards.counted(label, flow, column, before, meaning=m, good=g) for label, column, m, g in FLOWS]
    open_now = cards.standing(
        "Open now",
        flow,
        "open_at_end",
        before,
        meaning="Store orders placed and neither fulfilled, canceled nor rejected.",
    )
    return [*flows, open_now]


def _late_card(late: pd.DataFrame) -> cards.Card:
    return cards.Card(
        label="Waiting over 72 h",
        value=spelling.count(len(late)),
        meaning="Paid more than 72 hours ago and still open.",
    )


def _open_chart(flow: pd.DataFrame, scope: Scope) -> None:
    subtitle = f"Store orders at the end of each day, {scope.tz}"
    panels.chart("Open orders", subtitle, charts.open_area, flow, key="open_orders")


def _status_chart(status: pd.DataFrame) -> None:
    if status.empty:
        st.caption("No order was placed in this period.")
        return
    subtitle = f"{spelling.count(cards.total(status, 'orders'))} orders placed"
    panels.chart(
        "Where orders from this period stand now", subtitle, charts.state_bars, status, key="order_states"
    )


def _flow_chart(flow: pd.DataFrame, scope: Scope) -> None:
    today = flow.iloc[-1]
    subtitle = (
        f"Orders per day, {scope.tz} · today so far: {spelling.count(today['placed'])} placed, "
        f"{spelling.count(today['fulfilled'])} fulfilled"
    )
    panels.chart(
        "Placed, fulfilled and canceled", subtitle, charts.flow_lines, flow, FLOW_COLOURS, key="order_flow"
    )


def _orders(ask: Questions) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Kind",
            ["store", "subscription"],
            default="store",
            required=True,
            key="kind",
            bind="query-params",
        )
        which = st.segmented_control(
            "Which", ["All", "Late"], default="All", required=True, key="which", bind="query-params"
        )
        search = st.text_input(
            "Find",
            placeholder="Number, order id, customer id or tracking number",
            key="find",
            bind="query-params",
        )
    late = "true" if which == "Late" and kind == "store" else None
    found = ask.ever("orders", kind=kind, late=late, search=search or None, limit=LIMIT)
    empty = "No paid order has waited over 72 hours." if late else "No orders match these filters."
    chosen = panels.choose_row(
        "Orders", "Choose a row to see its history", found, COLUMNS, key="orders", empty=empty
    )
    if chosen is not None:
        order_drawer.open_for(ask.version, str(found.iloc[chosen]["order_id"]))
