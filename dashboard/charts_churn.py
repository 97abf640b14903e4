"""Charts of the churn page: tables in, Vega-Lite specifications out. Pure."""

import altair as alt
import pandas as pd

from dashboard import spelling
from dashboard.charts import (
    AMBER,
    BETWEEN,
    BLUE,
    CAUSE_COLOURS,
    GREEN,
    ON_FEW,
    ON_MANY,
    PLUM,
    SKY,
    SLATE,
    Spec,
    bars_over_time,
    counting_axis,
    finished,
    legend,
    melted,
    shades,
    time_tip,
    with_wall_time,
)

CELL_HEIGHT = 26
# So many pixels a figure with a decimal takes; narrower bars have it without.
FIGURE_WIDTH = 25
LOW_RATE = 0.06
# The height of a chart is that of its axis and its cells together.
AXIS_ROOM = 60
# So far from few to many, dark and light figures can be read equally well, on light pages and dark ones.
AS_WELL_READ = 0.6
# On a phone a cell is as wide as two figures, and the sign is in the subtitle anyway.
SMALLER_WHEN_NARROW = "bandwidth('x') < 30 ? 9 : 11"
FIGURE = "format(datum.share * 100, '.0f') + (bandwidth('x') < 30 ? '' : '%')"
RATE_FIGURE = "width < {} ? datum.short : datum.label"
MOVEMENTS = {"new": GREEN, "reactivation": SKY, "expansion": BLUE, "contraction": AMBER, "churn": PLUM}
LOSSES = {"Contraction", "Churn"}


def gained_and_lost(table: pd.DataFrame) -> Spec:
    """New customers up, churned ones down by cause, per bucket; the line is what remains of both."""
    new = with_wall_time(table)[["at", "at_end", "new", "is_partial"]].rename(columns={"new": "customers"})
    lost = _with_partial(table, list(CAUSE_COLOURS), "what", "customers")
    lost["customers"] = -lost["customers"]
    long = pd.concat([new.assign(what=spelling.words("new")), lost], ignore_index=True)
    happened = long.loc[long["customers"] != 0, "what"]
    bars = bars_over_time(long).encode(
        y=alt.Y("customers:Q", title=None, stack="zero", axis=counting_axis(long["customers"])),
        color=legend("what", {"new": GREEN, **CAUSE_COLOURS}, happened),
        opacity=_pale_when_partial(),
        tooltip=[time_tip(), alt.Tooltip("what:N"), alt.Tooltip("customers:Q", format=",")],
    )
    return finished(bars + _net_line(table))


def rate_bars(table: pd.DataFrame) -> Spec:
    """The churn rate of each bucket with its figure on top; the unfinished one is pale."""
    data = with_wall_time(table)
    for name, digits in (("label", 1), ("short", 0)):
        data[name] = [f"{rate:.{digits}%}" if pd.notna(rate) else "" for rate in data["rate"]]
    data["middle"] = data["at"] + (data["at_end"] - data["at"]) / 2
    bars = bars_over_time(data).encode(
        y=alt.Y("rate:Q", title=None, axis=_rate_axis(data["rate"])),
        color=alt.ColorValue(BLUE),
        opacity=_pale_when_partial(),
        tooltip=[
            time_tip(),
            alt.Tooltip("rate:Q", format=".2%"),
            alt.Tooltip("numerator:Q"),
            alt.Tooltip("base:Q"),
        ],
    )
    figures = (
        alt.Chart(data)
        .mark_text(
            dy=-7, color=SLATE, fontSize=10, text=alt.expr(RATE_FIGURE.format(FIGURE_WIDTH * len(data)))
        )
        .encode(x=alt.X("middle:T", scale=alt.Scale(type="utc")), y=alt.Y("rate:Q"))
    )
    return finished(bars + figures)


def _rate_axis(rates: pd.Series) -> alt.Axis:
    """No percent twice: below a few percent a line is drawn at each half."""
    return alt.Axis(format=".1%" if rates.max() < LOW_RATE else ".0%", tickCount=5)


