"""How long subscriptions lived becomes the rows of the survival report. No I/O."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from analytics.survival import kaplan_meier

Row = dict[str, Any]


def survival_rows(found: pa.Table, params: Mapping[str, Any]) -> list[Row]:
    """One row per age in days at which a subscription ended, of lives sorted by their length.

    The curve begins at 1; the first row says so when nobody ended on the first day.
    """
    ages, entered = found["age_days"].to_numpy(), found["entered_days"].to_numpy()
    if len(ages) == 0:
        return []
    curve = kaplan_meier(ages, found["is_finished"].to_numpy(), entered)
    low, high = curve.band()
    rows = [
        {"age_days": int(age), "at_risk": int(at_risk), "share_active": share, "low": below, "high": above}
        for age, at_risk, share, below, above in zip(
            curve.times.tolist(),
            curve.at_risk.tolist(),
            curve.share_running.tolist(),
            low.tolist(),
            high.tolist(),
            strict=True,
        )
    ]
    if rows and rows[0]["age_days"] == 0:
        return rows
    beginning = int((entered < 0).sum())
    return [{"age_days": 0, "at_risk": beginning, "share_active": 1.0, "low": 1.0, "high": 1.0}, *rows]
