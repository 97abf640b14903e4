"""What all pages share: filters, freshness, cards, tables, and the sentence when there is nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import pandas as pd
import streamlit as st

from dashboard import client, columns, scope, spelling
from dashboard.cards import Card

STRIP_SECONDS = 5
# Where a session notes which version its page shows (None: the service was away).
DRAWN = "drawn_version"
VERSION_TRIES = 3
LIVE_SECONDS, DELAYED_SECONDS = 60, 300
COLOURS = {"up": ("green", "red"), "down": ("red", "green"), "neither": ("gray", "gray")}

WAITING = "Waiting for the first events. As soon as Wix sends one, this page fills in by itself."
STALE = (
    "The report service does not answer. What is shown is the last that was known, through {through}; "
    "what was not asked before is missing until it is back."
)
AWAY = (
    "{error} It is part of the ledger process: start it with `python -m streams ledger`, or set "
    "REPORTS_URL to where it listens. This page tries again by itself."
)


def filters() -> scope.Scope:
    """The filter row; its state lives in the URL, so that a link opens the same view."""
    row = st.container(horizontal=True, vertical_alignment="center", key="filters")
    with row:
        label = st.segmented_control(
            "Range",
            list(scope.RANGES),
            default=scope.DEFAULT_RANGE,
            required=True,
            key="range",
            bind="query-params",
            label_visibility="collapsed",
        )
        sites = st.multiselect(
            "Sites",
            _known_sites(),
            placeholder="All sites",
            key="site",
            bind="query-params",
            label_visibility="collapsed",
            width=320,
        )
    return scope.scope(label or scope.DEFAULT_RANGE, tz=_time_zone(), now=_minute(), sites=tuple(sites))


def show(body: Callable[[str], None]) -> None:
    """Draw a page's body with the newest version, or the sentence that says why there is nothing.

    A version that goes away in the middle is replaced by the newest, and the body drawn anew.
    """
    place = st.empty()
    try:
        for _ in range(VERSION_TRIES):
            try:
                with place.container():
                    _draw(body, client.freshness())
            except client.VersionGone:
                client.forget_version()
            else:
                return
        st.info("The ledger moves on faster than this page is drawn. Reload it.", icon=":material/refresh:")
    except client.ServiceAway as error:
        st.session_state[DRAWN] = None
        st.error(AWAY.format(error=error), icon=":material/cloud_off:")
    except client.ReportRefused as error:
        st.error(f"The report service refused the question: {error}", icon=":material/error:")


@st.fragment(run_every=STRIP_SECONDS)
def strip() -> None:
    """How fresh the data is: every five seconds, from the present and not from a version."""
    with st.container(horizontal=True, horizontal_alignment="right", key="strip"):
        try:
            now = client.fetch_now("pipeline")
        except (client.ServiceAway, client.ReportRefused, client.VersionGone):
            st.badge("No data", icon=":material/cloud_off:", color="red")
            st.caption("The report service does not answer; what is shown may be old.")
            return
        _badge(now)
    if st.session_state.get("auto_refresh", True) and _has_moved_on():
        st.rerun(scope="app")


def cards(found: list[Card]) -> None:
    """A row of cards; each says what it was before and, one hover away, what it means."""
    with st.grid(len(found), min_column_width=150):
        for card in found:
            up, down = COLOURS[card.good]
            st.metric(
                card.label,
                card.value,
                _tinted(card.delta, up, down),
                delta_color="gray",
                delta_arrow=_arrow(card.delta),
                delta_description=card.before,
                help=card.meaning,
                border=True,
                height="stretch",
                chart_data=card.series if len(card.series) > 1 else None,
            )


def chart(title: str, subtitle: str, spec: dict[str, object], *, key: str) -> None:
    """A card with a title, the unit in its subtitle, and a chart."""
    with st.container(border=True, key=key, height="stretch"):
        st.markdown(f"**{title}**")
        st.caption(subtitle)
        st.vega_lite_chart(spec=spec, alt=f"{title}. {subtitle}")


def table(title: str, subtitle: str, data: pd.DataFrame, *, key: str, empty: str) -> None:
    """A table in a card with its export beside it, or the sentence for the empty case."""
    with st.container(border=True, key=key):
        st.markdown(f"**{title}**")
        if data.empty:
            st.caption(empty)
            return
        st.caption(subtitle)
        st.dataframe(data, hide_index=True, alt=f"{title}. {subtitle}", column_config=columns.config(data))
        st.download_button(
            "Export CSV",
            lambda: data.to_csv(index=False),
            f"{key}.csv",
            "text/csv",
            key=f"{key}_csv",
            on_click="ignore",
            type="tertiary",
        )


def choose_row(
    title: str, subtitle: str, data: pd.DataFrame, wanted: list[str], *, key: str, empty: str
) -> int | None:
    """A table in a card whose rows can be chosen; gives the chosen row's position, or None."""
    with st.container(border=True, key=f"{key}_card"):
        st.markdown(f"**{title}**")
        if data.empty:
            st.caption(empty)
            return None
        st.caption(subtitle)
        chosen = st.dataframe(
            data[wanted],
            hide_index=True,
            column_config=columns.config(data[wanted]),
            key=key,
            on_select="rerun",
            selection_mode="single-row",
            alt=f"{title}. {subtitle}",
        )
    rows = chosen["selection"]["rows"]
    return int(rows[0]) if rows else None


