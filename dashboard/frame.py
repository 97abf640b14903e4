"""What is around every page: how fresh the data is, and the sentence when there is nothing to show."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from dashboard import ahead, client, filters, spelling
from dashboard.ahead import Wanted
from dashboard.questions import Questions
from dashboard.scope import Scope

STRIP_SECONDS = 5
# Where a session notes what its page shows (None: nothing, or the service was away), and in which theme.
DRAWN, THEME = "drawn_questions", "drawn_theme"
# How often in a row a version went away while the page was drawn.
TRIES = "version_tries"
VERSION_TRIES = 3
LIVE_SECONDS, DELAYED_SECONDS = 60, 300

WAITING = "Waiting for the first events. As soon as Wix sends one, this page fills in by itself."
WAY_OUT = (
    "It is part of the ledger process: start it with `python -m streams ledger`, or set "
    "REPORTS_URL to where it listens. This page goes on by itself when it is back."
)
STALE = (
    "The report service does not answer. What is shown is the last that was known, through {through}; "
    f"what was not asked before is missing. {WAY_OUT}"
)
AWAY = f"{{error}} {WAY_OUT}"

AS_OF = "Everything here is as it was known on {moment} ({tz}); what is live is in the line above."


def show(body: Callable[[Questions], None], scope: Scope, wanted: Wanted) -> None:
    """Draw a page's body with the newest version, or the sentence that says why there is nothing.

    `wanted` is what it will ask, as far as that is known: it is asked side by side. A version that
    goes away in the middle is replaced by the newest, and the body drawn anew.
    """
    try:
        _draw(body, wanted, client.freshness(), scope)
        st.session_state[TRIES] = 0
    except client.VersionGone:
        _again()
    except client.ServiceAway as error:
        st.session_state[DRAWN] = None
        st.error(AWAY.format(error=error), icon=":material/cloud_off:")
    except client.ReportRefused as error:
        st.error(f"The report service refused the question: {error}", icon=":material/error:")


@st.fragment(run_every=STRIP_SECONDS)
def strip(neighbours: Sequence[Wanted] = ()) -> None:
    """How fresh the data is: every five seconds, from the present and not from a version.

    What the pages one click away want to know, `neighbours`, is asked now and then, too.
    """
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="strip"
    ):
        try:
            now = client.fetch_now("pipeline")
        except (client.ServiceAway, client.ReportRefused, client.VersionGone):
            st.badge("No data", icon=":material/cloud_off:", color="red")
            st.caption("The report service does not answer; what is shown may be old.", width="content")
            return
        _badge(now)
    if st.session_state.get("auto_refresh", True) and _has_moved_on(neighbours):
        st.rerun(scope="app")


def no_match(sentence: str) -> None:
    """The filters leave nothing: say so, and offer the way out."""
    with st.container(border=True, key="no_match"):
        st.markdown(f"**{sentence}**")
        st.caption("Choose a longer range or other filters.")
        st.button("Reset filters", icon=":material/filter_alt_off:", on_click=filters.reset)


def _again() -> None:
    """Draw the whole page anew: within one run Streamlit takes no container's key twice."""
    client.forget_version()
    st.session_state[TRIES] = st.session_state.get(TRIES, 0) + 1
    if st.session_state[TRIES] < VERSION_TRIES:
        st.rerun()
    st.session_state[TRIES] = 0
    st.info("The ledger moves on faster than this page is drawn. Reload it.", icon=":material/refresh:")


def _draw(body: Callable[[Questions], None], wanted: Wanted, fresh: client.Freshness, scope: Scope) -> None:
    scope = scope.at(fresh.minute)
    newest = Questions(fresh, scope, wanted(scope))
    # A version that went away in the middle is not tried again.
    ask = newest if st.session_state.get(TRIES) else ahead.choose(newest)
    st.session_state[DRAWN], st.session_state[THEME] = ask, st.context.theme.type
    if not fresh.version or fresh.data_through is None:
        st.info(WAITING, icon=":material/hourglass_empty:")
        return
    if fresh.is_stale:
        through = f"{fresh.data_through:%d %b %H:%M:%S} UTC"
        st.warning(STALE.format(through=through), icon=":material/history:")
    if scope.as_of:
        st.info(AS_OF.format(moment=f"{scope.as_of:%d %b %Y %H:%M}", tz=scope.tz), icon=":material/history:")
    body(ask)
    ahead.drawn(ask)


def _has_moved_on(neighbours: Sequence[Wanted]) -> bool:
    """Whether the page is to be drawn anew: for a newer version whose answers are there, or another theme."""
    if DRAWN not in st.session_state:
        return False
    drawn: Questions | None = st.session_state[DRAWN]
    try:
        fresh = client.freshness()
    except client.ServiceAway:
        return False
    if drawn is None or fresh.is_stale != drawn.fresh.is_stale:
        return True
    if ahead.is_ready(drawn, fresh) or st.session_state[THEME] != st.context.theme.type:
        return True
    ahead.keep_warm(neighbours, drawn, fresh)
    return False


def _badge(now: pd.DataFrame) -> None:
    if now.empty or pd.isna(now["newest_event_at"].iloc[0]):
        st.badge("Waiting", icon=":material/hourglass_empty:", color="gray")
        st.caption("No event yet", width="content")
        return
    row = now.iloc[0]
    word, icon, colour = _how_live(float(row["freshness_seconds"]), row["lag"])
    newest = pd.Timestamp(row["newest_event_at"]).strftime("%d %b %H:%M:%S UTC")
    st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]  # the words below are in its Literal
    st.caption(
        f"Data through {newest} · {spelling.count(row['lag'])} events behind · "
        f"{spelling.count(row['dead_letters'])} dead letters",
        width="content",
    )


def _how_live(age_seconds: float, lag: float) -> tuple[str, str, str]:
    """A quiet shop is no fault; events that wait while none arrives are one."""
    if age_seconds < LIVE_SECONDS:
        return "Live", ":material/sensors:", "green"
    if age_seconds < DELAYED_SECONDS:
        return "Delayed", ":material/schedule:", "orange"
    if pd.notna(lag) and lag > 0:
        return "Stale", ":material/warning:", "red"
    return "Quiet", ":material/bedtime:", "gray"
