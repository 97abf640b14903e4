"""An order's drawer: its facts, everything that happened to it, and what we did about it.

Which order it shows stands in the URL (`?order=`), so that it survives a refresh and can be shared.
"""

import pandas as pd
import streamlit as st

from dashboard import client, panels, spelling
from dashboard.questions import Questions

PARAMETER = "order"
FACTS = [
    "number",
    "state",
    "status",
    "payment_status",
    "fulfillment_status",
    "amount",
    "currency",
    "customer",
]
TIMELINE = ["happened_at", "what", "status", "detail", "since_previous_hours"]
EFFECTS = [
    "flow",
    "outcome",
    "reason",
    "attempts",
    "done_at",
    "ref",
    "consent",
    "wix_id",
    "last_status",
    "request_id",
]
OPEN_STATES = {"placed", "approved", "partially_fulfilled", "pending"}


def choose(order_id: str) -> None:
    """Open the drawer for an order that was chosen just now."""
    if st.session_state.get("chosen_order") != order_id:
        st.session_state["chosen_order"] = order_id
        st.query_params[PARAMETER] = order_id


def show(ask: Questions) -> None:
    """Draw the drawer when the URL names an order."""
    order_id = st.query_params.get(PARAMETER)
    if order_id:
        title = f"Order {order_id}"
        st.dialog(title, width="large", position="right", on_dismiss=_close)(_draw)(ask, order_id)


def _close() -> None:
    st.query_params.pop(PARAMETER, None)


def _draw(ask: Questions, order_id: str) -> None:
    timeline = ask.ever("order_timeline", order_id=order_id)
    if timeline.empty:
        st.info("Nothing is known of this order. Is it of another ledger, or of another as-of time?")
        return
    found = ask.ever("orders", search=order_id, limit="1")
    if not found.empty:
        _facts(found.iloc[0])
    _timeline(timeline, order_id, is_open=not found.empty and found["state"].iloc[0] in OPEN_STATES)
    _effects(ask.ever("effect_log", order_id=order_id))


def _facts(order: pd.Series) -> None:
    known = [name for name in FACTS if name in order and not pd.isna(order[name])]
    with st.container(horizontal=True):
        for name in known:
            with st.container(width=170, gap=None):
                st.caption(name.replace("_", " "))
                st.markdown(f"**{order[name]}**")
    st.caption(f"Site {order['site']}")
    if link := _at_wix(order):
        st.link_button("Open at Wix", link, icon=":material/open_in_new:")


def _at_wix(order: pd.Series) -> str | None:
    return client.link_at_wix(str(order["site"]), str(order["kind"]), str(order["order_id"]))


def _timeline(timeline: pd.DataFrame, order_id: str, *, is_open: bool) -> None:
    newest = timeline["happened_at"].iloc[-1]
    waited = pd.Timestamp.now(tz="UTC") - newest
    subtitle = f"{spelling.count(len(timeline))} facts, the time between them in hours"
    if is_open:
        subtitle += f" · waiting {spelling.age(waited)} for the next event"
    panels.table("What happened", subtitle, timeline[TIMELINE], key="timeline", empty="Nothing yet.")


def _effects(effects: pd.DataFrame) -> None:
    """Messages and fulfillments of this order, each with its consent proof and reference."""
    panels.table(
        "What we did about it",
        "Ref is the line under the message; consent is what Wix answered before it was sent, and when",
        effects[EFFECTS] if not effects.empty else effects,
        key="order_effects",
        empty="No event of this order made a message or a fulfillment due.",
    )
