"""Foreign JSON is read tolerantly: what doesn't fit is None, what fits is exact."""

from decimal import Decimal

import pytest

from streams.fields import at, count, flag, items, moment, money, text


class TestAt:
    def test_a_path_that_ends_early_is_none(self) -> None:
        assert at({"a": {"b": 1}}, "a", "b") == 1
        assert at({"a": [1]}, "a", "b") is None
        assert at(None, "a") is None


class TestText:
    @pytest.mark.parametrize("found", [None, "", 1, True, ["x"], {"x": "y"}])
    def test_what_is_no_text_is_none(self, found: object) -> None:
        assert text({"a": found}, "a") is None

    def test_letters_that_no_column_holds_are_replaced(self) -> None:
        assert text({"a": "x\ud800y\0z"}, "a") == "x\ufffdy\ufffdz"

    def test_letters_beyond_the_basic_plane_stay(self) -> None:
        assert text({"a": "🛒"}, "a") == "🛒"


class TestNumbers:
    @pytest.mark.parametrize("found", [None, True, "", "one", "NaN", "Infinity", "1e999999", [], 2**31])
    def test_what_is_no_count_is_none(self, found: object) -> None:
        assert count({"a": found}, "a") is None

    @pytest.mark.parametrize("found", ["7", 7, 7.0, Decimal("7.00")])
    def test_a_count_may_be_written_in_many_ways(self, found: object) -> None:
        assert count({"a": found}, "a") == 7

    @pytest.mark.parametrize("found", [True, "NaN", "1e12", "much"])
    def test_what_is_no_money_is_none(self, found: object) -> None:
        assert money({"a": found}, "a") is None

    def test_money_is_exact_to_six_places(self) -> None:
        assert money({"a": "15.0"}, "a") == Decimal("15.0")
        assert money({"a": Decimal("0.1234567")}, "a") == Decimal("0.123457")
        assert str(money({"a": "1e-400"}, "a")) == "0.000000"


class TestOthers:
    def test_only_a_boolean_is_a_flag(self) -> None:
        assert flag({"a": False}, "a") is False
        assert flag({"a": "true"}, "a") is None

    def test_a_time_outside_the_calendar_is_none(self) -> None:
        assert moment({"a": "0001-01-01T00:00:00+14:00"}, "a") is None

    def test_entries_that_are_no_objects_are_passed_over(self) -> None:
        assert list(items({"a": [1, {"b": 2}, None]}, "a")) == [{"b": 2}]
        assert list(items({"a": {"b": 2}}, "a")) == []
