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
LEGEND_COLUMNS = 4

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


def wall_time(bucket_start: pd.Series) -> pd.Series:
    """Local wall time of each bucket, marked UTC, whether it comes as text with an offset or as a time."""
    if isinstance(bucket_start.dtype, pd.DatetimeTZDtype):
        local: pd.Series = bucket_start.dt.tz_localize(None).dt.tz_localize("UTC")
        return local
    return pd.to_datetime(bucket_start.astype(str).str.slice(0, 19), utc=True)


def with_wall_time(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `at` (wall time of the bucket) and `at_end` (wall time of the next one)."""
    found = table.assign(at=wall_time(table["bucket_start"]))
    step = found["at"].diff().median() if len(found) > 1 else pd.Timedelta(days=30)
    return found.assign(at_end=found["at"].shift(-1).fillna(found["at"] + step))


def counting_axis(values: pd.Series) -> alt.Axis:
    """Whole numbers: with commas below ten thousand, else shortened to 12k."""
    largest = float(values.max()) if len(values) else 0
    return alt.Axis(format="~s" if largest >= 10_000 else ",.0f", tickMinStep=1, tickCount=5)


def melted(table: pd.DataFrame, columns: list[str], name: str, value: str) -> pd.DataFrame:
    """One row for each bucket and measure."""
    return with_wall_time(table).melt(["at", "at_end"], columns, name, value)


def bars_over_time(data: pd.DataFrame) -> alt.Chart:
    """Bars from 14 % to 86 % of their bucket, whatever its length."""
    width = data["at_end"] - data["at"]
    by_month = bool(len(data)) and width.min() > pd.Timedelta(days=20)
    data = data.assign(left=data["at"] + width * 0.14, right=data["at"] + width * 0.86)
    chart: alt.Chart = (
        alt.Chart(data).mark_rect().encode(x=time_axis("left", by_month=by_month), x2="right:T")
    )
    return chart


def time_axis(field: str = "at", *, by_month: bool = False) -> alt.X:
    """Buckets from left to right, at their wall time; whole months are named without a day."""
    spelled = "%b" if by_month else "%-d %b"
    count: Any = "month" if by_month else 8
    axis = alt.Axis(grid=False, labelOverlap=True, format=spelled, tickCount=count)
    return alt.X(f"{field}:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def time_tip() -> alt.Tooltip:
    """The day a bucket begins, in a tooltip."""
    return alt.Tooltip("utcyearmonthdate(at):T", title="from")


def legend(field: str, colours: dict[str, str]) -> alt.Color:
    """Colours in a fixed order, named above the chart."""
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    # A long row of names would leave a narrow card at its right.
    columns = LEGEND_COLUMNS if len(colours) > LEGEND_COLUMNS else 0
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(orient="top", title=None, columns=columns))


def finished(chart: alt.Chart | alt.LayerChart | alt.FacetChart, *, height: int = HEIGHT) -> Spec:
    """The specification, with what all charts share."""
    spec: Spec = (
        chart.properties(height=height)
        .configure_view(stroke=None)
        .configure_axis(labelFlush=False, titlePadding=8)
        .to_dict()
    )
    return spec
