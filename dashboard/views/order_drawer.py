"""An order's drawer: everything that happened to it, with the time between events."""

import streamlit as st

from dashboard import client, spelling


def open_for(version: str, order_id: str) -> None:
    """Show the order's history beside the page."""
    st.dialog(f"Order {order_id}", width="large", position="right")(_draw)(version, order_id)


def _draw(version: str, order_id: str) -> None:
    timeline = client.fetch("order_timeline", version, order_id=order_id)
    if timeline.empty:
        st.caption("Nothing is known of this order.")
        return
    newest = timeline.iloc[-1]
    when = f"{newest['happened_at']:%d %b %Y %H:%M} UTC"
    st.caption(f"{spelling.count(len(timeline))} facts · newest: {newest['what']} at {when}")
    shown = timeline[["happened_at", "what", "status", "detail", "since_previous_hours"]]
    st.dataframe(
        shown,
        hide_index=True,
        alt=f"History of order {order_id}",
        column_config={
            "happened_at": st.column_config.DatetimeColumn("when (UTC)", format="DD MMM YYYY HH:mm:ss"),
            "since_previous_hours": st.column_config.NumberColumn("hours since previous", format="%.2f"),
        },
    )
