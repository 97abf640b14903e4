"""Charts are tested by the specification that comes out."""

from typing import Any

import pandas as pd

from dashboard import charts


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
            "open_at_end": [2, 5, 6],
            "is_partial": [False, False, True],
            **more,
        }
    )


def rows(spec: charts.Spec) -> list[dict[str, Any]]:
    return [row for data in spec["datasets"].values() for row in data]


class TestWallTime:
    def test_a_bucket_keeps_its_local_midnight_whatever_the_offset(self) -> None:
        """Drawn on a UTC scale, so that no browser shifts it into the day before."""
        found = charts.wall_time(pd.Series(["2026-11-01T00:00:00+09:00", "2026-11-02T00:00:00-08:00"]))

        assert [str(t) for t in found] == ["2026-11-01 00:00:00+00:00", "2026-11-02 00:00:00+00:00"]

    def test_an_aware_column_is_read_the_same_way(self) -> None:
        local = pd.to_datetime(["2026-11-01"]).tz_localize("Asia/Tokyo").to_series()

        assert str(charts.wall_time(local).iloc[0]) == "2026-11-01 00:00:00+00:00"


class TestPercentileLines:
    def test_an_unreached_percentile_is_a_gap(self) -> None:
        table = flow(km_p50_hours=[10.0, None, 12.0])
        spec = charts.percentile_lines(table, {"km_p50_hours": "median"}, 72)

        hours = [row["hours"] for row in rows(spec) if "percentile" in row]
        assert hours == [10.0, None, 12.0]
        assert {"hours": 72} in rows(spec)
