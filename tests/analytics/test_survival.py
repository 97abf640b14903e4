"""Quantiles and Kaplan–Meier, on examples that can be checked on paper."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.survival import Duration, curve_quantile, kaplan_meier, quantile


def finished(*hours: float) -> list[Duration]:
    return [Duration(hours=each, is_finished=True) for each in hours]


def left(*hours: float) -> list[Duration]:
    return [Duration(hours=each, is_finished=False) for each in hours]


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
        assert quantile(values, percent) == expected


class TestKaplanMeier:
    def test_a_curve_worked_out_by_hand(self) -> None:
        """Five orders: finished at 1, 3 and 4 hours, still open at 2 and 5.

        1 h: 5 at risk, S = 4/5. 2 h: one leaves. 3 h: 3 at risk, S = 4/5 × 2/3 = 8/15.
        4 h: 2 at risk, S = 8/15 × 1/2 = 4/15. The last is still open: the curve stays there.
        """
        curve = kaplan_meier(finished(1, 3, 4) + left(2, 5))

        assert [step.hours for step in curve] == [1, 3, 4]
        assert [step.share_running for step in curve] == pytest.approx([4 / 5, 8 / 15, 4 / 15])
        assert curve_quantile(curve, 50) == 4
        assert curve_quantile(curve, 90) is None

    def test_who_leaves_at_the_instant_another_finishes_was_at_risk(self) -> None:
        """2 h: 2 at risk, one finishes: S = 1/2, not 0."""
        (step,) = kaplan_meier(finished(2) + left(2))

        assert step.share_running == pytest.approx(0.5)

    @given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.sampled_from([50, 90, 95, 99]))
    def test_with_nothing_open_it_is_the_plain_quantile(self, hours: list[int], percent: int) -> None:
        assert curve_quantile(kaplan_meier(finished(*hours)), percent) == quantile(hours, percent)

    def test_a_backlog_does_not_bias_it(self) -> None:
        """Exponential durations, many not over when we look: finished-only is far off, this is not."""
        chance = random.Random(1)
        durations = [(chance.expovariate(1 / 48), chance.uniform(0, 96)) for _ in range(20_000)]
        seen = [Duration(hours=min(took, so_far), is_finished=took <= so_far) for took, so_far in durations]
        truth = quantile([took for took, _ in durations], 50)
        assert truth is not None

        naive = quantile([each.hours for each in seen if each.is_finished], 50)
        ours = curve_quantile(kaplan_meier(seen), 50)

        assert naive is not None
        assert naive < 0.8 * truth
        assert ours == pytest.approx(truth, rel=0.05)
