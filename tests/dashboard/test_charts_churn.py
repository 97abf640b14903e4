"""Charts of the churn page, by the specification that comes out."""

from typing import Any

import pandas as pd
import pytest

from dashboard import charts, charts_churn


def churn(**more: list[Any]) -> pd.DataFrame:
    """Three months; the third is not over."""
    zeros = [0, 0, 0]
    return pd.DataFrame(
        {
            "bucket_start": ["2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"],
            "new": [4, 5, 6],
            "churned": [2, 1, 1],
            **dict.fromkeys(charts.CAUSE_COLOURS, zeros),
            "rate": [0.1, 0.05, None],
            "numerator": [1, 1, 0],
            "base": [10, 20, 0],
            "is_partial": [False, False, True],
            **more,
        }
    )


def rows(spec: charts.Spec) -> list[dict[str, Any]]:
    return [row for data in spec["datasets"].values() for row in data]


class TestGainedAndLost:
    def test_lost_customers_point_down_and_new_ones_up(self) -> None:
        table = churn(voluntary=[2, 0, 0], owner=[1, 1, 1])

        drawn = [row for row in rows(charts_churn.gained_and_lost(table)) if "what" in row]

        september = {row["what"]: row["customers"] for row in drawn if row["at"].startswith("2026-09")}
        assert (september["New"], september["Voluntary"], september["Owner"]) == (4, -2, -1)

    def test_only_causes_that_occurred_are_in_the_legend(self) -> None:
        spec = charts_churn.gained_and_lost(churn(owner=[1, 1, 1]))

        assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == ["New", "Owner"]

    @pytest.mark.parametrize("bar", [0, 1, 2])
    def test_every_bar_has_a_width(self, bar: int) -> None:
        drawn = [row for row in rows(charts_churn.gained_and_lost(churn())) if row.get("what") == "New"]

        assert drawn[bar]["left"] < drawn[bar]["right"]

    def test_the_unfinished_month_is_pale_and_not_on_the_line(self) -> None:
        spec = charts_churn.gained_and_lost(churn())

        line = [row for row in rows(spec) if "net" in row]
        assert [row["net"] for row in line] == [2, 4]
        assert spec["layer"][0]["encoding"]["opacity"]["condition"]["value"] < 1


class TestRateBars:
    @pytest.mark.parametrize(("rate", "written"), [(0.034, ".1%"), (0.34, ".0%")])
    def test_no_two_lines_of_the_axis_are_the_same_percent(self, rate: float, written: str) -> None:
        spec = charts_churn.rate_bars(churn(rate=[rate, None, None]))

        assert spec["layer"][0]["encoding"]["y"]["axis"]["format"] == written

    def test_each_bar_carries_its_figure_and_an_unknown_rate_none(self) -> None:
        drawn = rows(charts_churn.rate_bars(churn()))

        assert {row["label"] for row in drawn} == {"10.0%", "5.0%", ""}

    def test_where_bars_are_narrow_their_figures_are_short(self) -> None:
        spec = charts_churn.rate_bars(churn())

        assert {row["short"] for row in rows(spec)} == {"10%", "5%", ""}
        assert "width < 75 ? datum.short" in spec["layer"][1]["mark"]["text"]["expr"]


class TestCohorts:
    TABLE = pd.DataFrame(
        {
            "cohort_month": ["2026-08-01T00:00:00Z"] * 3 + ["2026-09-01T00:00:00Z"] * 2,
            "size": [10, 10, 10, 30, 30],
            "age_months": [0, 1, 2, 0, 1],
            "active": [10, 8, 5, 30, 15],
            "share": [1.0, 0.8, 0.5, 1.0, 0.5],
        }
    )

    def test_the_first_row_weighs_the_cohorts_that_reached_the_age(self) -> None:
        """After one month (8 + 15) of 40 stay; only August has reached two."""
        grid = charts_churn.cohort_grid(self.TABLE)

        everyone = grid[grid["cohort"] == "All, weighted"].set_index("age_months")["share"]
        assert dict(everyone) == {1: 23 / 40, 2: 0.5}

    def test_the_month_they_began_is_left_out(self) -> None:
        """It would be all of them, always."""
        assert 0 not in set(charts_churn.cohort_grid(self.TABLE)["age_months"])

    def test_the_size_stands_beside_the_month(self) -> None:
        assert "Aug 2026 · 10" in set(charts_churn.cohort_grid(self.TABLE)["cohort"])

    def test_figures_fit_into_the_cells_of_a_phone(self) -> None:
        """Eleven months on 390 pixels: two digits, smaller and without their sign."""
        [_, figures] = charts_churn.cohort_cells(self.TABLE)["layer"]

        assert "bandwidth('x') < 30 ? '' : '%'" in figures["mark"]["text"]["expr"]
        assert "bandwidth('x') < 30 ? 9 :" in figures["mark"]["fontSize"]["expr"]


class TestSurvival:
    def test_the_curve_falls_in_steps_within_its_band(self) -> None:
        table = pd.DataFrame(
            {
                "age_days": [0, 30],
                "at_risk": [5, 4],
                "share_active": [1.0, 0.8],
                "low": [1.0, 0.4],
                "high": [1.0, 0.9],
            }
        )

        spec = charts_churn.survival_curve(table)

        assert {layer["mark"]["interpolate"] for layer in spec["layer"]} == {"step-after"}


class TestMovements:
    def test_what_is_lost_points_down(self) -> None:
        money = {name: ["1.00", "2.00", "3.00"] for name in charts_churn.MOVEMENTS}

        drawn = rows(charts_churn.mrr_movements(churn(**money)))

        down = {row["movement"] for row in drawn if row["amount"] < 0}
        assert down == {"Contraction", "Churn"}
