"""Fulfillment latency: how long orders take, measured so that the ones still open count too."""

import pandas as pd
import streamlit as st

from dashboard import cards, charts, filters, frame, panels, spelling
from dashboard.questions import Questions

# What the reader chooses (and what stands in the URL) → the report's word.
STEPS = {
    "Paid to fulfilled": "paid_fulfilled",
    "Placed to paid": "placed_paid",
    "Placed to fulfilled": "placed_fulfilled",
    "Paid to first fulfilled": "paid_first_fulfilled",
    "Fulfilled to tracked": "fulfilled_tracked",
}
FIRST_STEP = "Paid to fulfilled"
PERCENTILES = {"km_p50_hours": "median", "km_p90_hours": "90 %", "km_p95_hours": "95 %"}
TARGET_HOURS = 72
# Where the two ways of measuring differ by more than this, the page says so in words.
TELLING_DIFFERENCE = 0.1
COLUMNS = [
    "bucket_start",
    "finished",
    "open",
    "canceled",
    "p50_hours",
    "p90_hours",
    "km_p50_hours",
    "km_p90_hours",
    "within_target",
]


def page() -> None:
    """Draw the page."""
    scope = filters.filters()
    step = st.segmented_control(
        "Step",
        list(STEPS),
        default=FIRST_STEP,
        required=True,
        key="step",
        bind="query-params",
        label_visibility="collapsed",
    )
    frame.show(lambda ask: _body(ask, STEPS[step or FIRST_STEP]), scope)


def _body(ask: Questions, step: str) -> None:
    scope = ask.scope
    step_asked = {"step": step, "target_hours": str(TARGET_HOURS)}
    total = ask.period("fulfillment_latency", grain="none", **step_asked)
    if total.empty or not total["finished"].iloc[0] + total["open"].iloc[0]:
        st.info("No order began this step in the period. Choose a longer range.", icon=":material/inbox:")
        return
    before = ask.before("fulfillment_latency", grain="none", **step_asked)
    panels.cards(_cards(total, before))
    st.caption(_two_ways(total.iloc[0]))
    grain = "day" if scope.days <= 30 else "week"
    by_time = ask.period("fulfillment_latency", grain=grain, **step_asked)
    subtitle = f"Hours, by the {grain} the step began, {scope.tz} · dashed: target {TARGET_HOURS} h"
    panels.chart(
        "Percentiles over time",
        subtitle,
        charts.percentile_lines,
        by_time,
        PERCENTILES,
        TARGET_HOURS,
        key="percentiles",
    )
    panels.table(
        f"By {grain}",
        "p: finished orders only · km: open ones counted as not finished yet · hours",
        by_time[COLUMNS],
        key="latency",
        empty="No order began this step in the period.",
    )


def _cards(total: pd.DataFrame, before: pd.DataFrame) -> list[cards.Card]:
    row = total.iloc[0]
    measured = cards.last(total, "finished")
    return [
        _hours_card("Median", total, before, "km_p50_hours"),
        _hours_card("90th percentile", total, before, "km_p90_hours"),
        _hours_card("95th percentile", total, before, "km_p95_hours"),
        cards.Card(
            label="Within target",
            value=spelling.percent(row["within_target"]),
            meaning=f"Of the orders finished or due, the share that took at most {TARGET_HOURS} hours.",
        ),
        cards.Card(
            label="Orders measured",
            value=spelling.count(measured),
            before=f"{spelling.count(row['open'])} still open",
            delta=0,
            meaning="Orders that finished the step; the open ones count as not finished yet.",
        ),
    ]


def _hours_card(label: str, total: pd.DataFrame, before: pd.DataFrame, column: str) -> cards.Card:
    now, then = cards.last(total, column), cards.last(before, column)
    return cards.Card(
        label=label,
        value=spelling.hours(now),
        delta=spelling.change(now, then),
        before=f"from {spelling.hours(then)}",
        good="down",
        meaning="Kaplan–Meier: open orders count as not finished yet. – means too few have finished to tell.",
    )


def _two_ways(row: pd.Series) -> str:
    finished_only, aware = row["p90_hours"], row["km_p90_hours"]
    if pd.isna(finished_only) or pd.isna(aware):
        return "Too few orders have finished to compare the two ways of measuring."
    if abs(aware / finished_only - 1) <= TELLING_DIFFERENCE:
        return "Counting finished orders only gives about the same 90th percentile."
    return (
        f"Counting finished orders only, the 90th percentile would read {spelling.hours(finished_only)}: "
        f"it leaves out the {spelling.count(row['open'])} orders still open, which have waited already."
    )
