"""Quantiles and Kaplan–Meier, on examples that can be checked on paper."""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.survival import Curve, Numbers, curve_quantile, kaplan_meier, quantile

Durations = list[tuple[float, bool]]


def finished(*hours: float) -> Durations:
    return [(each, True) for each in hours]


def left(*hours: float) -> Durations:
    return [(each, False) for each in hours]


def array(values: list[float]) -> Numbers:
    return np.array(sorted(values), dtype=np.float64)


def curve_of(durations: Durations) -> Curve:
    ordered = sorted(durations)
    return kaplan_meier(
        np.array([hours for hours, _ in ordered], dtype=np.float64),
        np.array([is_finished for _, is_finished in ordered], dtype=np.bool_),
    )


def running_by_the_book(durations: Durations, at: float) -> Fraction:
    """The product over all finishing times up to `at` of (at risk − finished) / at risk, exact."""
    share = Fraction(1)
    for time in sorted({hours for hours, is_finished in durations if is_finished and hours <= at}):
        at_risk = sum(hours >= time for hours, _ in durations)
        ended = sum(hours == time and is_finished for hours, is_finished in durations)
        share *= Fraction(at_risk - ended, at_risk)
    return share


class TestQuantile:
    @pytest.mark.parametrize(
        ("values", "percent", "expected"),
        [
            ([1, 2, 3, 4], 50, 2),  # two of four are at or below 2
            ([1, 2, 3], 50, 2),  # one of three is a third, two are two thirds
            ([4, 1, 3, 2], 90, 4),
            (list(range(1, 21)), 95, 19),  # 19 of 20 is exactly 95 %
            (list(range(1, 101)), 99, 99),
            ([7], 50, 7),
            ([], 50, None),
        ],
    )
    def test_is_the_smallest_value_with_that_share_at_or_below_it(
        self, values: list[float], percent: int, expected: float | None
    ) -> None:
        assert quantile(array(values), percent) == expected


class TestKaplanMeier:
    def test_a_curve_worked_out_by_hand(self) -> None:
        """Five orders: finished at 1, 3 and 4 hours, still open at 2 and 5.

        1 h: 5 at risk, S = 4/5. 2 h: one leaves. 3 h: 3 at risk, S = 4/5 × 2/3 = 8/15.
        4 h: 2 at risk, S = 8/15 × 1/2 = 4/15. The last is still open: the curve stays there.
        """
        curve = curve_of(finished(1, 3, 4) + left(2, 5))

        assert list(curve.times) == [1, 3, 4]
        assert list(curve.share_running) == pytest.approx([4 / 5, 8 / 15, 4 / 15])
        assert curve_quantile(curve, 50) == 4
        assert curve_quantile(curve, 90) is None

    def test_who_leaves_at_the_instant_another_finishes_was_at_risk(self) -> None:
        """2 h: 2 at risk, one finishes: S = 1/2, not 0."""
        curve = curve_of(finished(2) + left(2))

        assert list(curve.share_running) == pytest.approx([0.5])

    @given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60))
    def test_agrees_with_the_textbook_in_exact_fractions(self, durations: list[tuple[int, bool]]) -> None:
        told: Durations = [(float(hours), is_finished) for hours, is_finished in durations]
        curve = curve_of(told)

        by_the_book = [float(running_by_the_book(told, time)) for time in curve.times]
        assert list(curve.share_running) == pytest.approx(by_the_book, abs=1e-9)

    def test_who_is_first_seen_late_is_at_risk_only_from_then(self) -> None:
        """Ages at the end 5, 10, 12, all ended; the last was first seen at age 8.

        5: two at risk, S = 1/2. 10: two at risk (10 and 12), S = 1/4. 12: S = 0. Untruncated: 2/3, 1/3, 0.
        """
        ended = np.array([True, True, True])

        curve = kaplan_meier(np.array([5.0, 10.0, 12.0]), ended, np.array([-1.0, -1.0, 8.0]))

        assert list(curve.share_running) == pytest.approx([1 / 2, 1 / 4, 0])

    def test_greenwoods_band_worked_out_by_hand(self) -> None:
        """Ten, two ended at 1: S = 0.8, variance = 0.64 × 2/(10 × 8) = 0.016, ± 1.96 × 0.126491."""
        curve = curve_of(finished(1, 1) + left(*[2] * 8))

        low, high = curve.band()

        assert (low[0], high[0]) == pytest.approx((0.552082, 1.0), abs=1e-6)

    @given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.sampled_from([50, 90, 95, 99]))
    def test_with_nothing_open_it_is_the_plain_quantile(self, hours: list[int], percent: int) -> None:
        assert curve_quantile(curve_of(finished(*hours)), percent) == quantile(array(list(hours)), percent)

    def test_a_backlog_does_not_bias_it(self) -> None:
        """Exponential durations, many not over when we look: finished-only is far off, this is not."""
        chance = random.Random(1)
        durations = [(chance.expovariate(1 / 48), chance.uniform(0, 96)) for _ in range(20_000)]
        seen: Durations = [(min(took, so_far), took <= so_far) for took, so_far in durations]
        truth = quantile(array([took for took, _ in durations]), 50)
        assert truth is not None

        naive = quantile(array([hours for hours, is_finished in seen if is_finished]), 50)
        ours = curve_quantile(curve_of(seen), 50)

        assert naive is not None
        assert naive < 0.8 * truth
        assert ours == pytest.approx(truth, rel=0.05)
