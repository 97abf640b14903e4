"""A report becomes the numbers on cards: totals, last values, series for sparklines. No I/O."""

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
    return None if table.empty else float(table[column].sum())


def last(table: pd.DataFrame, column: str) -> float | None:
    """The value in the last bucket; None for an empty report or an unknown value."""
    if table.empty or pd.isna(table[column].iloc[-1]):
        return None
    return float(table[column].iloc[-1])


def whole(table: pd.DataFrame) -> pd.DataFrame:
    """Only finished buckets: an unfinished one must not be compared with them."""
    return table[~table["is_partial"].astype(bool)] if "is_partial" in table else table


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
    card = Card(label=label, value="", meaning=meaning, good=good, series=_series(table, column))
    return _compared(card, total(table, column), total(previous, column))


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
    card = Card(label=label, value="", meaning=meaning, good=good, series=_series(table, column))
    return _compared(card, last(table, column), last(previous, column))


def _compared(card: Card, now: float | None, before: float | None) -> Card:
    return replace(
        card,
        value=spelling.count(now),
        delta=spelling.change(now, before),
        before=f"from {spelling.count(before)}" if before is not None else None,
    )


def _series(table: pd.DataFrame, column: str) -> list[float]:
    """Whole buckets only: a sparkline that falls to zero at one in the morning tells nothing."""
    return [float(value) for value in whole(table)[column].dropna()]
