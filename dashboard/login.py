"""The login by OIDC, where `.streamlit/secrets.toml` configures one: before it, nothing shows.

Streamlit checks what the provider signed and keeps who it is in a cookie of its own, for 30 days.
"""

from typing import Any

import streamlit as st

from dashboard.settings import DashboardSettings
from dashboard.way_back import REFUSED

FAILED = (
    "The login did not succeed: the provider refused it, or its answer was not meant for this dashboard. "
    "Try again; if it stays so, the dashboard's log names the reason."
)
UNCONFIGURED = (
    "These pages can be reached from other machines, and the login that protects them is gone: "
    "`.streamlit/secrets.toml` has no `[auth]`. Put it back, or set DASHBOARD_HOST to 127.0.0.1, and restart."
)


def let_in() -> None:
    """End the script here for everybody who has not logged in, where a login is configured or needed."""
    if not is_configured():
        if DashboardSettings().needs_login:
            st.error(UNCONFIGURED, icon=":material/lock:")
            st.stop()
        return
    is_logged_in = bool(st.user.get("is_logged_in", False))
    if is_logged_in and _is_meant_for_us(st.user.get("aud")):
        return
    st.title("Orderline", anchor=False)
    if is_logged_in or REFUSED in st.query_params:
        st.error(FAILED, icon=":material/lock:")
    st.caption("Orders, churn and fulfillment of your sites. Please log in to see them.")
    st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
    st.stop()


def is_configured() -> bool:
    """Whether there is a provider to log in with."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _is_meant_for_us(audience: Any) -> bool:
    """Streamlit's library lets a token for somebody else pass if it only names us as its party."""
    ours = st.secrets["auth"].get("client_id")
    return ours in audience if isinstance(audience, list) else ours == audience
