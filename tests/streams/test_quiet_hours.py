"""The hours in which a site writes to nobody, by its own clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.quiet_hours import QuietHours

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours.parse("21:00-08:00")


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


class TestParse:
    @pytest.mark.parametrize("written", ["21:00-08:00", "21:00 - 08:00"])
    def test_they_are_read_and_written(self, written: str) -> None:
        assert str(QuietHours.parse(written)) == "21:00-08:00"

    @pytest.mark.parametrize("written", ["25:00-08:00", "21:60-08:00", "9pm-8am", "21:00", "", "21:00-24:00"])
    def test_others_are_refused_with_how_to_write_them(self, written: str) -> None:
        with pytest.raises(ValueError, match="write them like 21:00-08:00"):
            QuietHours.parse(written)

    def test_a_whole_day_is_refused_with_what_to_do_instead(self) -> None:
        with pytest.raises(ValueError, match="switch the notices off"):
            QuietHours.parse("08:00-08:00")


class TestUntil:
    @pytest.mark.parametrize(
        ("now", "until"),
        [
            # In winter Berlin is an hour ahead of UTC, in summer two.
            ("2026-01-10T19:59", None),
            ("2026-01-10T20:00", "2026-01-11T07:00"),
            ("2026-01-11T06:59", "2026-01-11T07:00"),
            ("2026-01-11T07:00", None),
            ("2026-07-10T19:00", "2026-07-11T06:00"),
            # The night in which clocks are put forward is an hour shorter, the other one longer.
            ("2026-03-28T20:00", "2026-03-29T06:00"),
            ("2026-10-24T19:00", "2026-10-25T07:00"),
        ],
    )
    def test_a_night_ends_in_the_morning_of_the_site(self, now: str, until: str | None) -> None:
        assert NIGHT.until(utc(now), BERLIN) == (utc(until) if until else None)

    def test_hours_within_a_day_end_the_same_day(self) -> None:
        noon = QuietHours.parse("12:00-14:00")

        assert noon.until(utc("2026-01-10T11:30"), BERLIN) == utc("2026-01-10T13:00")
        assert noon.until(utc("2026-01-10T20:30"), BERLIN) is None

    def test_an_hour_that_comes_twice_is_quiet_twice(self) -> None:
        """On 2026-10-25 it is 02:00 to 03:00 in Berlin from midnight UTC, and again from 01:00 UTC."""
        late = QuietHours.parse("02:00-02:30")

        assert late.until(utc("2026-10-25T00:10"), BERLIN) == utc("2026-10-25T00:30")
        assert late.until(utc("2026-10-25T00:40"), BERLIN) is None
        assert late.until(utc("2026-10-25T01:10"), BERLIN) == utc("2026-10-25T01:30")

    def test_an_end_in_the_hour_that_is_left_out_comes_later(self) -> None:
        """On 2026-03-29 the clock in Berlin goes from 02:00 to 03:00 at 01:00 UTC."""
        late = QuietHours.parse("01:00-02:30")

        assert late.until(utc("2026-03-29T00:10"), BERLIN) == utc("2026-03-29T01:30")

    @given(
        st.integers(0, 1439),
        st.integers(0, 1439),
        st.timedeltas(timedelta(), timedelta(days=365)),
        st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    )
    def test_a_wait_always_ends_within_a_day_and_an_hour(
        self, start: int, length: int, into_the_year: timedelta, zone: str
    ) -> None:
        clock, end = f"{start // 60:02}:{start % 60:02}", (start + 1 + length % 1438) % 1440
        hours = QuietHours.parse(f"{clock}-{end // 60:02}:{end % 60:02}")
        moment = datetime(2026, 1, 1, tzinfo=UTC) + into_the_year

        until = hours.until(moment, ZoneInfo(zone))

        assert until is None or moment < until <= moment + timedelta(hours=25)
