"""Charts of the fulfillment page: tables in, Vega-Lite specifications out. Pure."""

import math
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts import (
    AMBER,
    BLUE,
    DEEP,
    LIGHT,
    MIDDLE,
    SKY,
    SLATE,
    Spec,
    counting_axis,
    finished,
    shades,
    time_axis,
    time_tip,
    with_wall_time,
)

LINES = {"km_p50_hours": "Median", "km_p90_hours": "90th", "km_p95_hours": "95th"}
FINISHED_ONLY = {"p90_hours": "90th, finished only"}
DEPTHS = {"Median": DEEP, "90th": MIDDLE, "95th": LIGHT, "90th, finished only": SLATE}
# Two labels at the end of lines stay this share of the axis apart.
LABELS_APART = 0.075
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
ROW_HEIGHT, LEAST_HEIGHT = 24, 230
CELL_HEIGHT = 38
RAMP_TO = 0.97


def percentile_lines(table: pd.DataFrame, target_hours: float) -> Spec:
    """Percentiles in hours per whole bucket, named at the line's end; the target is dashed.

    Those that count open orders are drawn full, the 90th of finished orders alone is dotted: where
    the two part, what is still open tells. A bucket that can't be known yet is a gap.
    """
    whole = table[~table["is_partial"].astype(bool)]
    names = LINES | FINISHED_ONLY
    data = with_wall_time(whole).melt(["at"], list(names), "percentile", "hours")
    data = data.assign(percentile=data["percentile"].map(names))
    lines = [
        _line(data[data["percentile"].isin(LINES.values())]),
        _line(data[data["percentile"].isin(FINISHED_ONLY.values())], strokeDash=[2, 3], strokeWidth=1.5),
    ]
    return finished(alt.layer(*lines, _ends(data), _target_across(target_hours)))


def distribution(bins: pd.DataFrame, target_hours: float, marks: dict[str, float]) -> Spec:
    """Finished orders by hours, bins of doubling width drawn equally wide; over the target in amber.

    A bin with the target inside is split there by colour. `marks` are named hours, drawn as lines.
    """
    data = _split_at(bins, target_hours)
    edges = [float(edge) for edge in [0, *bins["to_hours"]]]
    ticks = [_place(edge) for edge in edges]
    axis = alt.Axis(
        values=ticks, labelExpr="datum.value == 0 ? '0' : pow(2, datum.value - 1)", grid=False, ticks=False
    )
    room = alt.Scale(domain=[0, max(ticks)], nice=False)
    headroom = alt.Scale(domain=[0, float(data["orders"].max()) * 1.12], nice=False)
    bars = (
        alt.Chart(data)
        .mark_rect()
        .encode(
            x=alt.X("left:Q", title="hours", axis=axis, scale=room),
            x2=alt.X2("right:Q"),
            y=alt.Y("orders:Q", title=None, axis=counting_axis(data["orders"]), scale=headroom),
            y2=alt.Y2Datum(0),
            color=alt.Color("colour:N", scale=None),
            tooltip=[alt.Tooltip("hours:N"), alt.Tooltip("orders:Q", format=",")],
        )
    )
    return finished(alt.layer(bars, *_marked(marks)))


def site_dots(table: pd.DataFrame, target_hours: float) -> Spec:
    """Each site's median (circle) and 90th percentile (diamond, amber over the target), worst first."""
    data = worst_first(table)
    data = data.assign(colour=[AMBER if hours > target_hours else SKY for hours in data["km_p90_hours"]])
    y = alt.Y("name:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=170))
    x = alt.X("km_p50_hours:Q", title="hours", axis=alt.Axis(format=",.0f", tickCount=8))
    tips = [
        alt.Tooltip("name:N", title="site"),
        alt.Tooltip("km_p50_hours:Q", title="median", format=",.1f"),
        alt.Tooltip("km_p90_hours:Q", title="90th", format=",.1f"),
        alt.Tooltip("finished:Q", title="finished", format=","),
    ]
    base = alt.Chart(data).encode(y=y, tooltip=tips)
    target = alt.Chart(pd.DataFrame({"hours": [target_hours]})).mark_rule(strokeDash=[5, 4], color=AMBER)
    spans = base.mark_rule(color=SLATE, opacity=0.35, strokeWidth=3).encode(x=x, x2=alt.X2("km_p90_hours:Q"))
    medians = base.mark_point(shape="circle", filled=True, size=90, opacity=1, color=BLUE).encode(x=x)
    nineties = base.mark_point(shape="diamond", filled=True, size=90, opacity=1).encode(
        x=alt.X("km_p90_hours:Q"), color=alt.Color("colour:N", scale=None)
    )
    layers = alt.layer(target.encode(x=alt.X("hours:Q")), spans, medians, nineties)
    return finished(layers, height=max(ROW_HEIGHT * len(data), LEAST_HEIGHT))


def worst_first(table: pd.DataFrame) -> pd.DataFrame:
    """Sites with finished orders by their 90th percentile; those whose 90th isn't known yet first."""
    known = table[table["finished"] > 0]
    return known.sort_values(
        ["km_p90_hours", "km_p50_hours"], ascending=False, na_position="first", ignore_index=True
    )


def hour_cells(table: pd.DataFrame) -> Spec:
    """Median hours by weekday and hour at which the step began; without orders one stays empty."""
    data = table[table["orders"] > 0].assign(
        day=[WEEKDAYS[int(day) - 1] for day in table.loc[table["orders"] > 0, "weekday"]]
    )
    chart = (
        alt.Chart(data)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X(
                "hour:O",
                scale=alt.Scale(domain=list(range(24)), paddingInner=0.08),
                title="hour of day",
                axis=alt.Axis(values=list(range(0, 24, 3)), labelAngle=0, ticks=False),
            ),
            y=alt.Y(
                "day:O",
                title=None,
                scale=alt.Scale(domain=list(WEEKDAYS), paddingInner=0.08),
                axis=alt.Axis(ticks=False, domain=False),
            ),
            color=alt.Color(
                "p50_hours:Q",
                scale=_ramp(data["p50_hours"]),
                legend=alt.Legend(
                    orient="top", title="median hours", titleOrient="left", gradientLength=120, tickCount=4
                ),
            ),
            tooltip=[
                alt.Tooltip("day:N"),
                alt.Tooltip("hour:O"),
                alt.Tooltip("p50_hours:Q", title="median hours", format=",.1f"),
                alt.Tooltip("orders:Q", format=","),
            ],
        )
    )
    return finished(chart, height=CELL_HEIGHT * len(WEEKDAYS))


