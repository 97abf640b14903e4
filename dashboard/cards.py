"""A report becomes the numbers on cards: totals, last values, series for sparklines. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from dashboard import spelling

Good = Literal["up", "down", "neither"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One number with its definition, what it was before, and how it went."""

    label: str
    value: str
    meaning: str
    delta: str | int | None = None
    before: str | None = None
    good: Good = "neither"
    series: list[float] = field(default_factory=list)


def total(table: pd.DataFrame, column: str) -> float | None:
    """Sum of a column over all buckets; None for an empty report."""
    return None if table.empty else float(table[column].astype(float).sum())


def last(table: pd.DataFrame, column: str) -> float | None:
    """The value in the last bucket; None for an empty report or an unknown value."""
    if table.empty or pd.isna(table[column].iloc[-1]):
        return None
    return float(table[column].iloc[-1])


def whole(table: pd.DataFrame) -> pd.DataFrame:
    """Only finished buckets: an unfinished one must not be compared with them."""
    return table[~table["is_partial"].astype(bool)] if "is_partial" in table else table


def compared(
    label: str,
    spelled: Callable[[float | None], str],
    now: float | None,
    before: float | None,
    *,
    meaning: str,
    good: Good = "neither",
    change: Callable[[float | None, float | None], str | int | None] = spelling.change,
    series: list[float] | None = None,
) -> Card:
    """A card with a number, what it was before, and how it changed (of fractions: `spelling.points`)."""
    return Card(
        label=label,
        value=spelled(now),
        delta=change(now, before),
        before=None if before is None else f"from {spelled(before)}",
        meaning=meaning,
        good=good,
        series=series or [],
    )


def fraction(
    label: str,
    now: float | None,
    before: float | None,
    *,
    meaning: str,
    good: Good = "neither",
    series: list[float] | None = None,
) -> Card:
    """A card with a fraction as percent; its change is in points, and what it was before is rounded."""
    card = compared(
        label,
        spelling.percent,
        now,
        before,
        meaning=meaning,
        good=good,
        change=spelling.points,
        series=series,
    )
    return replace(card, before=None if before is None else f"from {spelling.about(before)}")


def series(table: pd.DataFrame, column: str) -> list[float]:
    """Whole buckets only: a sparkline that falls to zero at one in the morning tells nothing."""
    return [float(value) for value in whole(table)[column].dropna()]


def counted(
    label: str,
    table: pd.DataFrame,
    column: str,
    previous: pd.DataFrame,
    *,
    meaning: str,
    good: Good = "neither",
) -> Card:
    """A card with a column's total over the period, beside the period before."""
    now, before, way = total(table, column), total(previous, column), series(table, column)
    return compared(label, spelling.count, now, before, meaning=meaning, good=good, series=way)


def standing(
    label: str,
    table: pd.DataFrame,
    column: str,
    previous: pd.DataFrame,
    *,
    meaning: str,
    good: Good = "neither",
) -> Card:
    """A card with a column's last value (a stock, not a flow), beside the end of the period before."""
    now, before, way = last(table, column), last(previous, column), series(table, column)
    return compared(label, spelling.count, now, before, meaning=meaning, good=good, series=way)


def share(
    label: str,
    table: pd.DataFrame,
    part: str,
    whole_column: str,
    previous: pd.DataFrame,
    *,
    meaning: str,
    good: Good = "neither",
) -> Card:
    """A card with one total as a share of another; its change is in points."""
    now, before = _ratio(table, part, whole_column), _ratio(previous, part, whole_column)
    days = whole(table)
    shares = days[part] / days[whole_column].where(days[whole_column] > 0) if len(days) else pd.Series()
    way = [float(value) for value in shares.dropna()]
    return fraction(label, now, before, meaning=meaning, good=good, series=way)


def begun(steps: pd.DataFrame) -> pd.DataFrame:
    """A report of latency with `begun`: all orders that began the step, however it ended."""
    return steps if steps.empty else steps.assign(begun=steps[["finished", "open", "canceled"]].sum(axis=1))


