"""Charts of the pipeline page, by the specification that comes out."""

from typing import Any

import pandas as pd

from dashboard import charts, charts_pipeline


def rows(spec: charts.Spec) -> list[dict[str, Any]]:
    return [row for data in spec["datasets"].values() for row in data]


def minutes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at": pd.to_datetime(["2026-11-01T12:00Z", "2026-11-01T12:01Z", "2026-11-01T12:02Z"]),
            "lag": [3.0, None, 4.0],
            "end_to_end_p50_seconds": [0.5, None, 0.6],
            "end_to_end_p95_seconds": [1.5, None, 1.6],
        }
    )


class TestMinutes:
    def test_a_minute_without_a_number_is_a_gap(self) -> None:
        """A smooth arc over an outage once hid it."""
        for spec in (
            charts_pipeline.lag_line(minutes(), "UTC"),
            charts_pipeline.delays(minutes(), "UTC"),
        ):
            assert spec["mark"]["invalid"] == "break-paths-show-path-domains"
            assert spec["mark"]["interpolate"] == "linear"
            assert None in [row["value"] for row in rows(spec)]

    def test_minutes_stand_at_the_readers_wall_time(self) -> None:
        drawn = rows(charts_pipeline.lag_line(minutes(), "Asia/Tokyo"))

        assert drawn[0]["at"][:16] == "2026-11-01T21:00"


class TestEffectBars:
    def test_the_parts_of_a_flow_add_up_to_what_was_due(self) -> None:
        """A flow that nothing made due is left out: it has no shares."""
        effects = pd.DataFrame(
            {
                "flow": ["payment_notice", "access"],
                "due": [10, 0],
                "done": [6, 0],
                "suppressed": [2, 0],
                "waiting": [1, 0],
                "failed": [1, 0],
                "open": [0, 0],
            }
        )

        drawn = rows(charts_pipeline.effect_bars(effects))

        assert {row["flow"] for row in drawn} == {"Payment notice"}
        assert sum(row["share"] for row in drawn) == 1


class TestQuotaLines:
    def test_minutes_with_parked_requests_are_marked(self) -> None:
        quota = pd.DataFrame(
            {
                "bucket_start": pd.to_datetime(["2026-11-01T12:00Z", "2026-11-01T12:01Z"]),
                "name": ["Bean & Leaf"] * 2,
                "calls": [20, 200],
                "limit": [200, 200],
                "parked": [0, 7],
            }
        )

        spec = charts_pipeline.quota_lines(quota)

        points = [layer for layer in spec["layer"] if layer["mark"]["type"] == "point"]
        assert [row["calls"] for row in spec["datasets"][points[0]["data"]["name"]]] == [200]
