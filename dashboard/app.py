"""The pages and what is around them. Streamlit runs this file for every interaction."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import filters, frame, login
from dashboard.views import churn, failures, fulfillment, orders, pipeline

AUTO_REFRESH = "Draws the page anew when the ledger has a newer version, at most every quarter of a minute."
# What each page asks when nobody has chosen anything on it.
NEIGHBOURS = (orders.wanted, churn.wanted, fulfillment.wanted, pipeline.wanted, failures.wanted)
STATIC = Path(__file__).parent / "static"


def main() -> None:
    """Draw the frame and the page that the URL names."""
    # An icon of our own: without one the browser would fetch the page's symbol from another host.
    st.set_page_config(page_title="Orderline", page_icon=str(STATIC / "icon.svg"), layout="wide")
    login.let_in()
    st.html(STATIC / "touch.css")
    logo = "logo-dark.svg" if st.context.theme.type == "dark" else "logo.svg"
    st.logo(str(STATIC / logo), icon_image=str(STATIC / "icon.svg"))
    page = st.navigation(_pages())
    with st.sidebar:
        _sidebar()
    head, state = st.columns([2, 3], vertical_alignment="center")
    head.header(page.title, anchor=False)
    filters.filters()
    # The page first: the strip compares what is drawn with what is newest, and would else ask for ever
    # to draw anew what has not been drawn yet.
    page.run()
    with state:
        frame.strip(NEIGHBOURS)


def _pages() -> dict[str, list[StreamlitPage]]:
    return {
        "Reports": [
            st.Page(orders.page, title="Orders & statuses", icon=":material/receipt_long:", default=True),
            st.Page(churn.page, title="Churn & retention", icon=":material/group_remove:", url_path="churn"),
            st.Page(
                fulfillment.page,
                title="Fulfillment latency",
                icon=":material/local_shipping:",
                url_path="fulfillment",
            ),
        ],
        "Operations": [
            st.Page(
                pipeline.page, title="Pipeline health", icon=":material/monitor_heart:", url_path="pipeline"
            ),
            st.Page(failures.page, title="Failures", icon=":material/report:", url_path="failures"),
        ],
    }


def _sidebar() -> None:
    st.toggle("Auto-refresh", value=True, key="auto_refresh", help=AUTO_REFRESH)
    filters.choose_zone()
    if login.is_configured():
        st.button("Log out", type="tertiary", icon=":material/logout:", on_click=st.logout)


main()
