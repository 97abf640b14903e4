"""An order's drawer: its facts, everything that happened to it, and what we did about it.

Which order it shows stands in the URL (`?order=`), so that it survives a refresh and can be shared.
"""

import pandas as pd
import streamlit as st

from dashboard import cards_order, client, panels, spelling
from dashboard.questions import Questions

PARAMETER = "order"
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
BADGES = {"fulfilled": "green", "active": "green", "canceled": "gray", "ended": "gray", "paused": "orange"}
LABEL_WIDTH = 110


def choose(order_id: str) -> None:
    """Open the drawer for an order that was chosen just now."""
    if st.session_state.get("chosen_order") != order_id:
        st.session_state["chosen_order"] = order_id
        st.query_params[PARAMETER] = order_id


def show(ask: Questions) -> None:
    """Draw the drawer when the URL names an order."""
    order_id = st.query_params.get(PARAMETER)
    if order_id:
        found = ask.ever("orders", search=order_id, limit="1")
        number = None if found.empty else found["number"].iloc[0]
        title = f"Order {order_id if pd.isna(number) else number}"
        drawer = st.dialog(title, width="medium", position="right", on_dismiss=_close)
        drawer(_draw)(ask, order_id, found)


def _close() -> None:
    st.query_params.pop(PARAMETER, None)


def _draw(ask: Questions, order_id: str, found: pd.DataFrame) -> None:
    timeline = ask.ever("order_timeline", order_id=order_id)
    if timeline.empty:
        st.info("Nothing is known of this order. Is it of another ledger, or of another as-of time?")
        return
    if not found.empty:
        _facts(found.iloc[0], _site(ask, str(found["site"].iloc[0])))
    is_open = not found.empty and found["state"].iloc[0] in OPEN_STATES
    _timeline(timeline, ask.scope.tz, is_open=is_open)
    _effects(ask.ever("effect_log", order_id=order_id), ask.scope.tz)


def _site(ask: Questions, site: str) -> str:
    known = ask.ever("sites")
    name = known.loc[known["site"] == site, "name"]
    return site if name.empty or pd.isna(name.iloc[0]) else str(name.iloc[0])


def _facts(order: pd.Series, site: str) -> None:
    state = str(order["state"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(spelling.words(state), color=BADGES.get(state, "blue"))  # type: ignore[arg-type]  # of its Literal
        st.caption(str(order["order_id"]), width="content")
    with st.container(gap="xxsmall"):
        for name, value in cards_order.facts(order, site).items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(name, width=LABEL_WIDTH)
                st.markdown(value, width="content")
    if link := _at_wix(order):
        st.link_button("Open at Wix", link, icon=":material/open_in_new:")


def _at_wix(order: pd.Series) -> str | None:
    return client.link_at_wix(str(order["site"]), str(order["kind"]), str(order["order_id"]))


def _timeline(timeline: pd.DataFrame, tz: str, *, is_open: bool) -> None:
    """The steps with the time between them; every fact is in the table below."""
    waited = pd.Timestamp.now(tz="UTC") - timeline["happened_at"].iloc[-1]
    waits = f" · waiting {spelling.age(waited)} for the next event" if is_open else ""
    with st.container(border=True, key="steps"):
        panels.headed("What happened", f"The time since the step before at the right, {tz}{waits}")
        for step in cards_order.steps(timeline, tz):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f":gray[:material/{step.icon}:]", width="content")
                panels.headed(step.title, step.detail)
                if step.after:
                    st.badge(step.after, color="gray")
    with st.expander(f"All {spelling.count(len(timeline))} facts as a table"):
        panels.table("Facts", "Hours since the one before", timeline[TIMELINE], key="timeline", empty="")


def _effects(effects: pd.DataFrame, tz: str) -> None:
    """Messages and fulfillments of this order, each with its consent proof and reference."""
    if effects.empty:
        panels.nothing("What we did about it", NO_EFFECT, key="no_effects")
        return
    with st.container(border=True, key="effect_steps"):
        panels.headed("What we did about it", PROOF)
        for flow, outcome, colour, proof in cards_order.effects(effects, tz):
            with st.container(horizontal=True, vertical_alignment="center"):
                panels.headed(flow, proof)
                st.badge(outcome, color=colour)  # type: ignore[arg-type]  # of its Literal
    with st.expander("With attempts, ids and answers as a table"):
        panels.table("Effects", PROOF, effects[EFFECTS], key="order_effects", empty="")


PROOF = "Ref. is the line under the message; consent is what Wix answered before it was sent"
NO_EFFECT = "No event of this order made a message or a fulfillment due."