def nothing_yet(data: pd.DataFrame) -> bool:
    """Say why there is nothing, and whether that is so."""
    if data.empty:
        st.info(WAITING, icon=":material/hourglass_empty:")
    return data.empty


def _draw(body: Callable[[str], None], fresh: client.Freshness) -> None:
    st.session_state[DRAWN] = fresh
    if not fresh.version:
        st.info(WAITING, icon=":material/hourglass_empty:")
        return
    if fresh.is_stale:
        through = f"{fresh.data_through:%d %b %H:%M:%S} UTC" if fresh.data_through else "an unknown time"
        st.warning(STALE.format(through=through), icon=":material/history:")
    body(fresh.version)


def _known_sites() -> list[str]:
    """Every site that the ledger knows; none while the service is away, which the page itself says."""
    try:
        return sorted(client.fetch_now("sites")["site"])
    except (client.ServiceAway, client.ReportRefused, client.VersionGone):
        return []


def _has_moved_on() -> bool:
    """Whether the ledger has a newer version than the page shows, or is back after being away."""
    if DRAWN not in st.session_state:
        return False
    try:
        return bool(client.freshness() != st.session_state[DRAWN])
    except client.ServiceAway:
        return False


def _badge(now: pd.DataFrame) -> None:
    if now.empty or pd.isna(now["newest_event_at"].iloc[0]):
        st.badge("Waiting", icon=":material/hourglass_empty:", color="gray")
        st.caption("No event yet")
        return
    row = now.iloc[0]
    word, icon, colour = _how_live(float(row["freshness_seconds"]))
    newest = pd.Timestamp(row["newest_event_at"]).strftime("%d %b %H:%M:%S UTC")
    st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]  # the three words below are in its Literal
    st.caption(
        f"Data through {newest} · {spelling.count(row['lag'])} events behind · "
        f"{spelling.count(row['dead_letters'])} dead letters"
    )


def _how_live(age_seconds: float) -> tuple[str, str, str]:
    if age_seconds < LIVE_SECONDS:
        return "Live", ":material/sensors:", "green"
    if age_seconds < DELAYED_SECONDS:
        return "Delayed", ":material/schedule:", "orange"
    return "Quiet", ":material/bedtime:", "gray"


def _tinted(delta: str | int | None, up: str, down: str) -> str | int | None:
    if not isinstance(delta, str):
        return delta
    return f":{down if delta.startswith('-') else up}[{delta}]"


def _arrow(delta: str | int | None) -> Literal["up", "down", "off"]:
    if not isinstance(delta, str):
        return "off"
    return "down" if delta.startswith("-") else "up"


def _time_zone() -> str:
    return st.session_state.get("tz") or st.context.timezone or "UTC"


def _minute() -> datetime:
    """Now, cut to the minute: the cards of a page and all sessions ask the same question."""
    return datetime.now(UTC).replace(second=0, microsecond=0)
