"""Charts of the pipeline page: tables in, Vega-Lite specifications out. Pure."""

import altair as alt
import pandas as pd

from dashboard import spelling
from dashboard.charts import (
    AMBER,
    BLUE,
    BROWN,
    DEEP,
    GREEN,
    LIGHT,
    PLUM,
    SKY,
    SLATE,
    Spec,
    counting_axis,
    finished,
    legend,
    names_above,
    wall_time,
)

OUTCOMES = {
    "done": GREEN,
    "suppressed": SLATE,
    "waiting": AMBER,
    "open": SKY,
    "failed": PLUM,
}
ROW_HEIGHT, LEAST_HEIGHT, HEIGHT = 26, 120, 210


def partition_bars(table: pd.DataFrame) -> Spec:
    """Records behind, one bar for each partition, labelled in place."""
    data = table.assign(name=[f"{t} · {p}" for t, p in zip(table["topic"], table["partition"], strict=True)])
    data = data.assign(label=[f"{int(n):,}" for n in data["lag"]])
    room = alt.Scale(domain=[0, max(float(data["lag"].max()), 1.0) * 1.2])
    base = alt.Chart(data).encode(
        y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=190)),
        x=alt.X("lag:Q", title=None, axis=None, scale=room),
        tooltip=[
            alt.Tooltip("topic:N"),
            alt.Tooltip("partition:O"),
            *(alt.Tooltip(f"{name}:Q", format=",") for name in PLACES),
        ],
    )
    bars = base.mark_bar(height=14, color=BLUE)
    labels = base.mark_text(align="left", dx=5, color=SLATE).encode(text=alt.Text("label:N"))
    return finished(alt.layer(bars, labels), height=max(ROW_HEIGHT * len(data), LEAST_HEIGHT))


PLACES = ("committed", "end", "lag")


def delays(table: pd.DataFrame, tz: str) -> Spec:
    """Seconds from Wix to the ledger per minute, median and 95th; minutes without events are gaps."""
    names = {"end_to_end_p50_seconds": "Median", "end_to_end_p95_seconds": "95th"}
    data = _minutes(table, list(names), tz).assign(percentile=lambda long: long["measure"].map(names))
    lines = (
        alt.Chart(data)
        .mark_line(
            interpolate="linear", point=alt.OverlayMarkDef(size=12), invalid="break-paths-show-path-domains"
        )
        .encode(
            x=_clock(),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=5)),
            color=legend("percentile", {"Median": DEEP, "95th": LIGHT}, symbol="stroke"),
            tooltip=[
                _minute(),
                alt.Tooltip("percentile:N"),
                alt.Tooltip("value:Q", title="seconds", format=",.2f"),
            ],
        )
    )
    return finished(lines, height=HEIGHT)


def lag_line(table: pd.DataFrame, tz: str) -> Spec:
    """Records behind per minute; minutes in which nobody looked are gaps."""
    data = _minutes(table, ["lag"], tz)
    area = (
        alt.Chart(data)
        .mark_area(
            interpolate="linear",
            color=BLUE,
            opacity=0.25,
            line={"color": BLUE, "strokeWidth": 2},
            invalid="break-paths-show-path-domains",
        )
        .encode(
            x=_clock(),
            y=alt.Y("value:Q", title=None, axis=counting_axis(data["value"].dropna())),
            tooltip=[_minute(), alt.Tooltip("value:Q", title="records behind", format=",")],
        )
    )
    return finished(area, height=HEIGHT)


def effect_bars(table: pd.DataFrame) -> Spec:
    """What became due, per flow, by what came of it: the parts add up to all that was due."""
    due = table[table["due"] > 0]
    data = due.assign(flow=due["flow"].map(spelling.words)).melt(
        ["flow", "due"], list(OUTCOMES), "outcome", "effects"
    )
    data = data.assign(share=data["effects"] / data["due"], rank=data["outcome"].map(list(OUTCOMES).index))
    data = data.assign(outcome=data["outcome"].map(spelling.words))
    shown = data[data["effects"] > 0]
    bars = (
        alt.Chart(shown)
        .mark_bar(height=18)
        .encode(
            y=alt.Y("flow:N", title=None, axis=alt.Axis(domain=False, ticks=False)),
            x=alt.X("share:Q", title=None, stack="zero", axis=alt.Axis(format=".0%", tickCount=5)),
            order=alt.Order("rank:Q"),
            color=legend("outcome", OUTCOMES, shown["outcome"]),
            tooltip=[
                alt.Tooltip("flow:N"),
                alt.Tooltip("outcome:N"),
                alt.Tooltip("effects:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    return finished(bars, height=HEIGHT)


def quota_lines(table: pd.DataFrame) -> Spec:
    """Requests to Wix per minute and site, with the limit dashed; minutes with parked requests are marked."""
    data = table.assign(at=wall_time(table["bucket_start"]))
    lines = (
        alt.Chart(data)
        .mark_line(interpolate="linear", strokeWidth=1.5)
        .encode(
            x=_clock(),
            y=alt.Y("calls:Q", title=None, axis=counting_axis(data["calls"])),
            color=alt.Color(
                "name:N",
                legend=names_above(3, "stroke"),
                scale=alt.Scale(range=SITES),
            ),
            tooltip=[
                _minute(),
                alt.Tooltip("name:N"),
                alt.Tooltip("calls:Q"),
                alt.Tooltip("limit:Q"),
                alt.Tooltip("parked:Q"),
            ],
        )
    )
    parked = (
        alt.Chart(data[data["parked"] > 0])
        .mark_point(shape="triangle-up", filled=True, color=AMBER, size=50, opacity=1)
        .encode(
            x=_clock(),
            y=alt.Y("calls:Q"),
            tooltip=[_minute(), alt.Tooltip("name:N"), alt.Tooltip("parked:Q")],
        )
    )
    limit = alt.Chart(pd.DataFrame({"calls": [float(data["limit"].max())]}))
    rule = limit.mark_rule(strokeDash=[5, 4], color=AMBER).encode(y=alt.Y("calls:Q"))
    return finished(alt.layer(rule, lines, parked), height=HEIGHT)


SITES = [BLUE, GREEN, PLUM, SKY, SLATE, BROWN]


def _minutes(table: pd.DataFrame, columns: list[str], tz: str) -> pd.DataFrame:
    local = table.assign(at=wall_time(table["at"].dt.tz_convert(tz)))
    return local[["at", *columns]].melt(["at"], columns, "measure", "value")


def _clock() -> alt.X:
    """Minutes from left to right, at their wall time."""
    axis = alt.Axis(grid=False, labelOverlap=True, format="%H:%M", tickCount=6, ticks=False)
    return alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def _minute() -> alt.Tooltip:
    return alt.Tooltip("utchoursminutes(at):T", title="at")
