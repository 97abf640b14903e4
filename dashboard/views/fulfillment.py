"""Fulfillment latency: how long orders take, measured so that the ones still open count too."""

import pandas as pd
import streamlit as st

from dashboard import cards_fulfillment, charts_fulfillment, filters, frame, own_filters, panels
from dashboard.questions import Question, Questions
from dashboard.scope import Scope

# What the reader chooses (and what stands in the URL) → the report's word.
STEPS = {
    "Paid to fulfilled": "paid_fulfilled",
    "Placed to paid": "placed_paid",
    "Placed to fulfilled": "placed_fulfilled",
    "Paid to first fulfilled": "paid_first_fulfilled",
    "Fulfilled to tracked": "fulfilled_tracked",
}
FIRST_STEP = "Paid to fulfilled"
TARGETS = {"24 h": 24.0, "48 h": 48.0, "72 h": 72.0, "5 days": 120.0, "7 days": 168.0}
FIRST_TARGET = "72 h"
BACKLOG = ["name", "hours_left", "age_hours", "paid_at", "order_id"]
COLUMNS = [
    "bucket_start",
    "finished",
    "open",
    "canceled",
    "p50_hours",
    "p90_hours",
    "p95_hours",
    "km_p50_hours",
    "km_p90_hours",
    "km_p95_hours",
    "within_target",
    "is_partial",
]
NOTHING = "No order began this step in the period."


def page() -> None:
    """Draw the page."""
    scope = filters.chosen()
    _own_filters()
    frame.show(_body, scope, wanted)


def wanted(scope: Scope) -> list[Question]:
    """What the page asks; that of the table and the lines depends on how many orders there are."""
    asked, step, by_target = _asked(), {"step": _asked()["step"]}, {"target_hours": _asked()["target_hours"]}
    grain = cards_fulfillment.likely_grain(scope.days)
    return [
        ("period", "fulfillment_latency", {"grain": "none", **asked}),
        ("before", "fulfillment_latency", {"grain": "none", **asked}),
        ("period", "fulfillment_latency", {"grain": grain, **asked}),
        ("period", "fulfillment_distribution", step),
        ("period", "fulfillment_latency", {"grain": "none", "by": "site", **asked}),
        ("ever", "sites", {}),
        ("period", "fulfillment_by_hour", step),
        ("period", "fulfillment_rates", by_target),
        ("before", "fulfillment_rates", by_target),
        ("ever", "backlog", by_target),
    ]


def _own_filters() -> None:
    index = list(TARGETS).index(FIRST_TARGET)
    with own_filters.row():
        own_filters.choose("Step", list(STEPS), key="step", width=190, text="From")
        own_filters.choose(
            "Target", list(TARGETS), key="target", width=100, text="against a target of", index=index
        )


def _body(ask: Questions) -> None:
    step, target, asked = _step(), _target(), _asked()
    total = ask.period("fulfillment_latency", grain="none", **asked)
    if total.empty or not total["finished"].iloc[0] + total["open"].iloc[0]:
        frame.no_match(NOTHING)
        return
    before = ask.before("fulfillment_latency", grain="none", **asked)
    grain = cards_fulfillment.grain(total, ask.scope.days)
    by_time = ask.period("fulfillment_latency", grain=grain, **asked)
    panels.cards(cards_fulfillment.latency(total, before, by_time, target))
    st.caption(f":material/info: {cards_fulfillment.two_ways(total)}")
    _how_long(ask, step, target, grain, total, by_time)
    _where_and_when(ask, step, target, asked)
    _rates(ask, target)
    _backlog(ask, target)
    subtitle = "Hours, of finished orders alone · + open: the open ones count as not finished yet"
    panels.table(f"By {grain}", subtitle, by_time[COLUMNS], key="latency", empty=NOTHING)


def _step() -> str:
    return str(st.session_state.get("step") or FIRST_STEP)


def _target() -> float:
    return TARGETS[str(st.session_state.get("target") or FIRST_TARGET)]


def _asked() -> dict[str, str]:
    return {"step": STEPS[_step()], "target_hours": str(_target())}


def _how_long(
    ask: Questions, step: str, target: float, grain: str, total: pd.DataFrame, by_time: pd.DataFrame
) -> None:
    left, right = st.columns([3, 2])
    with left:
        subtitle = f"Hours, by the {grain} it began, {ask.scope.tz} · dashed: {target:g} h target"
        title, lines = f"{step}: how long it takes", charts_fulfillment.percentile_lines
        panels.chart(title, subtitle, lines, by_time, target, key="percentiles")
    with right:
        title, bins = "Distribution", ask.period("fulfillment_distribution", step=STEPS[step])
        marks = {"Median": float(total["p50_hours"].iloc[0]), "95th": float(total["p95_hours"].iloc[0])}
        if bins.empty:
            panels.nothing(title, "No order has finished this step yet.", key="distribution")
            return
        subtitle = f"Finished orders, each bar twice as long as the one before · amber: over {target:g} h"
        bars = charts_fulfillment.distribution
        panels.chart(title, subtitle, bars, bins, target, marks, key="distribution")


def _where_and_when(ask: Questions, step: str, target: float, asked: dict[str, str]) -> None:
    left, right = st.columns(2)
    with left:
        known = ask.period("fulfillment_latency", grain="none", by="site", **asked)
        known = cards_fulfillment.named(known, ask.ever("sites"))
        over = cards_fulfillment.over_target(known, target)
        subtitle = f"Hours, worst first · circle: median, diamond: 90th · {over}"
        panels.chart("By site", subtitle, charts_fulfillment.site_dots, known, target, key="by_site")
    with right:
        by_hour = ask.period("fulfillment_by_hour", step=STEPS[step])
        subtitle = f"When the step began, {ask.scope.tz} · {cards_fulfillment.slowest_day(by_hour)}"
        title, empty = "By weekday and hour", "No order has finished this step yet."
        panels.chart_or(title, subtitle, charts_fulfillment.hour_cells, by_hour, key="by_hour", empty=empty)


def _rates(ask: Questions, target: float) -> None:
    asked = {"target_hours": str(target)}
    found, before = ask.period("fulfillment_rates", **asked), ask.before("fulfillment_rates", **asked)
    panels.cards(cards_fulfillment.rates(found, before, target))


def _backlog(ask: Questions, target: float) -> None:
    found = ask.ever("backlog", target_hours=str(target))
    empty = "No paid order is waiting to be fulfilled."
    subtitle = cards_fulfillment.waiting(found) if len(found) else empty
    named = cards_fulfillment.named(found, ask.ever("sites"), "site")
    panels.table("Backlog", subtitle, named[BACKLOG], key="backlog", empty=empty)
