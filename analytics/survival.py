"""Quantiles of durations: of those that finished, and with those still running taken into account. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

# Shares are products of fractions; two that should be equal differ by less than this.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long something took, or has taken so far; `is_finished` False leaves the risk set then."""

    hours: float
    is_finished: bool


def quantile(values: Sequence[float], percent: int) -> float | None:
    """The smallest value with at least that share of all values at or below it; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    # Whole numbers, since 0.95 × 20 is not 19 in binary fractions.
    return ordered[-(-len(ordered) * percent // 100) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Of all, the share still running after `hours`."""

    hours: float
    share_running: float


def kaplan_meier(durations: Sequence[Duration]) -> list[Step]:
    """The product-limit curve, one step per time at which something finished.

    What leaves unfinished at the instant when another finishes was still at risk then.
    """
    ends: dict[float, list[int]] = {}
    for duration in durations:
        counts = ends.setdefault(duration.hours, [0, 0])
        counts[0 if duration.is_finished else 1] += 1
    # Since nothing left unfinished, the factors telescope to at_risk / joined: without censoring
    # the curve is exactly the share that the plain quantile counts.
    share, joined, at_risk, curve = 1.0, len(durations), len(durations), []
    for hours in sorted(ends):
        finished, left = ends[hours]
        at_risk -= finished
        if finished:
            curve.append(Step(hours=hours, share_running=share * (at_risk / joined)))
        if left:
            share *= at_risk / joined
            at_risk -= left
            joined = at_risk
    return curve


def curve_quantile(curve: Sequence[Step], percent: int) -> float | None:
    """The first time at which that share has finished; None where the curve does not reach it."""
    running = (100 - percent) / 100
    return next((step.hours for step in curve if step.share_running <= running + ROUNDING), None)
