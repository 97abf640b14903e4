"""Numbers, times and changes as people read them. No I/O."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision

UNKNOWN = "–"
EXACT_BELOW = 10_000
HOURS_A_DAY = 24
# A change by more than this is said as a multiple: +2371.4% is no number that anybody reads.
MANY_TIMES = 10

# Names that their owners write so.
NAMES = {
    "chartmogul": "ChartMogul",
    "stripe": "Stripe",
    "profitwell": "ProfitWell",
    "revenuecat": "RevenueCat",
    "gumroad": "Gumroad",
}


def words(name: str) -> str:
    """A name of the reports as people write it: `partially_fulfilled` is `Partially fulfilled`."""
    return NAMES.get(name) or (name[:1].upper() + name[1:]).replace("_", " ")


def count(value: float | None) -> str:
    """Exact below 10 000, then 24.5K and 1.2M."""
    if value is None or pd.isna(value):
        return UNKNOWN
    if abs(value) < EXACT_BELOW:
        return f"{value:,.0f}"
    return f"{value / 1e6:.1f}M" if abs(value) >= 1e6 else f"{value / 1e3:.1f}K"


def percent(fraction: float | None) -> str:
    """A fraction as a percentage with one digit."""
    return UNKNOWN if fraction is None or pd.isna(fraction) else f"{float(fraction) * 100:.1f}%"


def about(fraction: float | None) -> str:
    """A fraction as a percentage that is short enough to stand beside its change."""
    if fraction is None or pd.isna(fraction) or abs(fraction) < 0.1:
        return percent(fraction)
    return f"{float(fraction) * 100:.0f}%"


def hours(value: float | None) -> str:
    """A duration given in hours: `45 m`, `22 h 33 m`, `2 d 18 h`."""
    if value is None or pd.isna(value):
        return UNKNOWN
    minutes = round(float(value) * 60)
    whole, rest = divmod(minutes, 60)
    if not whole:
        return f"{rest} m"
    days, left = divmod(whole, HOURS_A_DAY)
    return f"{days} d {left} h" if days else f"{whole} h {rest} m"


def seconds(value: float | None) -> str:
    """A duration given in seconds; negative ones are clock skew, and said so."""
    if value is None or pd.isna(value):
        return UNKNOWN
    if value < 0:
        return f"clock skew {-float(value):.1f} s"
    if value < 1:
        return f"{float(value) * 1000:.0f} ms"
    return f"{float(value):.1f} s" if value < 120 else hours(float(value) / 3600)


def amount(value: Any, currency: Any) -> str | None:
    """An amount of a report to the last of its currency's digits; None where it is unknown."""
    if pd.isna(value):
        return None
    if pd.isna(currency):
        return f"{Decimal(value):,}"
    return f"{Decimal(value):{digits(currency)}} {currency}"


def digits(currency: str) -> str:
    """How amounts of a currency are written, as a format: with commas, to its last digit."""
    return f",.{get_currency_precision(currency)}f"


def change(now: float | None, before: float | None) -> str | int | None:
    """The relative change as a metric's delta; the number 0 when there is none, None when it is unknown."""
    ratio = relative(now, before)
    if ratio is None:
        return None
    if ratio >= MANY_TIMES:
        return f"×{ratio + 1:.0f}"
    return 0 if abs(ratio) < 0.0005 else f"{ratio * 100:+.1f}%"


def relative(now: float | None, before: float | None) -> float | None:
    """The relative change as a fraction; None where there is nothing to compare with."""
    if now is None or before is None or pd.isna(now) or pd.isna(before) or not before:
        return None
    return float(now) / float(before) - 1


def points(now: float | None, before: float | None) -> str | int | None:
    """The difference of two fractions in percentage points; the number 0 when there is none."""
    if now is None or before is None or pd.isna(now) or pd.isna(before):
        return None
    difference = (float(now) - float(before)) * 100
    return 0 if abs(difference) < 0.05 else f"{difference:+.1f} pp"


def age(value: timedelta) -> str:
    """How long ago, in the one or two largest units."""
    return seconds(value.total_seconds())