def cohort_cells(table: pd.DataFrame) -> Spec:
    """Share of each month's customers still active, by months since; the month they began is left out.

    The first row weighs all cohorts that have reached an age by their size.
    """
    data = cohort_grid(table)
    order = list(dict.fromkeys(data["cohort"]))
    base = alt.Chart(data).encode(
        x=alt.X("age_months:O", title="months since the first", axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("cohort:N", title=None, sort=order, axis=alt.Axis(labelLimit=220)),
    )
    least, most = float(data["share"].min()), float(data["share"].max())
    cells = base.mark_rect(stroke=BETWEEN, strokeWidth=1.5, cornerRadius=3).encode(
        color=alt.Color("share:Q", scale=shades(least, most), legend=None),
        tooltip=[alt.Tooltip("cohort:N"), alt.Tooltip("age_months:O"), alt.Tooltip("share:Q", format=".1%")],
    )
    middle = least + (most - least) * AS_WELL_READ
    figures = base.mark_text(fontSize=alt.expr(SMALLER_WHEN_NARROW), text=alt.expr(FIGURE)).encode(
        color=alt.ColorValue(ON_FEW, condition={"test": f"datum.share > {middle}", "value": ON_MANY}),
    )
    return finished(cells + figures, height=CELL_HEIGHT * len(order) + AXIS_ROOM)


def cohort_grid(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as drawn: `cohort` (label), `age_months`, `share`; the weighted row first."""
    later = table[table["age_months"] > 0]
    months = with_wall_time(later.rename(columns={"cohort_month": "bucket_start"}))["at"].dt.strftime("%b %Y")
    named = later.assign(
        cohort=[f"{month} · {size:,.0f}" for month, size in zip(months, later["size"], strict=True)]
    )
    ages = later.groupby("age_months", as_index=False)[["active", "size"]].sum()
    everyone = ages.assign(cohort="All, weighted", share=ages["active"] / ages["size"])
    return pd.concat([everyone, named], ignore_index=True)[["cohort", "age_months", "share"]]


def survival_curve(table: pd.DataFrame) -> Spec:
    """Kaplan–Meier with its 95 % band, by age in days."""
    x = alt.X("age_days:Q", title="days since the subscription began", axis=alt.Axis(grid=False, tickCount=8))
    band = (
        alt.Chart(table)
        .mark_area(opacity=0.18, color=BLUE, interpolate="step-after")
        .encode(x=x, y=alt.Y("low:Q", title=None, axis=alt.Axis(format=".0%")), y2=alt.Y2("high:Q"))
    )
    line = (
        alt.Chart(table)
        .mark_line(color=BLUE, strokeWidth=2, interpolate="step-after")
        .encode(
            x=x,
            y=alt.Y("share_active:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            tooltip=[
                alt.Tooltip("age_days:Q", title="days"),
                alt.Tooltip("share_active:Q", title="still active", format=".1%"),
                alt.Tooltip("at_risk:Q", title="observed at that age", format=","),
            ],
        )
    )
    return finished(band + line)


def mrr_movements(table: pd.DataFrame) -> Spec:
    """What recurring revenue gained and lost per bucket, by movement, in the table's one currency."""
    money = table.assign(**{name: table[name].astype(float) for name in MOVEMENTS})
    long = _with_partial(money, list(MOVEMENTS), "movement", "amount")
    long["amount"] = long["amount"].where(~long["movement"].isin(LOSSES), -long["amount"])
    happened = long.loc[long["amount"] != 0, "movement"]
    chart = bars_over_time(long).encode(
        y=alt.Y("amount:Q", title=None, stack="zero", axis=counting_axis(long["amount"].abs())),
        color=legend("movement", MOVEMENTS, happened),
        opacity=_pale_when_partial(),
        tooltip=[time_tip(), alt.Tooltip("movement:N"), alt.Tooltip("amount:Q", format=",.2f")],
    )
    return finished(chart)


def _net_line(table: pd.DataFrame) -> alt.Chart:
    data = with_wall_time(table)
    data = data.assign(
        net=data["new"] - data["churned"], middle=data["at"] + (data["at_end"] - data["at"]) / 2
    )
    line: alt.Chart = (
        alt.Chart(data[~data["is_partial"].astype(bool)])
        .mark_line(color=SLATE, strokeWidth=1.5, point=alt.OverlayMarkDef(size=16, color=SLATE))
        .encode(
            x=alt.X("middle:T", scale=alt.Scale(type="utc")),
            y=alt.Y("net:Q"),
            tooltip=[time_tip(), alt.Tooltip("net:Q", format="+,")],
        )
    )
    return line


def _with_partial(table: pd.DataFrame, columns: list[str], name: str, value: str) -> pd.DataFrame:
    partial = with_wall_time(table)[["at", "is_partial"]]
    return melted(table, columns, name, value).merge(partial, on="at")


def _pale_when_partial() -> alt.OpacityValue:
    return alt.OpacityValue(1, condition={"test": "datum.is_partial", "value": 0.35})
