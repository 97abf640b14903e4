"""What the pipeline page says in cards and sentences."""

import pandas as pd

from dashboard import cards_pipeline

NONE_PAUSED = pd.DataFrame(columns=["flow"])


def accounts(missing: int = 0, effects: int = 0) -> pd.DataFrame:
    row = {"committed": 12_345, "rows": 12_340 - missing, "dead": 5, "missing": missing}
    return pd.DataFrame([{**row, "missing_effects": effects}])


class TestConservation:
    def test_numbers_are_exact(self) -> None:
        """12.3K of 12.3K would say nothing."""
        said = cards_pipeline.conservation(accounts(), NONE_PAUSED)

        assert "Of 12,345 records read, 12,340 are in the ledger and 5 are dead letters" in said
        assert "Nothing is missing." in said

    def test_what_is_missing_is_said_with_the_flow_that_may_hold_it(self) -> None:
        said = cards_pipeline.conservation(accounts(3, 2), pd.DataFrame({"flow": ["access"]}))

        assert "3 records and 2 effects are unaccounted for." in said
        assert "A paused flow holds some back: access." in said


class TestAlarms:
    def test_those_that_rang_come_first_with_what_they_mean(self) -> None:
        found = pd.DataFrame({"alarm": ["clock_skew", "unknown_type"], "events": [0, 4]})
        found = found.assign(last_at=None, last_event_id=None)

        told = cards_pipeline.alarms(found)

        assert list(told["alarm"]) == ["unknown_type", "clock_skew"]
        assert all(told["meaning"])
        assert cards_pipeline.rang(found) == "1 of 2 kinds rang"


class TestQuota:
    QUOTA = pd.DataFrame(
        {"site": ["a", "a", "b"], "calls": [10, 150, 40], "limit": [200] * 3, "parked": [0, 2, 0]}
    )

    def test_only_the_busiest_sites_are_drawn(self) -> None:
        assert set(cards_pipeline.busiest(self.QUOTA, 1)["site"]) == {"a"}

    def test_the_nearest_to_the_limit_is_said(self) -> None:
        assert cards_pipeline.closest_to_limit(self.QUOTA) == "busiest minute 75.0% of the limit · waited: 2"


class TestFurthestBehind:
    def test_the_longest_way_comes_first(self) -> None:
        lag = pd.DataFrame({"partition": [0, 1, 2], "lag": [1, 9, 5]})

        assert list(cards_pipeline.furthest_behind(lag, 2)["partition"]) == [1, 2]
