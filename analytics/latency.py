"""Orders and how long their step took become the rows of the latency report. No I/O."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from analytics.survival import Flags, Numbers, curve_quantile, kaplan_meier, quantile

PERCENTS = (50, 90, 95, 99)
# All figures are exact: each is made of every order.
IS_ESTIMATE = False

Row = dict[str, Any]


def latency_rows(found: pa.Table, params: Mapping[str, Any]) -> list[Row]:
    """One row per bucket and group, of orders sorted by them and by their hours.

    A bucket without orders comes as one row without hours.
    """
    numbers = found["bucket_number"].to_numpy()
    if len(numbers) == 0:
        return []
    _, first = np.unique(numbers, return_index=True)
    ends = np.append(first[1:], len(numbers))
    named = found.select(["bucket_start", "group", "is_partial"]).take(pa.array(first)).to_pylist()
    hours = found["hours"].to_numpy()
    outcomes = {word: found[f"is_{word}"].to_numpy() for word in ("finished", "open", "canceled")}
    target = float(params["target_hours"])
    return [
        {
            "bucket_start": names["bucket_start"],
            "group": names["group"],
            **_figures(
                hours[begin:end], {word: flags[begin:end] for word, flags in outcomes.items()}, target
            ),
            "is_partial": names["is_partial"],
        }
        for names, begin, end in zip(named, first, ends, strict=True)
    ]


def _figures(hours: Numbers, is_: Mapping[str, Flags], target: float) -> Row:
    timed = ~np.isnan(hours)
    finished = hours[is_["finished"] & timed]
    curve = kaplan_meier(hours[timed], is_["finished"][timed])
    return {
        "finished": len(finished),
        "open": int(is_["open"].sum()),
        "canceled": int(is_["canceled"].sum()),
        **{f"p{percent}_hours": quantile(finished, percent) for percent in PERCENTS},
        **{f"km_p{percent}_hours": curve_quantile(curve, percent) for percent in PERCENTS},
        "within_target": _within(hours[timed], is_["finished"][timed], target),
        "is_estimate": IS_ESTIMATE,
    }


def _within(hours: Numbers, is_finished: Flags, target: float) -> float | None:
    """Of the orders that are finished or due, the share that took no longer than the target.

    An unfinished one is due when it has been waiting for as long as the target, or had when it was canceled.
    """
    judged = int((is_finished | (hours >= target)).sum())
    return int((is_finished & (hours <= target)).sum()) / judged if judged else None
