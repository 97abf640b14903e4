"""Charts are tested by the specification that comes out."""

import pandas as pd

from dashboard import charts


class TestWallTime:
    def test_a_bucket_keeps_its_local_midnight_whatever_the_offset(self) -> None:
        """Drawn on a UTC scale, so that no browser shifts it into the day before."""
        found = charts.wall_time(pd.Series(["2026-11-01T00:00:00+09:00", "2026-11-02T00:00:00-08:00"]))

        assert [str(t) for t in found] == ["2026-11-01 00:00:00+00:00", "2026-11-02 00:00:00+00:00"]

    def test_an_aware_column_is_read_the_same_way(self) -> None:
        local = pd.to_datetime(["2026-11-01"]).tz_localize("Asia/Tokyo").to_series()

        assert str(charts.wall_time(local).iloc[0]) == "2026-11-01 00:00:00+00:00"
