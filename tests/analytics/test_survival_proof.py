"""Kaplan–Meier beside an implementation that is not ours, and what a backlog does without it."""

import math
import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from analytics.latency import latency_rows
from analytics.survival import BAND_95, kaplan_meier, quantile

CLOSE = 1e-9


def made_up(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Durations in ascending order, which of them finished, and when each was first seen.

    Odd seeds draw whole days, so that many finish at one instant; every third begins unseen.
    """
    chance = np.random.default_rng(seed)
    size = int(chance.integers(5, 300))
    durations = chance.exponential(20, size) + 1
    if seed % 2:
        durations = np.ceil(durations)
    durations = np.sort(durations)
    is_finished = chance.random(size) < chance.uniform(0.2, 1)
    entered = np.full(size, -1.0)
    if seed % 3 == 0:
        # Half a day off, since who joins at the very instant of an end is a convention.
        entered = np.floor(durations * chance.uniform(0, 0.9, size)) - 0.5
    return durations, is_finished, entered


class TestBesideLifelines:
    @pytest.mark.parametrize("seed", range(30))
    def test_the_curve_and_greenwoods_band_are_the_same(self, seed: int) -> None:
        """Censored, tied and left-truncated data. lifelines shows a band of another shape (of the
        logarithm of the hazard), so its sum of variances is put into the plain one.
        """
        # Here, since it takes longer to import than anything else, and each of several processes collects.
        from lifelines import KaplanMeierFitter  # type: ignore[import-untyped]  # it ships no types

        durations, is_finished, entered = made_up(seed)

        ours = kaplan_meier(durations, is_finished, entered)
        theirs = KaplanMeierFitter().fit(durations, is_finished, entry=np.maximum(entered, 0))

        share = theirs.survival_function_at_times(ours.times).to_numpy()
        variances = theirs._cumulative_sq_.loc[ours.times].to_numpy()
        width = BAND_95 * share * np.sqrt(variances)
        low, high = ours.band()
        assert ours.share_running == pytest.approx(share, abs=CLOSE)
        assert low == pytest.approx(np.maximum(share - width, 0), abs=CLOSE)
        assert high == pytest.approx(np.minimum(share + width, 1), abs=CLOSE)


def exponential(chance: random.Random) -> float:
    return chance.expovariate(1 / 48)


def lognormal(chance: random.Random) -> float:
    return chance.lognormvariate(math.log(30), 0.9)


def in_two_ways(chance: random.Random) -> float:
    """Most go the next day; one in ten waits for its supplier, about six days."""
    return chance.gauss(24, 6) if chance.random() < 0.9 else chance.gauss(150, 25)


class TestBacklog:
    @pytest.mark.parametrize(
        "took", [exponential, lognormal, in_two_ways], ids=lambda kind: str(kind.__name__)
    )
    def test_finished_orders_alone_are_far_off_and_ours_are_not(
        self, took: Callable[[random.Random], float]
    ) -> None:
        """150 000 orders, paid at any time of the last 200 hours; those that take longer are still open."""
        chance = random.Random(3)
        hours = [max(took(chance), 0.1) for _ in range(150_000)]
        looked = [chance.uniform(0, 200) for _ in hours]
        truth = quantile(np.sort(np.array(hours)), 95)
        assert truth is not None

        row = latency_of([min(pair) for pair in zip(hours, looked, strict=True)], hours, looked)

        assert row["p95_hours"] < 0.8 * truth
        assert row["km_p95_hours"] == pytest.approx(truth, rel=0.02)


def latency_of(seen: list[float], hours: list[float], looked: list[float]) -> dict[str, float]:
    """The latency report's row over such orders."""
    order = np.argsort(seen)
    is_finished = np.array([a <= b for a, b in zip(hours, looked, strict=True)])[order]
    size = len(seen)
    table = pa.table(
        {
            "bucket_number": np.ones(size, dtype=np.int64),
            "bucket_start": pa.nulls(size, pa.timestamp("us")),
            "group": pa.nulls(size, pa.string()),
            "is_partial": np.zeros(size, dtype=bool),
            "is_finished": is_finished,
            "is_open": ~is_finished,
            "is_canceled": np.zeros(size, dtype=bool),
            "hours": np.array(seen)[order],
        }
    )
    (row,) = latency_rows(table, {"target_hours": 72.0})
    return row
