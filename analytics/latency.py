"""Orders and how long their step took become the rows of the latency report. No I/O."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from analytics.survival import Duration, curve_quantile, kaplan_meier, quantile

PERCENTS = (50, 90, 95, 99)
# Above this many finished orders a histogram may answer; below, every figure is exact.
IS_ESTIMATE = False

Row = dict[str, Any]


def latency_rows(found: Sequence[Row], params: Mapping[str, Any]) -> list[Row]:
    """One row per bucket and group, of rows sorted by them.

    A bucket without orders comes as one row without `outcome`.
    """
    target = float(params["target_hours"])
    by_bucket = groupby(found, key=lambda row: (row["bucket_start"], row["group"], row["is_partial"]))
    return [
        {"bucket_start": start, "group": group, **_figures(list(rows), target), "is_partial": is_partial}
        for (start, group, is_partial), rows in by_bucket
    ]


def _figures(rows: Sequence[Row], target: float) -> Row:
    orders = [row for row in rows if row["outcome"] is not None]
    finished = [row["hours"] for row in orders if row["outcome"] == "finished"]
    timed = [row for row in orders if row["hours"] is not None]
    curve = kaplan_meier(
        [Duration(hours=row["hours"], is_finished=row["outcome"] == "finished") for row in timed]
    )
    return {
        "finished": len(finished),
        "open": sum(row["outcome"] == "open" for row in orders),
        "canceled": sum(row["outcome"] == "canceled" for row in orders),
        **{f"p{percent}_hours": quantile(finished, percent) for percent in PERCENTS},
        **{f"km_p{percent}_hours": curve_quantile(curve, percent) for percent in PERCENTS},
        "within_target": _within(timed, target),
        "is_estimate": IS_ESTIMATE,
    }


def _within(orders: Sequence[Row], target: float) -> float | None:
    """Of the orders that are finished or due, the share that took no longer than the target."""
    judged = [row for row in orders if row["outcome"] == "finished" or _is_due(row, target)]
    if not judged:
        return None
    in_time = [row for row in judged if row["outcome"] == "finished" and row["hours"] <= target]
    return len(in_time) / len(judged)


def _is_due(row: Row, target: float) -> bool:
    """Whether an unfinished order has been waiting for as long as the target, or was when it was canceled."""
    return bool(row["hours"] >= target)