def in_state(status: pd.DataFrame, state: str) -> float | None:
    """The share of the orders that are in a state; None where there are none."""
    orders = total(status, "orders")
    return float(status.loc[status["state"] == state, "orders"].sum()) / orders if orders else None


def rate(
    label: str,
    table: pd.DataFrame,
    column: str,
    previous: pd.DataFrame,
    *,
    meaning: str,
    good: Good = "neither",
) -> Card:
    """A card with the rate of the last whole bucket, beside that of the period before, in points."""
    now, before = last(whole(table), column), last(whole(previous), column)
    return fraction(label, now, before, meaning=meaning, good=good, series=series(table, column))


def first_month(grid: pd.DataFrame) -> str:
    """The finding of a cohort grid in words; `grid` has the weighted row first."""
    after_one = grid[(grid["age_months"] == 1)]
    if after_one.empty:
        return "no cohort is a month old yet"
    return f"on average {spelling.percent(1 - float(after_one['share'].iloc[0]))} leave in the first month"


def money(table: pd.DataFrame, column: str) -> str:
    """The last value of an amount, rounded."""
    return spelling.count(None if table.empty else float(table[column].astype(float).iloc[-1]))


def busiest_currency(table: pd.DataFrame) -> tuple[str | None, list[str]]:
    """The currency in which a table of movements has most of them, and the others."""
    if table.empty:
        return None, []
    moved = table[table[["new", "churn"]].astype(float).any(axis=1)]
    often = (moved if len(moved) else table)["currency"].value_counts()
    found = sorted(often.index, key=lambda one: (-often[one], one))
    return found[0], sorted(set(table["currency"].dropna()) - {found[0]})


def by_site(known: pd.DataFrame, flow: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """One row for each site: `site, trend, placed, change, open, late, canceled, p50_hours`.

    `known` is the report `sites`, `flow` and `before` are `order_flow` by site; `trend` lists what
    was placed in each whole bucket, `change` is the relative change of `placed`.
    """
    placed, canceled = _by_group(flow, "placed"), _by_group(flow, "canceled")
    then, trends = _by_group(before, "placed"), _trends(flow)
    ids = list(known["site"])
    found = pd.DataFrame(
        {
            "site": known["name"].fillna(known["site"]) if "name" in known else known["site"],
            "trend": [trends.get(one, []) for one in ids],
            "placed": [placed.get(one, 0) for one in ids],
            "change": [spelling.relative(placed.get(one, 0), then.get(one)) for one in ids],
            "open": list(known["open"]),
            "late": list(known["late"]),
            "canceled": [canceled.get(one, 0) for one in ids],
            "p50_hours": list(known["p50_hours"]),
        }
    )
    return found.sort_values("placed", ascending=False, ignore_index=True)


def over_sites(flow: pd.DataFrame) -> pd.DataFrame:
    """`order_flow` by site as that of all sites; a bucket is unfinished where it is for every site."""
    if flow.empty:
        return flow
    buckets = flow.drop(columns="group").groupby("bucket_start", as_index=False)
    return buckets.agg({name: "all" if name == "is_partial" else "sum" for name in _counts(flow)})


def _counts(flow: pd.DataFrame) -> list[str]:
    return [name for name in flow.columns if name not in ("bucket_start", "group")]


def _trends(flow: pd.DataFrame) -> dict[str, list[float]]:
    """What each site placed in each whole bucket."""
    if flow.empty:
        return {}
    return {str(site): series(days, "placed") for site, days in whole(flow).groupby("group")}


def _by_group(table: pd.DataFrame, column: str) -> dict[str, float]:
    return {} if table.empty else dict(table.groupby("group")[column].sum())


def _ratio(table: pd.DataFrame, part: str, whole_column: str) -> float | None:
    base = total(table, whole_column)
    above = total(table, part)
    return above / base if base and above is not None else None
