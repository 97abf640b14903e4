"""Reports become charts: a table in, a Vega-Lite specification out. Pure, and tested by what comes out.

Buckets are drawn at their local wall time on a UTC scale, so that no browser shifts a day by its
own zone. Unfinished buckets are pale.
"""

from typing import Any

import altair as alt
import pandas as pd

Spec = dict[str, Any]

BLUE, AMBER, GREEN, SLATE, PLUM, SKY = "#0063A8", "#D08300", "#1FA37C", "#6B7686", "#B04E8A", "#3F9BD8"
HEIGHT = 260

# One state, one colour, on every page.
STATE_COLOURS = {
    "placed": SKY,
    "approved": BLUE,
    "partially_fulfilled": AMBER,
    "fulfilled": GREEN,
    "active": GREEN,
    "pending": SKY,
    "paused": AMBER,
    "set_to_cancel": PLUM,
    "canceled": SLATE,
    "ended": SLATE,
    "rejected": PLUM,
    "draft": SKY,
    "unknown": PLUM,
}
CAUSE_COLOURS = {
    "voluntary": AMBER,
    "involuntary": PLUM,
    "owner": SLATE,
    "completed": SKY,
    "unknown": "#8F6B4A",
}
PERCENTILE_COLOURS = {"median": SKY, "90 %": BLUE, "95 %": "#063B63"}


def wall_time(bucket_start: pd.Series) -> pd.Series:
    """Local wall time of each bucket, marked UTC, whether it comes as text with an offset or as a time."""
    if isinstance(bucket_start.dtype, pd.DatetimeTZDtype):
        local: pd.Series = bucket_start.dt.tz_localize(None).dt.tz_localize("UTC")
        return local
    return pd.to_datetime(bucket_start.astype(str).str.slice(0, 19), utc=True)


def flow_lines(table: pd.DataFrame, measures: dict[str, str]) -> Spec:
    """One line for each measure (column → colour), per bucket. Unfinished buckets are left out."""
    whole = table[~table["is_partial"].astype(bool)]
    long = _melted(whole, list(measures), "measure", "orders")
    chart = (
        alt.Chart(long)
        .mark_line(interpolate="linear", strokeWidth=2, point=alt.OverlayMarkDef(size=14))
        .encode(
            x=_time_axis(),
            y=alt.Y("orders:Q", title=None, axis=alt.Axis(format=",.0f", tickMinStep=1)),
            color=_legend("measure", measures),
            tooltip=[_time_tip(), alt.Tooltip("measure:N"), alt.Tooltip("orders:Q", format=",")],
        )
    )
    return _finished(chart)


def open_area(table: pd.DataFrame) -> Spec:
    """Open orders at each bucket's end."""
    data = _at(table)[["at", "open_at_end"]]
    chart = (
        alt.Chart(data)
        .mark_area(interpolate="step-after", opacity=0.85, color=BLUE)
        .encode(
            x=_time_axis(),
            y=alt.Y("open_at_end:Q", title=None, axis=alt.Axis(format=",.0f", tickMinStep=1)),
            tooltip=[_time_tip(), alt.Tooltip("open_at_end:Q", title="open", format=",")],
        )
    )
    return _finished(chart)


def state_bars(table: pd.DataFrame) -> Spec:
    """Orders by state, each bar labelled in place with its count and share."""
    data = table.groupby("state", as_index=False)["orders"].sum()
    data["label"] = [f"{n:,} · {n / data['orders'].sum():.1%}" for n in data["orders"]]
    data["name"] = data["state"].str.replace("_", " ")
    colours = [STATE_COLOURS.get(state, PLUM) for state in data["state"]]
    base = alt.Chart(data).encode(
        y=alt.Y("name:N", title=None, sort="-x", axis=alt.Axis(domain=False, ticks=False)),
        x=alt.X("orders:Q", title=None, axis=None),
    )
    bars = base.mark_bar(height=16, cornerRadiusEnd=3).encode(
        color=alt.Color("state:N", legend=None, scale=alt.Scale(domain=list(data["state"]), range=colours)),
        tooltip=["name:N", alt.Tooltip("orders:Q", format=",")],
    )
    labels = base.mark_text(align="left", dx=6, color=SLATE).encode(text="label:N")
    return _finished(bars + labels)


