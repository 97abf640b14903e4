"""How columns look in tables, by what Streamlit is given."""

from typing import Any

import pandas as pd
import pytest
from pandas.io.formats.style import Styler

from dashboard import columns


def one(name: str, *values: Any) -> tuple[dict[str, Any], list[Any]]:
    """A column's settings, and its values as shown."""
    table = pd.DataFrame({name: list(values)})
    return columns.config(table)[name], list(columns.shown(table)[name])


class TestColumns:
    @pytest.mark.parametrize(
        ("name", "heading"),
        [
            ("payment_status", "Payment status"),
            ("age_hours", "Age (h)"),
            ("hours_left", "Left (h)"),
            ("km_p90_hours", "90th + open (h)"),
            ("delay_p50_seconds", "Median delay (s)"),
            ("bucket_start", "From"),
            ("mrr", "MRR"),
        ],
    )
    def test_headings_are_words_with_their_unit(self, name: str, heading: str) -> None:
        settings, _ = one(name, 1.0)

        assert settings["label"] == heading

    def test_a_fraction_is_shown_as_percent_and_a_change_with_its_sign(self) -> None:
        rate, rates = one("rate", 0.125)
        change, _ = one("change", -0.5)

        assert rates == [12.5]
        assert rate["type_config"]["format"] == "%.1f%%"
        assert change["type_config"]["format"] == "%+.1f%%"

    def test_a_status_is_a_word_and_an_unknown_one_stays_unknown(self) -> None:
        _, shown = one("payment_status", "NOT_PAID", None)

        assert shown[0] == "Not paid"
        assert pd.isna(shown[1])

    def test_what_a_command_takes_stays_as_it_is(self) -> None:
        _, shown = one("reason", "not_subscribed")

        assert shown == ["not_subscribed"]

    def test_an_amount_has_the_digits_of_its_currency(self) -> None:
        table = pd.DataFrame(
            {
                "amount": ["1739.196431", "120", "215236.61", "1.2345", None, "7.5"],
                "currency": ["EUR", "EUR", "JPY", "KWD", "USD", None],
            }
        )

        drawn = columns.drawn(table)

        assert isinstance(drawn, Styler)
        assert drawn.hide(axis="index").hide(axis="columns").to_string(delimiter=" ").splitlines() == [
            "1,739.20 EUR",
            "120.00 EUR",
            "215,237 JPY",
            "1.234 KWD",
            "– USD",
            "7.50 nan",
        ]
        assert columns.config(table)["amount"]["type_config"]["format"] is None

    def test_a_table_without_amounts_is_drawn_as_it_is_shown(self) -> None:
        table = pd.DataFrame({"rows": [1, 2], "currency": ["EUR", "JPY"]})

        assert isinstance(columns.drawn(table), pd.DataFrame)

    def test_a_count_has_commas_and_a_number_that_is_a_name_has_none(self) -> None:
        rows, _ = one("rows", 13869)
        offset, _ = one("offset", 13869)

        assert rows["type_config"]["format"] == "localized"
        assert "type_config" not in offset

    def test_an_id_leaves_room_for_what_is_read(self) -> None:
        order_id, _ = one("order_id", "0b6b316f-ad14-435a-88b8-d08f26f16847")
        reason, _ = one("reason", "left outside the period")

        assert order_id["width"] == 120
        assert reason["width"] is None
