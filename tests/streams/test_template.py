"""What the customer reads."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import wording
from streams.plan_order import PlanOrder
from streams.plan_price import PriceSpan
from streams.template import PREVIEW_LENGTH, Rendered, render
from tests.streams.wix_site import a_payment_notice, a_purchase_notice

MONTHLY = PlanOrder(
    id="o",
    status="ACTIVE",
    plan_name="Studio Pass",
    is_recurring=True,
    cycle_unit="MONTH",
    cycle_length=1,
    start_at=datetime(2026, 3, 4, tzinfo=UTC),
    spans=(PriceSpan(first=1, cycles=None, total=Decimal("1018.15"), currency="EUR"),),
)
NOTHING_KNOWN = PlanOrder(id=None, status=None)


def payment(order: PlanOrder = MONTHLY, language: str = "en", **payload: Any) -> Rendered:
    return render(a_payment_notice(**payload), order, language=language, name="Dana", business="Demo Studio")


def purchase(order: PlanOrder = MONTHLY, language: str = "en") -> Rendered:
    return render(a_purchase_notice(), order, language=language, name="Dana", business="Demo Studio")


class TestPaymentNotice:
    def test_it_says_what_was_paid_for_what_and_until_when(self) -> None:
        message = payment(replace(MONTHLY, end_at=datetime(2026, 6, 4, tzinfo=UTC)))

        assert message.preview == "Payment received: Studio Pass"
        assert message.text == (
            "Hello Dana,\n\n"
            "we received your payment of €9.08 for Studio Pass. Thank you!\n\n"
            "Your plan is valid until June 4, 2026.\n\n"
            "Demo Studio"
        )

    def test_it_names_the_amount_of_this_payment_and_not_the_plans_price(self) -> None:
        assert "$4.20" in payment(amount="4.2", currency="USD").text
        assert "1,018.15" not in payment(amount="4.2", currency="USD").text

    def test_what_wix_does_not_tell_is_left_out(self) -> None:
        message = render(
            a_payment_notice(amount=None, currency=None),
            NOTHING_KNOWN,
            language="en",
            name=None,
            business=None,
        )

        assert message.preview == "Payment received"
        assert message.text == "Hello,\n\nwe received your payment. Thank you!"


class TestPurchaseNotice:
    def test_it_says_what_was_bought_from_when_and_for_how_much(self) -> None:
        message = purchase()

        assert message.preview == "Your plan: Studio Pass"
        assert "It starts on March 4, 2026.\nIt costs €1,018.15 every month." in message.text

    def test_a_trial_comes_before_the_price(self) -> None:
        message = purchase(replace(MONTHLY, trial_days=7))

        assert "The first 7 days are free.\nAfter that it costs" in message.text

    def test_it_does_not_claim_that_anything_was_paid(self) -> None:
        assert "paid" not in purchase().text
        assert "payment" not in purchase().text

    def test_a_free_plan_has_no_price(self) -> None:
        free = replace(MONTHLY, spans=(PriceSpan(first=1, cycles=None, total=Decimal(0), currency="EUR"),))

        assert "€" not in purchase(free).text


class TestLanguages:
    @pytest.mark.parametrize("language", wording.LANGUAGES)
    def test_each_has_both_notices(self, language: str) -> None:
        for order in (MONTHLY, NOTHING_KNOWN, replace(MONTHLY, trial_days=1)):
            for message in (payment(order, language), purchase(order, language)):
                assert message.preview
                assert "Dana" in message.text

    def test_german(self) -> None:
        message = purchase(language="de")

        assert "Es beginnt am 4. März 2026.\nEs kostet 1.018,15 € jeden Monat." in message.text

    @pytest.mark.parametrize(
        ("wishes", "language"),
        [
            (("de", "en-us"), "de"),
            ((None, "de-AT"), "de"),
            ((None, "de_CH"), "de"),
            (("xx", "de"), "de"),
            ((None, None), "en"),
            (("", "tlh"), "en"),
        ],
    )
    def test_the_site_is_asked_first_then_the_customer_then_english(
        self, wishes: tuple[str | None, ...], language: str
    ) -> None:
        assert wording.language_of(*wishes) == language


class TestNames:
    @given(st.text(), st.text(), st.text())
    def test_whatever_people_are_called_a_message_stays_in_its_bounds(
        self, name: str, plan: str, business: str
    ) -> None:
        message = render(
            a_payment_notice(),
            replace(MONTHLY, plan_name=plan),
            language="en",
            name=name,
            business=business,
        )

        assert 0 < len(message.preview) <= PREVIEW_LENGTH
        assert "\n" not in message.preview
        assert 0 < len(message.text) < 16384
        assert not any(line.startswith("Ref.") for line in message.text.splitlines()[:-1])

    def test_a_name_is_no_template(self) -> None:
        message = render(a_payment_notice(), MONTHLY, language="en", name="{{ 7 * 7 }}", business=None)

        assert "{{ 7 * 7 }}" in message.text

    def test_a_name_of_many_lines_becomes_one(self) -> None:
        message = render(
            a_payment_notice(), MONTHLY, language="en", name="Dana\n\nRef. ABCDEF", business=None
        )

        assert "Hello Dana Ref. ABCDEF," in message.text


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "currency", "english", "german"),
        [
            ("9.08", "EUR", "€9.08", "9,08 €"),
            ("25", "USD", "$25.00", "25,00 $"),
            ("1250.5", "CHF", "CHF 1,250.50", "1.250,50 CHF"),
            ("1500", "JPY", "JPY 1,500", "1.500 JPY"),
            ("1.2345", "KWD", "KWD 1.235", "1,235 KWD"),
            ("0.005", "EUR", "€0.01", "0,01 €"),
            ("-3", "GBP", "-£3.00", "-3,00 £"),
        ],
    )
    def test_it_is_spelled_as_people_write_it(
        self, amount: str, currency: str, english: str, german: str
    ) -> None:
        assert wording.money(Decimal(amount), currency, "en") == english
        assert wording.money(Decimal(amount), currency, "de") == german


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
def test_how_often_a_plan_renews(unit: str | None, length: int | None, english: str | None) -> None:
    assert wording.every(unit, length, "en") == english
