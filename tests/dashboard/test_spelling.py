"""Numbers, times and changes as people read them."""

from datetime import timedelta

import pandas as pd
import pytest

from dashboard import spelling


class TestCount:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0, "0"),
            (9999, "9,999"),
            (24_500, "24.5K"),
            (1_200_000, "1.2M"),
            (None, "–"),
            (float("nan"), "–"),
        ],
    )
    def test_is_exact_until_ten_thousand(self, value: float | None, shown: str) -> None:
        assert spelling.count(value) == shown


class TestAbout:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [(0.238, "24%"), (1.006, "101%"), (0.045, "4.5%"), (None, "–"), (float("nan"), "–")],
    )
    def test_is_short_where_a_digit_less_tells_enough(self, value: float | None, shown: str) -> None:
        assert spelling.about(value) == shown


class TestWords:
    def test_a_name_of_a_report_is_read_as_a_word(self) -> None:
        assert spelling.words("partially_fulfilled") == "Partially fulfilled"


class TestManyTimes:
    @pytest.mark.parametrize(
        ("now", "before", "shown"), [(173, 7, "×25"), (70, 7, "+900.0%"), (77, 7, "×11")]
    )
    def test_a_change_beyond_reading_is_a_multiple(self, now: float, before: float, shown: str) -> None:
        assert spelling.change(now, before) == shown


class TestHours:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [(0.75, "45 m"), (22.55, "22 h 33 m"), (66, "2 d 18 h"), (None, "–"), (pd.NA, "–")],
    )
    def test_names_the_two_largest_units(self, value: float | None, shown: str) -> None:
        assert spelling.hours(value) == shown


class TestSeconds:
    def test_a_negative_age_is_called_clock_skew(self) -> None:
        """Clamping it to zero would hide a broken clock."""
        assert spelling.seconds(-2.5) == "clock skew 2.5 s"

    def test_short_times_are_milliseconds(self) -> None:
        assert spelling.seconds(0.25) == "250 ms"

    def test_long_ages_become_hours(self) -> None:
        assert spelling.age(timedelta(hours=3, minutes=5)) == "3 h 5 m"


class TestChange:
    @pytest.mark.parametrize(
        ("now", "before", "shown"),
        [
            (110, 100, "+10.0%"),
            (95, 100, "-5.0%"),
            (100, 100, 0),  # the number, so that no arrow is drawn
            (5, 0, None),  # no base, no rate
            (None, 10, None),
        ],
    )
    def test_says_nothing_without_a_base(
        self, now: float | None, before: float | None, shown: str | int | None
    ) -> None:
        assert spelling.change(now, before) == shown


class TestPercent:
    def test_unknown_is_not_zero(self) -> None:
        assert spelling.percent(None) == "–"
        assert spelling.percent(0.123) == "12.3%"


class TestAmount:
    @pytest.mark.parametrize(
        ("value", "currency", "said"),
        [
            ("1234.5", "EUR", "1,234.50 EUR"),
            ("11250.00", "JPY", "11,250 JPY"),
            ("12.00", None, "12.00"),
            (None, "EUR", None),
        ],
    )
    def test_it_has_the_digits_of_its_currency(
        self, value: str | None, currency: str | None, said: str | None
    ) -> None:
        assert spelling.amount(value, currency) == said
