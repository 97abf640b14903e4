"""What a customer reads in the end: whose words, in which language, by which clock, and with which links."""

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.notice import NoticeProcedure
from streams.wix.client import WixClient
from tests.streams.doubt import ready
from tests.streams.notices import procedure, text_of, with_choices
from tests.streams.wix_site import (
    SITE,
    SandboxSite,
    a_contact,
    a_payment_notice,
    a_plan_order,
    a_purchase_notice,
)

ENGLISH = "payment_notice.en.txt"


async def sent(site: SandboxSite, notices: NoticeProcedure) -> str:
    """The text of the one message that a payment leads to."""
    effect = a_payment_notice()
    await notices.act(effect, await ready(notices, effect))
    [message] = site.messages
    return text_of(message)


def speaks(site: SandboxSite, locale: str | None) -> None:
    """The buyer's locale, as the site's contacts have it."""
    info = {"name": {"first": "Dana"}} | ({"locale": locale} if locale else {})
    site.seed(contacts=[{"contact": a_contact(info=info)}])


def entered(site: SandboxSite, **business: Any) -> None:
    """What the site's owner entered about the business."""
    site.seed(sites=[{"name": "Demo Studio", "business": business}])


class TestLanguage:
    @pytest.mark.parametrize(
        ("customers", "sites", "greets"),
        [
            ("de-at", "es", "Hallo Dana"),
            ("fr", "es", "Bonjour Dana"),
            # Nobody wrote an Italian template: the site's language.
            ("it", "es", "Hola, Dana"),
            (None, "es", "Hola, Dana"),
            (None, "it", "Hello Dana"),
        ],
    )
    async def test_it_is_the_customers_else_the_sites_else_english(
        self, site: SandboxSite, notices: NoticeProcedure, customers: str | None, sites: str, greets: str
    ) -> None:
        speaks(site, customers)
        entered(site, language=sites)

        assert greets in await sent(site, notices)

    async def test_sites_file_goes_before_what_wix_says_of_the_site(
        self, site: SandboxSite, wix: WixClient, tmp_path: Path
    ) -> None:
        speaks(site, None)
        entered(site, language="es")

        assert "Bonjour" in await sent(site, with_choices(wix, tmp_path, 'language = "fr"'))

    async def test_a_contact_that_may_not_be_read_is_written_to_in_the_sites_language(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.fault(path="/contacts/v4/contacts/*", status=403, times=1)
        entered(site, language="es")

        assert "Hola" in await sent(site, notices)

    async def test_money_is_spelled_for_the_customers_region(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        speaks(site, "de-at")

        assert "über €\xa09,08 für" in await sent(site, notices)

    async def test_a_customers_locale_is_asked_for_once(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        await ready(notices, a_payment_notice())
        before = site.received["requests"]

        await ready(notices, a_payment_notice())

        # Order, member, subscription, conversation, link to unsubscribe.
        assert site.received["requests"] - before == 5


class TestOwnTemplates:
    async def test_a_sites_own_words_are_used(
        self, site: SandboxSite, wix: WixClient, tmp_path: Path
    ) -> None:
        (tmp_path / SITE).mkdir()
        (tmp_path / SITE / ENGLISH).write_text("Paid\n{{ name }} of {{ business }}: {{ amount }}")

        text = await sent(site, procedure(wix, templates_dir=tmp_path))

        assert text.splitlines()[0] == "Dana of Demo Studio: €9.08"

    async def test_one_that_fails_for_this_customer_gives_way_to_the_next(
        self, site: SandboxSite, wix: WixClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It holds for all that it was tried on, and a plan of this name was not among that."""
        (tmp_path / ENGLISH).write_text("Paid\n{% if plan == 'Odd' %}{{ plan > 3 }}{% endif %}")
        notices = procedure(wix, templates_dir=tmp_path)
        site.seed(planOrders=[{"order": a_plan_order(planName="Odd")}])

        assert "we received your payment of €9.08 for Odd" in await sent(site, notices)
        assert [record.levelno for record in caplog.records] == [logging.ERROR]


class TestClock:
    @pytest.mark.parametrize(
        ("zone", "day"), [("Pacific/Kiritimati", "March 5, 2026"), ("America/Lima", "March 4, 2026")]
    )
    async def test_days_are_the_sites(
        self, site: SandboxSite, notices: NoticeProcedure, zone: str, day: str
    ) -> None:
        entered(site, timeZone=zone)
        order = a_plan_order(type="OFFLINE", startDate="2026-03-04T12:00:00.000Z")
        site.seed(planOrders=[{"order": order}])
        effect = a_purchase_notice()

        await notices.act(effect, await ready(notices, effect))

        [message] = site.messages
        assert f"It starts on {day}." in text_of(message)

    async def test_a_site_that_hides_its_properties_goes_by_utc_and_that_is_told(
        self, site: SandboxSite, notices: NoticeProcedure, caplog: pytest.LogCaptureFixture
    ) -> None:
        site.seed(sites=[{"denied": ["SITE_PROPERTIES.VIEW"]}])

        assert "Hello Dana" in await sent(site, notices)
        assert "set timezone and language in SITES_FILE" in caplog.text


class TestLinks:
    async def test_the_last_lines_are_the_customers_link_to_unsubscribe_and_the_reference(
        self, site: SandboxSite, wix: WixClient, notices: NoticeProcedure
    ) -> None:
        text = await sent(site, notices)

        *_, unsubscribe, _, reference = text.splitlines()
        words, _, link = unsubscribe.partition(": ")
        assert words == "To get no more messages"
        assert reference.startswith("Ref. ")
        async with httpx.AsyncClient() as browser:
            assert (await browser.get(link)).status_code == 200

    async def test_a_template_may_place_the_link_itself(
        self, site: SandboxSite, wix: WixClient, tmp_path: Path
    ) -> None:
        (tmp_path / ENGLISH).write_text("Paid\nStop: {{ unsubscribe_link }}\nBye")

        text = await sent(site, procedure(wix, templates_dir=tmp_path))

        assert text.startswith("Stop: http")
        assert text.count("http") == 1

    async def test_where_wix_gives_no_link_the_message_goes_without(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.fault(path="/email-marketing/v1/email-subscriptions/unsubscribe-link", status=403)

        text = await sent(site, notices)

        assert "http" not in text
        assert "Ref. " in text
