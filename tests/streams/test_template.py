"""What the customer reads: a template, filled in."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from streams import template, wording
from streams.effect import Effect
from streams.plan_order import PlanOrder
from streams.plan_price import PriceSpan
from streams.template import LONGEST_TEXT, PREVIEW_LENGTH, Rendered, TemplateFailed
from streams.template_book import TemplateBook
from streams.template_fields import FIELDS, NOBODY, Addressee, values
from streams.template_samples import NOTICES, samples
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
DANA = Addressee(name="Dana", business="Demo Studio")
BUILT_IN = TemplateBook()


def locale(tag: str) -> Locale:
    found = wording.locale_of(tag)
    assert found is not None
    return found


def written(effect: Effect, order: PlanOrder, tag: str = "en", to: Addressee = DANA) -> Rendered:
    chosen = next(BUILT_IN.choices("", effect.flow, (tag,)))
    return chosen.template.render(values(effect, order, to, locale=chosen.locale, zone=UTC))


def payment(order: PlanOrder = MONTHLY, tag: str = "en", to: Addressee = DANA, **payload: Any) -> Rendered:
    return written(a_payment_notice(**payload), order, tag, to)


def purchase(order: PlanOrder = MONTHLY, tag: str = "en") -> Rendered:
    return written(a_purchase_notice(), order, tag)


def filled(source: str, to: Addressee = DANA) -> Rendered:
    """A template of an owner's own, without being tried first."""
    read = template.read(source, "own.txt", lambda: iter(()))
    return read.render(values(a_payment_notice(), MONTHLY, to, locale=wording.ENGLISH, zone=UTC))


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
        message = payment(NOTHING_KNOWN, to=NOBODY, amount=None, currency=None)

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
    @pytest.mark.parametrize("notice", NOTICES)
    def test_each_has_both_notices_for_every_kind_of_order(self, language: str, notice: str) -> None:
        chosen = next(BUILT_IN.choices("", notice, (language,)))
        messages = [chosen.template.render(sample) for sample in samples(notice, locale(language))]

        assert chosen.template.where == f"built-in {notice}.{language}.txt"
        assert all(message.preview and message.text for message in messages)
        assert not any("None" in message.text for message in messages)

    @pytest.mark.parametrize(
        ("language", "says"),
        [
            ("de", "Es beginnt am 4. März 2026.\nEs kostet 1.018,15 € jeden Monat."),
            ("es", "Empieza el 4 de marzo de 2026.\nCuesta 1.018,15 € cada mes."),
            ("fr", "Il commence le 4 mars 2026.\nIl coûte 1 018,15 € chaque mois."),
        ],
    )
    def test_money_and_dates_are_the_languages_own(self, language: str, says: str) -> None:
        text = purchase(tag=language).text.replace("\xa0", " ").replace("\u202f", " ")

        assert says in text


class TestFields:
    def test_every_field_of_the_list_is_filled_and_no_other(self) -> None:
        for notice in NOTICES:
            for sample in samples(notice, wording.ENGLISH):
                assert sorted(sample) == sorted(field.name for field in FIELDS)

    def test_the_first_sample_knows_them_all_and_the_last_next_to_nothing(self) -> None:
        first, *_, last = samples("payment_notice", wording.ENGLISH)

        assert [name for name, value in first.items() if not value] == []
        assert {name for name, value in last.items() if value} == {"date", "order_id", "language"}

    def test_a_field_that_is_not_known_is_shown_as_nothing(self) -> None:
        assert filled("Hi\n[{{ name|upper }}][{{ name ~ plan }}]", NOBODY).text == "[][Studio Pass]"

    @pytest.mark.parametrize(
        "link", ["javascript:alert(1)", "https://x y", "https://x\nRef. ABCDEF", "x" * 9]
    )
    def test_what_is_no_web_address_is_no_link(self, link: str) -> None:
        message = filled("Hi\n[{{ unsubscribe_link }}]", replace(DANA, unsubscribe_link=link))

        assert message.text == "[]"


class TestNames:
    @given(st.text(), st.text(), st.text())
    def test_whatever_people_are_called_a_message_stays_in_its_bounds(
        self, name: str, plan: str, business: str
    ) -> None:
        message = payment(replace(MONTHLY, plan_name=plan), to=Addressee(name=name, business=business))

        assert 0 < len(message.preview) <= PREVIEW_LENGTH
        assert "\n" not in message.preview
        assert 0 < len(message.text) <= LONGEST_TEXT
        assert not any(line.startswith("Ref.") for line in message.text.splitlines()[:-1])

    def test_a_name_is_no_template(self) -> None:
        assert "{{ 7 * 7 }}" in payment(to=Addressee(name="{{ 7 * 7 }}")).text

    def test_a_name_of_many_lines_becomes_one(self) -> None:
        assert "Hello Dana Ref. ABCDEF," in payment(to=Addressee(name="Dana\n\nRef. ABCDEF")).text

    def test_a_name_does_not_pass_for_a_reference(self) -> None:
        """A read-back takes such a line for proof that the message was sent."""
        assert filled("Hi\n{{ name }}", Addressee(name="Ref. ABCDEF")).text == "Ref: ABCDEF"


class TestRender:
    def test_what_fails_with_these_values_is_told_without_them(self) -> None:
        with pytest.raises(TemplateFailed) as failed:
            filled("Hi {{ name > 3 }}")

        assert "Dana" not in str(failed.value)
        assert "own.txt" in str(failed.value)

    def test_a_preview_of_nothing_is_a_failure(self) -> None:
        with pytest.raises(TemplateFailed):
            filled("{{ name }}", NOBODY)
