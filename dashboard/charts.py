"""Reports become charts: a table in, a Vega-Lite specification out. Pure, and tested by what comes out.

Buckets are drawn at their local wall time on a UTC scale, so that no browser shifts a day by its
own zone. Unfinished buckets are pale.
"""

import math
from typing import Any

import altair as alt
import pandas as pd
from altair.utils import schemapi

from dashboard import spelling

Spec = dict[str, Any]

BLUE, AMBER, GREEN, SLATE, PLUM, SKY = "#0063A8", "#D08300", "#1FA37C", "#626D7D", "#B04E8A", "#3F9BD8"
BROWN = "#8F6B4A"
# One blue in three depths: the higher the percentile, the lighter, as the fewer orders it tells of.
DEEP, MIDDLE, LIGHT = "#1A6FB5", "#3388CC", "#55A3DE"
# From few to many, by way of a colour without which all between is grey; what is written on either end, and
# the gap between two cells.
FEW, HALFWAY, MANY, ON_FEW, ON_MANY, BETWEEN = (
    "#DCEBF7",
    "#4A8DC4",
    "#063B63",
    "#0D1521",
    "#FFFFFE",
    "#FFFFFD",
)
# The same colours where the page is dark: at least 4.5 : 1 against it, and few is what is near to it.
ON_DARK = {
    BLUE: "#4A9BE8",
    AMBER: "#E8A53A",
    GREEN: "#35BF94",
    SLATE: "#98A5B8",
    PLUM: "#DB82B6",
    SKY: "#93CBF2",
    BROWN: "#C4A07A",
    DEEP: "#4A9BE8",
    MIDDLE: "#7DB9F0",
    LIGHT: "#B3D7F7",
    FEW: "#1A2C42",
    HALFWAY: "#306190",
    MANY: "#7FC0F7",
    ON_FEW: "#DCE8F5",
    ON_MANY: "#0B1320",
    BETWEEN: "#10161F",
}
HEIGHT = 260
PADDING = {"left": 0, "top": 0, "right": 4, "bottom": 0}
CONFIG: dict[str, Any] = {
    "view": {"stroke": None},
    "axis": {"labelFlush": False, "titlePadding": 8},
    # Streamlit's theme leaves as much room around a legend as around a card.
    "legend": {"padding": 0},
}
LEGEND_COLUMNS = 5
# A title that is not there takes its room all the same.
NO_TITLE: dict[str, Any] = {"title": None, "titleFontSize": 0, "titlePadding": 0}
# More names than this on an axis of days are hard to read.
MOST_TICKS = 8

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
    "unknown": BROWN,
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
    largest = float(values.abs().max()) if len(values) else 0
    return alt.Axis(format="~s" if largest >= 10_000 else ",.0f", tickMinStep=1, tickCount=5)


def melted(table: pd.DataFrame, columns: list[str], name: str, value: str) -> pd.DataFrame:
    """One row for each bucket and measure; measures are named as people write them."""
    long = with_wall_time(table).melt(["at", "at_end"], columns, name, value)
    return long.assign(**{name: long[name].map(spelling.words)})


def bars_over_time(data: pd.DataFrame) -> alt.Chart:
    """Bars from 14 % to 86 % of their bucket, whatever its length; the bucket is named below its middle."""
    width = data["at_end"] - data["at"]
    data = data.assign(left=data["at"] + width * 0.14, right=data["at"] + width * 0.86)
    axis = _named_buckets(data["at"], pd.Timedelta(width.median()) / 2 if len(data) else pd.Timedelta(0))
    x = alt.X("left:T", title=None, scale=alt.Scale(type="utc"), axis=axis)
    chart: alt.Chart = alt.Chart(data).mark_rect().encode(x=x, x2=alt.X2("right:T"))
    return chart


def time_axis(times: pd.Series, field: str = "at") -> alt.X:
    """Buckets from left to right, at their wall time; those of `times` that fit are named."""
    axis = _named_buckets(times, pd.Timedelta(0))
    return alt.X(f"{field}:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def _named_buckets(times: pd.Series, after: pd.Timedelta) -> alt.Axis:
    """The newest bucket and every n-th before it, named that long after its beginning."""
    begun = sorted(set(times.dropna()))
    step = max(1, math.ceil(len(begun) / MOST_TICKS))
    values = [_utc(one + after) for one in begun[::-1][::step][::-1]]
    months = len(begun) > 1 and begun[1] - begun[0] > pd.Timedelta(days=20)
    begin = f"toNumber(datum.value) - {after // pd.Timedelta(milliseconds=1)}"
    return alt.Axis(
        grid=False,
        ticks=False,
        labelOverlap=True,
        values=values,
        labelExpr=f"utcFormat({begin}, '{'%b' if months else '%-d %b'}')",
    )


def _utc(moment: pd.Timestamp) -> alt.DateTime:
    """By its parts: Streamlit's Vega reads a number as a year."""
    return alt.DateTime(
        year=moment.year,
        month=moment.month,
        date=moment.day,
        hours=moment.hour,
        minutes=moment.minute,
        utc=True,
    )


def time_tip() -> alt.Tooltip:
    """The day a bucket begins, in a tooltip."""
    return alt.Tooltip("utcyearmonthdate(at):T", title="from")


def legend(
    field: str, colours: dict[str, str], present: pd.Series | None = None, *, symbol: str = "square"
) -> alt.Color:
    """Colours in a fixed order, named above the chart; only what is `present`, where that is given."""
    named = {spelling.words(name): colour for name, colour in colours.items()}
    if present is not None:
        named = {name: colour for name, colour in named.items() if name in set(present)}
    scale = alt.Scale(domain=list(named), range=list(named.values()))
    # A long row of names would leave a narrow card at its right.
    columns = LEGEND_COLUMNS if len(named) > LEGEND_COLUMNS else 0
    return alt.Color(f"{field}:N", scale=scale, legend=names_above(columns, symbol))


def shades(least: float, most: float) -> alt.Scale:
    """The colours of cells, from few to many."""
    domain = [least, (least + most) / 2, most]
    return alt.Scale(range=[FEW, HALFWAY, MANY], interpolate="lab", domain=domain, clamp=True)


def names_above(columns: int, symbol: str) -> alt.Legend:
    """Where every legend stands; `columns` 0 has all names in one row."""
    return alt.Legend(orient="top", columns=columns, symbolType=symbol, offset=10, **NO_TITLE)


def finished(chart: alt.Chart | alt.LayerChart | alt.FacetChart, *, height: int = HEIGHT) -> Spec:
    """The specification, with what all charts share."""
    spec: Spec = chart.to_dict(validate=schemapi.DEBUG_MODE)
    # Added here, since `properties` and each `configure_…` copy the whole chart.
    return {**spec, "height": height, "padding": PADDING, "config": {**spec["config"], **CONFIG}}


def trusted() -> None:
    """Check no specification any more, which takes half of the time of making one: the tests have done it."""
    schemapi.disable_debug_mode()


def on_dark(spec: Any) -> Any:
    """The same chart in the colours of a dark page."""
    match spec:
        case dict():
            return {name: on_dark(part) for name, part in spec.items()}
        case list():
            return [on_dark(part) for part in spec]
        case str():
            return ON_DARK.get(spec, spec)
    return spec
