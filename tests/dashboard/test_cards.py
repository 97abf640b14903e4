"""Reports become the numbers on cards."""

import pandas as pd

from dashboard import cards

NOW = pd.DataFrame({"placed": [3, 5, 1], "open_at_end": [2, 5, 6], "is_partial": [False, False, True]})
BEFORE = pd.DataFrame({"placed": [2, 2, 2], "open_at_end": [1, 1, 4], "is_partial": [False, False, False]})


class TestCounted:
    def test_a_flow_is_summed_and_compared_with_the_period_before(self) -> None:
        card = cards.counted("Placed", NOW, "placed", BEFORE, meaning="…")

        assert (card.value, card.delta, card.before) == ("9", "+50.0%", "from 6")

    def test_the_sparkline_leaves_out_the_unfinished_bucket(self) -> None:
        assert cards.counted("Placed", NOW, "placed", BEFORE, meaning="…").series == [3.0, 5.0]

    def test_an_empty_report_is_unknown_not_zero(self) -> None:
        card = cards.counted("Placed", NOW.head(0), "placed", BEFORE.head(0), meaning="…")

        assert (card.value, card.delta, card.before) == ("–", None, None)


class TestStanding:
    def test_a_stock_is_its_last_value(self) -> None:
        """Adding up what was open each evening would count an order once for every evening."""
        card = cards.standing("Open", NOW, "open_at_end", BEFORE, meaning="…")

        assert (card.value, card.delta, card.before) == ("6", "+50.0%", "from 4")


class TestOverSites:
    def test_days_of_all_sites_are_their_sums(self) -> None:
        """A day is unfinished for all when no site has it whole: one may have come later than another."""
        days = pd.to_datetime(["2026-11-01", "2026-11-02"] * 2, utc=True)
        flow = pd.DataFrame(
            {
                "bucket_start": days,
                "group": ["a", "a", "b", "b"],
                "placed": [1, 2, 10, 20],
                "open_at_end": [1, 1, 5, 5],
                "is_partial": [False, True, True, True],
            }
        )

        found = cards.over_sites(flow)

        assert list(found["placed"]) == [11, 22]
        assert list(found["open_at_end"]) == [6, 6]
        assert list(found["is_partial"]) == [False, True]
        assert "group" not in found

    def test_without_any_there_is_nothing_to_sum(self) -> None:
        assert cards.over_sites(pd.DataFrame()).empty
