"""Quantiles of durations: of those that finished, and with those still running taken into account. No I/O."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Shares are products of up to millions of fractions; two that should be equal differ by less than this.
ROUNDING = 1e-9
# Of a normal distribution, 95 % lies within so many standard deviations.
BAND_95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The product-limit curve: one step per time at which something finished.

    Of all, `share_running` still ran after `times`; just before, `at_risk` could have finished and
    `finished` of them did.
    """

    times: Numbers
    share_running: Numbers
    at_risk: Numbers
    finished: Numbers

    def band(self) -> tuple[Numbers, Numbers]:
        """Greenwood's 95 % band around the curve, within 0 and 1."""
        left = self.at_risk - self.finished
        terms = np.divide(self.finished, self.at_risk * left, out=np.zeros_like(left), where=left > 0)
        width = BAND_95 * self.share_running * np.sqrt(np.cumsum(terms))
        return np.maximum(self.share_running - width, 0.0), np.minimum(self.share_running + width, 1.0)


def quantile(ordered: Numbers, percent: int) -> float | None:
    """The smallest value with at least that share of all values at or below it; None of none."""
    if len(ordered) == 0:
        return None
    # Whole numbers, since 0.95 × 20 is not 19 in binary fractions.
    return float(ordered[-(-len(ordered) * percent // 100) - 1])


def kaplan_meier(ordered: Numbers, is_finished: Flags, entered: Numbers | None = None) -> Curve:
    """The curve of durations in ascending order; `is_finished` false leaves the risk set then.

    What leaves unfinished at the instant when another finishes was still at risk then. With `entered`,
    each is at risk only after that time (left truncation).
    """
    times, first = np.unique(ordered, return_index=True)
    if len(times) == 0:
        empty = np.array([], dtype=np.float64)
        return Curve(times=empty, share_running=empty, at_risk=empty, finished=empty)
    finished = np.add.reduceat(is_finished.astype(np.float64), first)
    joined: Any = len(ordered)
    if entered is not None:
        joined = np.searchsorted(np.sort(entered), times, side="left")
    at_risk = (joined - first).astype(np.float64)
    steps = finished > 0
    times, finished, at_risk = times[steps], finished[steps], at_risk[steps]
    return Curve(
        times=times,
        share_running=np.cumprod((at_risk - finished) / at_risk),
        at_risk=at_risk,
        finished=finished,
    )


def curve_quantile(curve: Curve, percent: int) -> float | None:
    """The first time at which that share has finished; None where the curve does not reach it."""
    running = (100 - percent) / 100
    reached = np.flatnonzero(curve.share_running <= running + ROUNDING)
    return float(curve.times[reached[0]]) if len(reached) else None
