"""A range label becomes a period and the comparable one before it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboard.scope import CUSTOM, RANGES, YEAR_AGO, scope

NOW = datetime(2026, 3, 30, 10, 15, tzinfo=UTC)


class TestScope:
    def test_a_range_ends_now_and_begins_at_a_local_midnight(self) -> None:
        found = scope("7d", tz="America/Los_Angeles", now=NOW)

        assert found.end == NOW
        assert found.start.isoformat() == "2026-03-24T00:00:00-07:00"

    @pytest.mark.parametrize("label", RANGES)
    def test_the_previous_period_is_cut_at_the_same_time_of_day(self, label: str) -> None:
        """Else an unfinished day would be compared with a whole one."""
        found = scope(label, tz="UTC", now=NOW)

        assert found.previous_start is not None
        assert found.previous_end is not None
        assert found.previous_end.time() == found.end.time()
        assert found.previous_end - found.previous_start == found.end - found.start
        assert found.start - found.previous_start == timedelta(days=RANGES[label])

    def test_a_change_to_summer_time_keeps_midnights(self) -> None:
        """Berlin lost an hour on 29 March 2026."""
        found = scope("7d", tz="Europe/Berlin", now=NOW)

        assert found.start.isoformat() == "2026-03-24T00:00:00+01:00"
        assert found.end.isoformat() == "2026-03-30T12:15:00+02:00"

    def test_sites_travel_with_the_question(self) -> None:
        found = scope("7d", tz="UTC", now=NOW, sites=("a", "b"))

        assert found.params["site"] == ["a", "b"]
        assert found.now == {"tz": "UTC", "site": ["a", "b"]}

    @pytest.mark.parametrize(
        "other",
        [
            {"label": "30d"},
            {"tz": "Europe/Berlin"},
            {"chosen": (date(2026, 3, 1), date(2026, 3, 2))},
            {"comparison": YEAR_AGO},
            {"sites": ("a",)},
            {"currency": "EUR"},
            {"as_of": NOW},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_who_chose_the_same_looks_at_the_same_view(self, other: dict[str, Any]) -> None:
        """Whenever they do; and at another one as soon as one thing differs."""
        chosen: dict[str, Any] = {"label": CUSTOM, "tz": "UTC"}
        today, tomorrow = (scope(**chosen, now=NOW + timedelta(days=days)) for days in (0, 1))

        assert today != tomorrow
        assert today.filters == tomorrow.filters
        assert scope(**{**chosen, **other}, now=NOW).filters != today.filters
