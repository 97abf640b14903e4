"""Money, dates and intervals, as customers are used to read them."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from streams import wording

MIDNIGHT_IN_UTC = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)


def locale(tag: str) -> Locale:
    found = wording.locale_of(tag)
    assert found is not None
    return found


class TestLocale:
    @pytest.mark.parametrize(
        ("tag", "spelled"),
        [
            ("de", ["de"]),
            ("de-AT", ["de-AT", "de"]),
            # As Wix writes them, and as others do.
            ("en-us", ["en-US", "en"]),
            ("de_CH", ["de-CH", "de"]),
            ("zh-hant-tw", ["zh-Hant-TW", "zh-Hant", "zh"]),
            # A region that nobody knows leaves the language.
            ("de-XX", ["de"]),
        ],
    )
    def test_a_tag_names_a_language_and_its_regions(self, tag: str, spelled: list[str]) -> None:
        assert list(wording.tags(locale(tag))) == spelled

    @pytest.mark.parametrize("tag", [None, "", "-", "tlh", "root", "x" * 1000, "de\x00"])
    def test_what_is_no_language_is_none(self, tag: str | None) -> None:
        assert wording.locale_of(tag) is None

    @given(st.text())
    def test_whatever_a_contact_says_of_itself_does_no_harm(self, tag: str) -> None:
        found = wording.locale_of(tag)

        assert found is None or list(wording.tags(found))


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "currency", "english", "german"),
        [
            ("9.08", "EUR", "€9.08", "9,08 €"),
            ("25", "USD", "$25.00", "25,00 $"),
            ("1250.5", "CHF", "CHF 1,250.50", "1.250,50 CHF"),
            # No hundredths, and thousandths.
            ("1500", "JPY", "¥1,500", "1.500 ¥"),
            ("1.2345", "KWD", "KWD 1.235", "1,235 KWD"),
            ("0.005", "EUR", "€0.01", "0,01 €"),
            ("-3", "GBP", "-£3.00", "-3,00 £"),
        ],
    )
    def test_it_is_spelled_as_people_write_it(
        self, amount: str, currency: str, english: str, german: str
    ) -> None:
        spaced = [wording.money(Decimal(amount), currency, locale(tag)) for tag in ("en", "de")]

        assert [text and text.replace("\xa0", " ") for text in spaced] == [english, german]

    @pytest.mark.parametrize(
        ("tag", "spelled"),
        [("de-AT", "€ 9,08"), ("de-CH", "EUR 9.08"), ("en-GB", "€9.08"), ("fr", "9,08 €")],
    )
    def test_regions_differ(self, tag: str, spelled: str) -> None:
        text = wording.money(Decimal("9.08"), "EUR", locale(tag))

        assert text is not None
        assert text.replace("\xa0", " ") == spelled

    @pytest.mark.parametrize(
        ("amount", "currency"),
        [("1", None), ("1", "euro"), ("1", "E\nR"), ("NaN", "EUR"), ("Infinity", "EUR"), ("1e999999", "EUR")],
    )
    def test_what_is_no_sum_of_money_is_left_out(self, amount: str, currency: str | None) -> None:
        assert wording.money(Decimal(amount), currency, wording.ENGLISH) is None

    @given(st.decimals(), st.sampled_from(["EUR", "JPY", "KWD", "ZZZ"]), st.sampled_from(["en", "he", "hi"]))
    def test_no_amount_is_too_odd_to_be_judged(self, amount: Decimal, currency: str, tag: str) -> None:
        text = wording.money(amount, currency, locale(tag))

        assert text is None or len(text) < 60


class TestDate:
    @pytest.mark.parametrize(
        ("tag", "spelled"),
        [
            ("en", "March 4, 2026"),
            ("en-GB", "4 March 2026"),
            ("de", "4. März 2026"),
            ("es", "4 de marzo de 2026"),
            ("fr", "4 mars 2026"),
        ],
    )
    def test_the_month_is_spelled_out(self, tag: str, spelled: str) -> None:
        assert wording.date(MIDNIGHT_IN_UTC, locale(tag), UTC) == spelled

    def test_it_is_the_day_that_it_is_on_the_site(self) -> None:
        berlin = wording.date(MIDNIGHT_IN_UTC, wording.ENGLISH, ZoneInfo("Europe/Berlin"))

        assert berlin == "March 5, 2026"

    def test_without_a_moment_there_is_none(self) -> None:
        assert wording.date(None, wording.ENGLISH, UTC) is None

    def test_the_last_day_of_the_calendar_is_no_error(self) -> None:
        last = datetime(9999, 12, 31, 23, tzinfo=UTC)

        assert wording.date(last, wording.ENGLISH, ZoneInfo("Asia/Tokyo")) is None


class TestIntervals:
    @pytest.mark.parametrize(
        ("unit", "length", "english"),
        [
            ("MONTH", 1, "every month"),
            ("MONTH", 3, "every 3 months"),
            ("YEAR", None, "every year"),
            ("UNDEFINED", 1, None),
            (None, None, None),
        ],
    )
    def test_how_often_a_plan_renews(self, unit: str | None, length: int | None, english: str | None) -> None:
        assert wording.every(unit, length, wording.ENGLISH) == english

    @pytest.mark.parametrize("tag", wording.LANGUAGES)
    @pytest.mark.parametrize("unit", ["DAY", "WEEK", "MONTH", "YEAR"])
    def test_every_language_we_ship_has_every_unit(self, tag: str, unit: str) -> None:
        assert wording.every(unit, 1, locale(tag)) != wording.every(unit, 3, locale(tag))

    def test_a_language_that_we_do_not_speak_still_has_lengths(self) -> None:
        assert wording.every("MONTH", 3, locale("it")) is None
        assert wording.period("MONTH", 3, locale("it")) == "3 mesi"
        assert wording.period("MONTH", 3, locale("ja")) == "3 か月"

    @pytest.mark.parametrize("unit", [None, "UNDEFINED", "FORTNIGHT"])
    def test_a_unit_that_nobody_knows_has_none(self, unit: str | None) -> None:
        assert wording.period(unit, 1, wording.ENGLISH) is None