def _ramp(hours: pd.Series) -> alt.Scale:
    """From the fastest to nearly the slowest: a single order of a quiet hour doesn't pale all others."""
    most = float(hours.quantile(RAMP_TO))
    return shades(float(hours.min()), most)


def _line(data: pd.DataFrame, **style: Any) -> alt.Chart:
    mark = {"strokeWidth": 2, **style}
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_line(
            interpolate="linear",
            point=alt.OverlayMarkDef(size=14),
            invalid="break-paths-show-path-domains",
            **mark,
        )
        .encode(
            x=time_axis(data["at"]),
            y=alt.Y("hours:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=6)),
            color=_depth(),
            tooltip=[time_tip(), alt.Tooltip("percentile:N"), alt.Tooltip("hours:Q", format=",.1f")],
        )
    )
    return chart


def _depth() -> alt.Color:
    scale = alt.Scale(domain=list(DEPTHS), range=list(DEPTHS.values()))
    return alt.Color("percentile:N", scale=scale, legend=None)


def _ends(data: pd.DataFrame) -> alt.Chart:
    """The name of each line at its last known point, moved apart where two would meet."""
    known = data.dropna(subset=["hours"])
    ends = known.sort_values("at").groupby("percentile", as_index=False).last().sort_values("hours")
    ends = ends.assign(at=known["at"].max(), label_hours=_apart(list(ends["hours"]), known["hours"].max()))
    chart: alt.Chart = (
        alt.Chart(ends)
        .mark_text(align="left", dx=6, fontWeight=600)
        .encode(
            x=time_axis(known["at"]), y=alt.Y("label_hours:Q"), text=alt.Text("percentile:N"), color=_depth()
        )
    )
    return chart


def _apart(rising: list[float], largest: float) -> list[float]:
    found: list[float] = []
    for hours in rising:
        found.append(max(hours, found[-1] + largest * LABELS_APART) if found else hours)
    return found


def _target_across(hours: float) -> alt.Chart:
    target = alt.Chart(pd.DataFrame({"hours": [hours]}))
    chart: alt.Chart = target.mark_rule(strokeDash=[5, 4], color=AMBER).encode(y=alt.Y("hours:Q"))
    return chart


def _place(hours: float) -> float:
    """Where an hour stands on an axis of doubling steps: 0, 1, 2, 4, 8 … at equal distances."""
    return hours if hours <= 1 else math.log2(hours) + 1


def _split_at(bins: pd.DataFrame, target_hours: float) -> pd.DataFrame:
    """One row for each bin and colour, with its places on the axis and its hours in words."""
    rows: list[dict[str, Any]] = []
    for low, high, orders in zip(bins["from_hours"], bins["to_hours"], bins["orders"], strict=True):
        cut = min(max(target_hours, low), high)
        words = {"orders": int(orders), "hours": f"{low:g} to {high:g}"}
        for left, right, colour in ((low, cut, BLUE), (cut, high, AMBER)):
            if right > left:
                gap = 0.04 if right == high else 0.0
                rows.append({"left": _place(left), "right": _place(right) - gap, "colour": colour, **words})
    return pd.DataFrame(rows)


def _marked(marks: dict[str, float]) -> list[alt.Chart]:
    known = {name: hours for name, hours in marks.items() if not pd.isna(hours)}
    if not known:
        return []
    data = pd.DataFrame({"name": list(known), "place": [_place(hours) for hours in known.values()]})
    base = alt.Chart(data).encode(x=alt.X("place:Q"))
    lines = base.mark_rule(color=SLATE, strokeWidth=1.5)
    names = base.mark_text(align="left", baseline="top", dx=4, y=0, color=SLATE).encode(
        text=alt.Text("name:N")
    )
    return [lines, names]
