"""Charts of the fulfillment page, by the specification that comes out."""

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from dashboard import charts, charts_fulfillment

TARGET = 72.0


def rows(spec: charts.Spec) -> list[dict[str, Any]]:
    return [row for data in spec["datasets"].values() for row in data]


def by_day(**more: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "bucket_start": [f"2026-11-0{day}T00:00:00+01:00" for day in (1, 2, 3)],
            "km_p50_hours": [20.0, 22.0, 24.0],
            "km_p90_hours": [60.0, None, 66.0],
            "km_p95_hours": [80.0, 82.0, 66.5],
            "p90_hours": [50.0, 51.0, 52.0],
            "is_partial": [False, False, False],
            **more,
        }
    )


class TestPercentileLines:
    def test_a_percentile_that_cannot_be_known_is_a_gap(self) -> None:
        spec = charts_fulfillment.percentile_lines(by_day(), TARGET)

        lines = [layer["mark"] for layer in spec["layer"] if layer["mark"]["type"] == "line"]
        assert {line["invalid"] for line in lines} == {"break-paths-show-path-domains"}
        assert {"at", "percentile", "hours"} <= set(rows(spec)[0])
        assert [row["hours"] for row in rows(spec) if row.get("percentile") == "90th"].count(None) == 1

    def test_the_unfinished_bucket_is_left_out(self) -> None:
        spec = charts_fulfillment.percentile_lines(by_day(is_partial=[False, False, True]), TARGET)

        assert {row["at"][:10] for row in rows(spec) if "at" in row} == {"2026-11-01", "2026-11-02"}

    def test_labels_at_the_ends_never_lie_on_each_other(self) -> None:
        """The 90th and the 95th end half an hour apart: as text they would be one blot."""
        spec = charts_fulfillment.percentile_lines(by_day(), TARGET)

        heights = sorted(row["label_hours"] for row in rows(spec) if "label_hours" in row)
        assert len(heights) == 4
        assert min(high - low for low, high in pairwise(heights)) >= 82 * 0.07

    def test_the_target_is_one_dashed_line(self) -> None:
        spec = charts_fulfillment.percentile_lines(by_day(), TARGET)

        rules = [layer for layer in spec["layer"] if layer["mark"]["type"] == "rule"]
        assert [rule["mark"]["strokeDash"] for rule in rules] == [[5, 4]]
        assert {"hours": TARGET} in rows(spec)


class TestDistribution:
    BINS = pd.DataFrame(
        {"from_hours": [0.0, 1.0, 2.0, 4.0], "to_hours": [1.0, 2.0, 4.0, 8.0], "orders": [1, 2, 3, 4]}
    )

    def drawn(self, target: float) -> list[tuple[float, float, str]]:
        spec = charts_fulfillment.distribution(self.BINS, target, {})
        return [(row["left"], row["right"], row["colour"]) for row in rows(spec) if "left" in row]

    def test_every_bar_has_a_width(self) -> None:
        """Bars by `bin=binned` once came out with none, and without an error."""
        assert all(right - left > 0.5 for left, right, _ in self.drawn(8))

    def test_what_is_over_the_target_is_amber(self) -> None:
        assert [colour for *_, colour in self.drawn(2)] == [charts.BLUE] * 2 + [charts.AMBER] * 2

    def test_a_bar_with_the_target_inside_is_split_there(self) -> None:
        """Four to eight hours is one step of the axis; 5.66 h lies in its middle."""
        (_, cut, under), (start, _, over) = self.drawn(5.656854)[-2:]

        assert (under, over) == (charts.BLUE, charts.AMBER)
        assert cut == start == pytest.approx(3.5, abs=1e-3)

    def test_an_unknown_mark_is_not_drawn(self) -> None:
        marks = {"Median": 4.0, "95th": float("nan")}

        spec = charts_fulfillment.distribution(self.BINS, 2, marks)

        assert [row for row in rows(spec) if "place" in row] == [{"name": "Median", "place": 3.0}]


class TestSiteDots:
    SITES = pd.DataFrame(
        {
            "name": ["fast", "slow", "untold", "quiet"],
            "finished": [5, 5, 5, 0],
            "km_p50_hours": [10.0, 50.0, 40.0, None],
            "km_p90_hours": [30.0, 100.0, None, None],
        }
    )

    def test_the_worst_stands_first_and_the_untold_before_it(self) -> None:
        """A 90th that isn't known yet is longer than any that is; a site without orders is left out."""
        spec = charts_fulfillment.site_dots(self.SITES, TARGET)

        assert [row["name"] for row in rows(spec) if "name" in row] == ["untold", "slow", "fast"]

    def test_a_diamond_over_the_target_is_amber(self) -> None:
        spec = charts_fulfillment.site_dots(self.SITES, TARGET)

        colours = {row["name"]: row["colour"] for row in rows(spec) if "name" in row}
        assert (colours["slow"], colours["fast"]) == (charts.AMBER, charts.SKY)


class TestHourCells:
    def test_hours_without_orders_stay_empty(self) -> None:
        table = pd.DataFrame(
            {"weekday": [1, 7], "hour": [0, 23], "orders": [3, 0], "p50_hours": [12.0, None]}
        )

        spec = charts_fulfillment.hour_cells(table)

        assert [row["day"] for row in rows(spec)] == ["Mon"]

    def test_every_hour_and_day_has_its_place(self) -> None:
        """Else the columns of a shop that sleeps from five to eight would stand close together."""
        table = pd.DataFrame({"weekday": [1], "hour": [8], "orders": [3], "p50_hours": [12.0]})

        spec = charts_fulfillment.hour_cells(table)

        assert spec["encoding"]["x"]["scale"]["domain"] == list(range(24))
        assert spec["encoding"]["y"]["scale"]["domain"] == list(charts_fulfillment.WEEKDAYS)
