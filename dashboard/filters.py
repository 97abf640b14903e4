"""The filter row. Its state lives in the URL, so that a link opens the same view for somebody else."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pandas as pd
import streamlit as st

from dashboard import client, scope

ALL_CURRENCIES = "All currencies"
CHOSEN = "chosen_scope"
ZONE = "tz"
# What filters are where nobody chose: a parameter of the URL that a widget is bound to can only be changed.
DEFAULTS: dict[str, Any] = {
    "range": scope.DEFAULT_RANGE,
    "compare": scope.PREVIOUS_PERIOD,
    "site": [],
    "currency": ALL_CURRENCIES,
    "as_of": None,
}
AS_OF_HELP = (
    "Every number as it was known at that moment: events that arrived later, and later restatements, "
    "are left out. Without one: the present."
)


def filters() -> scope.Scope:
    """Draw the row and give what it asks for; the page gets it by `chosen`.

    Drawn around the pages and not by them: Streamlit takes a page's own filters out of the address when
    the reader goes to another page, and each of them back would be a step of the browser's history.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="filters"):
        label = _range()
        days = _days() if label == scope.CUSTOM else None
        comparison = st.selectbox(
            "Compare with",
            scope.COMPARISONS,
            key="compare",
            bind="query-params",
            label_visibility="collapsed",
            width=135,
        )
        sites = _sites(days_chosen=label == scope.CUSTOM)
        currency = _currency()
        as_of = _as_of()
    st.session_state[CHOSEN] = found = scope.scope(
        label,
        tz=time_zone(),
        now=_now(),
        chosen=days,
        comparison=comparison,
        sites=sites,
        currency=currency,
        as_of=as_of,
    )
    return found


def chosen() -> scope.Scope:
    """What the row above the page asks for."""
    found: scope.Scope = st.session_state[CHOSEN]
    return found


def time_zone() -> str:
    """The reader's choice, else the browser's own zone."""
    return st.session_state.get(ZONE) or own_zone()


def own_zone() -> str:
    """The zone that the browser names."""
    return st.context.timezone or "UTC"


def choose_zone() -> None:
    """The zone by which days are cut. It always stands in the address: a link means the same days elsewhere.

    Streamlit leaves a default out of the address, so there is none; what no widget has bound yet can be set.
    """
    own = own_zone()
    zones = list(dict.fromkeys([own, "UTC", *sorted(available_timezones())]))
    if ZONE not in st.session_state and st.query_params.get(ZONE) not in zones:
        st.query_params[ZONE] = st.session_state[ZONE] = own
    st.selectbox("Time zone", zones, index=None, placeholder=own, key=ZONE, bind="query-params")


def reset() -> None:
    """Take every filter away: the way out of an empty page."""
    for key, default in DEFAULTS.items():
        st.session_state[key] = default


def _range() -> str:
    label = st.segmented_control(
        "Range",
        [*scope.RANGES, scope.CUSTOM],
        default=scope.DEFAULT_RANGE,
        required=True,
        key="range",
        bind="query-params",
        label_visibility="collapsed",
    )
    return label or scope.DEFAULT_RANGE


def _days() -> tuple[date, date] | None:
    """First and last day; None until both are chosen."""
    today = datetime.now(ZoneInfo(time_zone())).date()
    default = (today.replace(day=1), today)
    chosen = st.date_input(
        "Days",
        default,
        max_value=today,
        format="YYYY-MM-DD",
        key="days",
        bind="query-params",
        label_visibility="collapsed",
        width=215,
    )
    match chosen:
        case (date() as first, date() as last):
            return first, last
    return None


def _sites(*, days_chosen: bool) -> tuple[str, ...]:
    known = _known("sites")
    labels = dict(zip(known["site"], known["site"], strict=True)) if "site" in known else {}
    if "name" in known:
        labels = {
            _site_label(site, name): site for site, name in zip(known["site"], known["name"], strict=True)
        }
    chosen = st.multiselect(
        "Sites",
        sorted(labels),
        placeholder="All sites",
        key="site",
        bind="query-params",
        label_visibility="collapsed",
        # With own days, too, all of the row fits into 1440 pixels.
        width=130 if days_chosen else 190,
    )
    return tuple(labels[one] for one in chosen)


def _site_label(site: str, name: str | None) -> str:
    return site if name is None or pd.isna(name) else f"{name} · {site}"


def _currency() -> str | None:
    """Amounts of two currencies are never summed: one is chosen, or amounts are listed apart."""
    chosen = st.selectbox(
        "Currency",
        [ALL_CURRENCIES, *currencies()],
        key="currency",
        bind="query-params",
        label_visibility="collapsed",
        width=130,
    )
    return None if chosen == ALL_CURRENCIES else chosen


def currencies() -> list[str]:
    """Those of the sites, and all that were ever paid in: the whole history is asked for them, so rarely."""
    lists = (_known("sites"), _known("revenue", grain="month", rarely=True))
    return sorted({one for known in lists if "currency" in known for one in known["currency"].dropna()})


def _as_of() -> datetime | None:
    chosen = st.session_state.get("as_of")
    title = f"As of {chosen:%d %b %Y %H:%M}" if chosen else "As of now"
    with st.popover(title, icon=":material/history:", key="as_of_box"):
        picked = st.datetime_input("As of", None, key="as_of", bind="query-params", help=AS_OF_HELP)
        st.caption(f"In {time_zone()}. Clear it to see the present.")
    return picked.replace(tzinfo=ZoneInfo(time_zone())) if picked else None


def _known(report: str, *, rarely: bool = False, **params: str) -> pd.DataFrame:
    """A report about everything; empty while the service is away, which the page itself says."""
    try:
        return client.fetch_list(report, rarely=rarely, **params)
    except (client.ServiceAway, client.ReportRefused):
        return pd.DataFrame()


def _now() -> datetime:
    try:
        return client.freshness().minute
    except client.ServiceAway:
        return datetime.now(UTC)
