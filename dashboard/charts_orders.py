"""Charts of the orders page: tables in, Vega-Lite specifications out. Pure."""

import altair as alt
import pandas as pd

from dashboard import spelling
from dashboard.charts import (
    BLUE,
    GREEN,
    PLUM,
    SLATE,
    STATE_COLOURS,
    Spec,
    counting_axis,
    finished,
    legend,
    melted,
    time_axis,
    time_tip,
    with_wall_time,
)

FLOW_COLOURS = {"placed": BLUE, "fulfilled": GREEN, "canceled": SLATE}
BEFORE = "Placed before"
ROW_HEIGHT = 42


def open_by_state(table: pd.DataFrame) -> Spec:
    """Open orders at each day's end, stacked by state."""
    colours = {state: STATE_COLOURS.get(state, PLUM) for state in dict.fromkeys(table["state"])}
    data = with_wall_time(table.assign(state=table["state"].map(spelling.words)))
    chart = (
        alt.Chart(data[["at", "state", "orders"]])
        .mark_area(interpolate="linear", opacity=0.9, line=False)
        .encode(
            x=time_axis(data["at"]),
            y=alt.Y("orders:Q", title=None, stack="zero", axis=counting_axis(data["orders"])),
            color=legend("state", colours),
            tooltip=[time_tip(), alt.Tooltip("state:N"), alt.Tooltip("orders:Q", format=",")],
        )
    )
    return finished(chart)


def state_bars(table: pd.DataFrame) -> Spec:
    """Orders by state, each bar labelled in place with its count and share."""
    counted = pd.DataFrame(table.groupby("state", as_index=False)["orders"].sum())
    data = counted.sort_values(by="orders", ascending=False)
    data["label"] = [f"{n:,} · {n / data['orders'].sum():.1%}" for n in data["orders"]]
    data["name"] = data["state"].map(spelling.words)
    colours = [STATE_COLOURS.get(state, PLUM) for state in data["state"]]
    # Room at the right for the longest bar's label.
    room = alt.Scale(domain=[0, float(data["orders"].max()) * 1.45])
    base = alt.Chart(data).encode(
        y=alt.Y("name:N", title=None, sort=list(data["name"]), axis=alt.Axis(domain=False, ticks=False)),
        x=alt.X("orders:Q", title=None, axis=None, scale=room),
    )
    bars = base.mark_bar(height=16, cornerRadiusEnd=3).encode(
        color=alt.Color("state:N", legend=None, scale=alt.Scale(domain=list(data["state"]), range=colours)),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("orders:Q", format=",")],
    )
    labels = base.mark_text(align="left", dx=6, color=SLATE).encode(text=alt.Text("label:N"))
    return finished(bars + labels, height=ROW_HEIGHT * len(data))


def flow_lines(table: pd.DataFrame, before: pd.DataFrame) -> Spec:
    """Placed, fulfilled and canceled per bucket; what was placed in the period before is dashed.

    Unfinished buckets are left out. The period before is drawn on this one's days, one after another.
    """
    whole = table[~table["is_partial"].astype(bool)]
    lines = _lines(melted(whole, list(FLOW_COLOURS), "measure", "orders"), FLOW_COLOURS)
    if before.empty or whole.empty:
        return finished(lines)
    past = before.head(len(whole))[["placed"]].rename(columns={"placed": "orders"}).reset_index(drop=True)
    past = past.assign(at=with_wall_time(whole)["at"].reset_index(drop=True), measure=BEFORE)
    dashed = (
        alt.Chart(past)
        .mark_line(strokeDash=[4, 4], strokeWidth=1.5, color=SLATE, opacity=0.7)
        .encode(
            x=time_axis(past["at"]),
            y=alt.Y("orders:Q"),
            tooltip=[alt.Tooltip("orders:Q", title=BEFORE, format=",")],
        )
    )
    return finished(dashed + lines)


def _lines(data: pd.DataFrame, colours: dict[str, str]) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_line(interpolate="linear", strokeWidth=2)
        .encode(
            x=time_axis(data["at"]),
            y=alt.Y("orders:Q", title=None, axis=counting_axis(data["orders"])),
            color=legend("measure", colours, symbol="stroke"),
            tooltip=[time_tip(), alt.Tooltip("measure:N"), alt.Tooltip("orders:Q", format=",")],
        )
    )
    return chart