def gained_and_lost(table: pd.DataFrame) -> Spec:
    """New customers up, churned ones down by cause, per bucket."""
    new = _at(table)[["at", "at_end", "new"]].rename(columns={"new": "customers"})
    new["what"] = "new"
    lost = _melted(table, list(CAUSE_COLOURS), "what", "customers")
    lost["customers"] = -lost["customers"]
    long = pd.concat([new, lost], ignore_index=True)
    colours = {"new": GREEN, **CAUSE_COLOURS}
    chart = _bars_over_time(long).encode(
        y=alt.Y("customers:Q", title=None, stack="zero", axis=alt.Axis(format=",.0f", tickMinStep=1)),
        color=_legend("what", colours),
        tooltip=[_time_tip(), "what:N", alt.Tooltip("customers:Q", format=",")],
    )
    return _finished(chart)


def churn_rate_bars(table: pd.DataFrame) -> Spec:
    """The churn rate of each bucket; the unfinished one is pale."""
    data = _at(table)
    chart = _bars_over_time(data).encode(
        y=alt.Y("rate:Q", title=None, axis=alt.Axis(format=".0%")),
        color=alt.value(BLUE),
        opacity=alt.condition("datum.is_partial", alt.value(0.35), alt.value(1)),
        tooltip=[_time_tip(), alt.Tooltip("rate:Q", format=".1%"), "numerator:Q", "base:Q"],
    )
    return _finished(chart)


def percentile_lines(table: pd.DataFrame, columns: dict[str, str], target_hours: float) -> Spec:
    """Percentiles in hours per bucket (column → name), with the target dashed."""
    named = _at(table).rename(columns=columns)
    long = named.melt(["at"], list(columns.values()), "percentile", "hours")
    colours = {name: PERCENTILE_COLOURS[name] for name in columns.values()}
    lines = (
        alt.Chart(long)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=14), invalid="break-paths-show-path-domains")
        .encode(
            x=_time_axis(),
            y=alt.Y("hours:Q", title=None, axis=alt.Axis(format=",.0f")),
            color=_legend("percentile", colours),
            tooltip=[_time_tip(), "percentile:N", alt.Tooltip("hours:Q", format=",.1f")],
        )
    )
    target = (
        alt.Chart(pd.DataFrame({"hours": [target_hours]}))
        .mark_rule(strokeDash=[5, 4], color=AMBER)
        .encode(y="hours:Q")
    )
    return _finished(lines + target)


def _at(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `at` (wall time of the bucket) and `at_end` (wall time of the next one)."""
    found = table.assign(at=wall_time(table["bucket_start"]))
    step = found["at"].diff().median() if len(found) > 1 else pd.Timedelta(days=30)
    return found.assign(at_end=found["at"].shift(-1).fillna(found["at"] + step))


def _melted(table: pd.DataFrame, columns: list[str], name: str, value: str) -> pd.DataFrame:
    return _at(table).melt(["at", "at_end"], columns, name, value)


def _bars_over_time(data: pd.DataFrame) -> alt.Chart:
    """Bars from 14 % to 86 % of their bucket, whatever its length."""
    width = data["at_end"] - data["at"]
    data = data.assign(left=data["at"] + width * 0.14, right=data["at"] + width * 0.86)
    chart: alt.Chart = alt.Chart(data).mark_rect().encode(x=_time_axis("left"), x2="right:T")
    return chart


def _time_axis(field: str = "at") -> alt.X:
    axis = alt.Axis(grid=False, labelOverlap=True, format="%-d %b", tickCount=8)
    return alt.X(f"{field}:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def _time_tip() -> alt.Tooltip:
    return alt.Tooltip("utcyearmonthdate(at):T", title="from")


def _legend(field: str, colours: dict[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(orient="top", title=None))


def _finished(chart: alt.Chart | alt.LayerChart) -> Spec:
    spec: Spec = (
        chart.properties(height=HEIGHT)
        .configure_view(stroke=None)
        .configure_axis(labelFlush=False, titlePadding=8)
        .to_dict()
    )
    return spec
