"""Answers about latency become cards and sentences. No I/O."""

from collections.abc import Callable

import pandas as pd

from dashboard import cards, spelling
from dashboard.cards import Card
from dashboard.charts_fulfillment import WEEKDAYS, worst_first

# Where the two ways of measuring differ by more than this, the page says so in words.
TELLING_DIFFERENCE = 0.1
SOON_HOURS = 24
MOST_DAYS = 45
# The 90th percentile of a dozen orders is the second slowest of them: noise.
FEWEST_A_DAY = 20

KAPLAN_MEIER = (
    "Kaplan–Meier: orders still open count as not finished yet, canceled ones leave. "
    "“–” means that too few have finished to tell."
)
WITHIN = "Of the orders finished or due by now, the share that took at most {target:g} hours."
MEASURED = "Orders that finished this step; the open ones count as not finished yet."
LATE = "Of the orders due in the period (paid, then {target:g} h), those not handed over by then."
CANCELED = "Orders that the site canceled before anything was handed over, as a share of those placed."
TRACKED = "Parcels with a tracking number and a known carrier or link, as a share of all parcels."


def latency(total: pd.DataFrame, before: pd.DataFrame, by_time: pd.DataFrame, target: float) -> list[Card]:
    """The page's five cards: three percentiles, the share within the target, and how many were measured."""
    percentiles = {
        "Median": "km_p50_hours",
        "90th percentile": "km_p90_hours",
        "95th percentile": "km_p95_hours",
    }
    found = [
        _compared(label, spelling.hours, total, before, by_time, column, good="down", meaning=KAPLAN_MEIER)
        for label, column in percentiles.items()
    ]
    within, then = cards.last(total, "within_target"), cards.last(before, "within_target")
    return [
        *found,
        cards.fraction(
            f"Within {target:g} h",
            within,
            then,
            good="up",
            meaning=WITHIN.format(target=target),
            series=cards.series(by_time, "within_target"),
        ),
        _compared(
            "Orders measured",
            spelling.count,
            total,
            before,
            by_time,
            "finished",
            good="neither",
            meaning=MEASURED,
        ),
    ]


def rates(found: pd.DataFrame, before: pd.DataFrame, target: float) -> list[Card]:
    """Late shipments, cancellations before hand-over, and parcels that can be tracked."""
    return [
        _rate("Shipped late", found, before, "late_rate", good="down", meaning=LATE.format(target=target)),
        _rate("Canceled before shipping", found, before, "cancel_rate", good="down", meaning=CANCELED),
        _rate("Valid tracking", found, before, "tracking_rate", good="up", meaning=TRACKED),
    ]


def two_ways(total: pd.DataFrame) -> str:
    """What counting finished orders alone would say, and why it differs."""
    row = total.iloc[0]
    finished_only, aware = row["p90_hours"], row["km_p90_hours"]
    still = f"{spelling.count(row['open'])} orders are still open"
    if pd.isna(finished_only):
        return f"No order has finished this step yet; {still}."
    read = f"the 90th percentile of finished orders alone is {spelling.hours(finished_only)}"
    if pd.isna(aware):
        return f"{_upper(read)}, but {still}: with them it can't be told yet, only that it is longer."
    if abs(aware / finished_only - 1) <= TELLING_DIFFERENCE:
        return (
            f"Both ways of measuring agree within 10 %: {read}, {spelling.hours(aware)} with the open ones."
        )
    return (
        f"{_upper(read)}, against {spelling.hours(aware)} here: {still}, have waited already, "
        "and would be left out, which makes slow days look fast."
    )


def over_target(by_site: pd.DataFrame, target: float) -> str:
    """How many sites' 90th percentile is over the target."""
    known = worst_first(by_site)
    over = int((known["km_p90_hours"].isna() | (known["km_p90_hours"] > target)).sum())
    return f"{over} of {len(known)} sites over {target:g} h"


def slowest_day(by_hour: pd.DataFrame) -> str:
    """The weekday whose orders take longest, by the medians of its hours weighed by their orders."""
    known = by_hour[by_hour["orders"] > 0].dropna(subset=["p50_hours"])
    if known.empty:
        return "no order has finished"
    weighed = known.assign(sum_hours=known["p50_hours"] * known["orders"])
    days = weighed.groupby("weekday")[["sum_hours", "orders"]].sum()
    mean = (days["sum_hours"] / days["orders"]).sort_values()
    return f"slowest: {WEEKDAYS[int(mean.index[-1]) - 1]}, {spelling.hours(float(mean.iloc[-1]))}"


def grain(total: pd.DataFrame, days: int) -> str:
    """Days, or weeks where a day's percentiles would tell of too few orders, or be too many to read."""
    measured = cards.last(total, "finished") or 0
    return likely_grain(days) if measured >= FEWEST_A_DAY * days else "week"


def likely_grain(days: int) -> str:
    """The grain where orders are plenty."""
    return "day" if days <= MOST_DAYS else "week"


def waiting(backlog: pd.DataFrame) -> str:
    """The backlog in one sentence."""
    left = backlog["hours_left"]
    late, soon = int((left < 0).sum()), int(((left >= 0) & (left < SOON_HOURS)).sum())
    return (
        f"{spelling.count(len(backlog))} paid and open · {spelling.count(late)} over the target · "
        f"{spelling.count(soon)} due within {SOON_HOURS} h · "
        f"half have waited over {spelling.hours(float(backlog['age_hours'].median()))}"
    )


def named(table: pd.DataFrame, sites: pd.DataFrame, column: str = "group") -> pd.DataFrame:
    """The table with `name`: what a site calls itself, else its id."""
    known = dict(zip(sites["site"], sites["name"], strict=True)) if len(sites) else {}
    names = [known.get(site) for site in table[column]]
    return table.assign(
        name=[
            name if isinstance(name, str) else site for name, site in zip(names, table[column], strict=True)
        ]
    )


def _compared(
    label: str,
    spelled: Callable[[float | None], str],
    total: pd.DataFrame,
    before: pd.DataFrame,
    by_time: pd.DataFrame,
    column: str,
    *,
    good: cards.Good,
    meaning: str,
) -> Card:
    now, then, way = cards.last(total, column), cards.last(before, column), cards.series(by_time, column)
    return cards.compared(label, spelled, now, then, good=good, meaning=meaning, series=way)


def _rate(
    label: str, found: pd.DataFrame, before: pd.DataFrame, column: str, *, good: cards.Good, meaning: str
) -> Card:
    now, then = cards.last(found, column), cards.last(before, column)
    return cards.fraction(label, now, then, good=good, meaning=meaning)


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
