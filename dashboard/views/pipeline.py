"""Pipeline health: is everything accounted for, and how far behind are we?"""

from dataclasses import replace

import streamlit as st

from dashboard import cards_fulfillment, cards_pipeline, charts_pipeline, client, filters, frame, panels
from dashboard.questions import Question, Questions
from dashboard.scope import Scope

REFRESH_SECONDS = 5
MOST_SITES, MOST_PARTITIONS = 5, 8
PRESENT = (
    ":material/info: The pipeline as it is now: of the filters above only the sites apply; "
    "an as-of moment, a range and a currency have no meaning here."
)


def page() -> None:
    """Draw the page; its cards ask the present every few seconds, its charts move with the ledger."""
    frame.show(_body, replace(filters.chosen(), as_of=None), wanted)


def wanted(_: Scope) -> list[Question]:
    """What the page asks."""
    return [
        ("ever", "pipeline", {"grain": "minute"}),
        ("ever", "conservation", {}),
        ("ever", "lag", {}),
        ("lately", "quota", {"grain": "minute"}),
        ("ever", "effects", {}),
        ("ever", "data_quality", {}),
    ]


def _body(ask: Questions) -> None:
    st.caption(PRESENT)
    minutes = ask.ever("pipeline", grain="minute")
    # The definition of a fragment is what it repeats: it must not ask through the version.
    st.fragment(run_every=REFRESH_SECONDS)(
        lambda: panels.cards(cards_pipeline.present(client.fetch_now("pipeline", or_last=True), minutes))
    )()
    _conservation(ask)
    left, right = st.columns(2)
    with left:
        subtitle = f"Records that wait for the worker, per minute, {ask.scope.tz}"
        panels.chart("Behind", subtitle, charts_pipeline.lag_line, minutes, ask.scope.tz, key="lag_minutes")
    with right:
        subtitle = f"Seconds from the event at Wix, per minute, {ask.scope.tz} · no event: a gap"
        draw = charts_pipeline.delays
        panels.chart("From Wix to the ledger", subtitle, draw, minutes, ask.scope.tz, key="delays")
    left, right = st.columns(2)
    with left:
        _partitions(ask)
    with right:
        _quota(ask)
    _effects(ask)
    _alarms(ask)


def _conservation(ask: Questions) -> None:
    accounts = ask.ever("conservation")
    if len(accounts):
        st.markdown(cards_pipeline.conservation(accounts, ask.ever("flows_paused")))
    panels.table(
        "Every record is accounted for",
        "Records read by the worker = rows in the ledger + dead letters + missing; missing effects are due, "
        "older than ten minutes and without any outcome",
        accounts,
        key="conservation",
        empty="The worker has not read from any topic yet.",
    )


def _partitions(ask: Questions) -> None:
    found = ask.ever("lag")
    shown = cards_pipeline.furthest_behind(found, MOST_PARTITIONS)
    subtitle = f"Records behind at the newest look · the {len(shown)} furthest behind of {len(found)}"
    empty = "Nobody has looked at the log yet: the ledger process does, every ten seconds."
    draw = charts_pipeline.partition_bars
    panels.chart_or("Lag by partition", subtitle, draw, shown, key="lag", empty=empty)


def _quota(ask: Questions) -> None:
    found = ask.lately("quota", grain="minute")
    title = "Requests to Wix"
    if found.empty or not found["calls"].sum():
        panels.nothing(title, "No request to Wix in the last hour.", key="quota")
        return
    shown = cards_pipeline.busiest(found, MOST_SITES)
    shown = cards_fulfillment.named(shown, ask.ever("sites"), "site")
    subtitle = f"Per minute and site, the limit dashed · {cards_pipeline.closest_to_limit(found)}"
    panels.chart(title, subtitle, charts_pipeline.quota_lines, shown, key="quota")


def _effects(ask: Questions) -> None:
    found = ask.ever("effects").drop(columns="bucket_start")
    subtitle = "Due = done + suppressed + waiting + failed + open, for ever"
    empty = "No event has made anything due yet."
    draw = charts_pipeline.effect_bars
    panels.chart_or(
        "Effects by flow", subtitle, draw, found[found["due"] > 0], key="effect_bars", empty=empty
    )
    panels.table("Effects", subtitle, found, key="effects", empty=empty)


def _alarms(ask: Questions) -> None:
    found = ask.ever("data_quality")
    title, subtitle = "Alarms", f"What the log holds that should not be · {cards_pipeline.rang(found)}"
    empty = "No kind of alarm is known."
    panels.table(title, subtitle, cards_pipeline.alarms(found), key="data_quality", empty=empty)
