"""Charts of the orders page, by the specification that comes out."""

from typing import Any

import pandas as pd

from dashboard import charts, charts_orders

NO_COMPARISON = pd.DataFrame()


def flow(**more: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "bucket_start": [
                "2026-11-01T00:00:00+01:00",
                "2026-11-02T00:00:00+01:00",
                "2026-11-03T00:00:00+01:00",
            ],
            "placed": [3, 5, 1],
            "fulfilled": [1, 2, 0],
            "canceled": [0, 1, 0],
            "open_at_end": [2, 5, 6],
            "is_partial": [False, False, True],
            **more,
        }
    )


def rows(spec: charts.Spec) -> list[dict[str, Any]]:
    return [row for data in spec["datasets"].values() for row in data]


class TestFlowLines:
    def test_the_unfinished_bucket_is_not_drawn(self) -> None:
        """At one in the morning every line would fall to zero."""
        spec = charts_orders.flow_lines(flow(), NO_COMPARISON)

        assert {row["at"][:10] for row in rows(spec)} == {"2026-11-01", "2026-11-02"}

    def test_the_time_scale_is_utc(self) -> None:
        spec = charts_orders.flow_lines(flow(), NO_COMPARISON)

        assert spec["encoding"]["x"]["scale"]["type"] == "utc"

    def test_what_was_placed_before_is_dashed_over_the_same_days(self) -> None:
        before = flow(placed=[7, 8, 9], bucket_start=["2026-10-29", "2026-10-30", "2026-10-31"])

        drawn = [
            row for row in rows(charts_orders.flow_lines(flow(), before)) if row["measure"] == "Placed before"
        ]

        assert [(row["at"][:10], row["orders"]) for row in drawn] == [("2026-11-01", 7), ("2026-11-02", 8)]


class TestOpenByState:
    def test_states_are_stacked_in_their_own_colours(self) -> None:
        stock = pd.DataFrame(
            {
                "bucket_start": ["2026-11-01T00:00:00Z"] * 2,
                "state": ["approved", "partially_fulfilled"],
                "orders": [2, 1],
            }
        )

        spec = charts_orders.open_by_state(stock)

        scale = spec["encoding"]["color"]["scale"]
        assert dict(zip(scale["domain"], scale["range"], strict=True)) == {
            "Approved": charts.STATE_COLOURS["approved"],
            "Partially fulfilled": charts.STATE_COLOURS["partially_fulfilled"],
        }
        assert spec["encoding"]["y"]["stack"] == "zero"


class TestStateBars:
    def test_each_bar_is_labelled_with_count_and_share(self) -> None:
        status = pd.DataFrame({"state": ["fulfilled", "canceled"], "orders": [3, 1]})

        labels = {row["state"]: row["label"] for row in rows(charts_orders.state_bars(status))}

        assert labels == {"fulfilled": "3 · 75.0%", "canceled": "1 · 25.0%"}

    def test_two_statuses_of_one_state_are_one_bar(self) -> None:
        status = pd.DataFrame({"state": ["ended", "ended"], "status": ["ENDED", "EXPIRED"], "orders": [2, 3]})

        assert [row["orders"] for row in rows(charts_orders.state_bars(status))] == [5]
