"""The login by OIDC, against a real provider on loopback, as a person in a browser sees it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, Page, expect

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app
from tests.dashboard.browser.seen import PATIENCE_MS
from tests.dashboard.browser.serving import dashboard, free_port, served
from tests.dashboard.provider import CLIENT, Provider

# A view with filters of its own: what a colleague would send.
LINK = "/fulfillment?range=90d&target=48+h&tz=Asia%2FTokyo"


@pytest.fixture(scope="module")
def provider() -> Provider:
    """Where people log in."""
    return Provider(redirect_uri=f"http://127.0.0.1:{free_port()}/oauth2callback")


@pytest.fixture(scope="module")
def url(
    chromium: Browser, ledger: Ledger, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The dashboard with a login. Without a browser nothing is started."""
    home = tmp_path_factory.mktemp("home")
    (home / ".streamlit").mkdir()
    reports = create_app(Reports(ledger), token=None)
    port = int(provider.redirect_uri.split("/")[2].split(":")[1])
    with served(provider.app()) as provider.url, served(reports) as reports_url:
        (home / ".streamlit" / "secrets.toml").write_text(provider.secrets(), encoding="utf-8")
        with dashboard(reports_url, home, home=home, port=port) as found:
            yield found


@pytest.fixture
def visit(chromium: Browser, url: str, provider: Provider) -> Iterator[Callable[..., Page]]:
    """Opens an address as somebody who has never been here; the provider is honest until told otherwise."""
    provider.claims.clear()
    provider.signs_with = None
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE_MS)

    def one(path: str = "/") -> Page:
        page = context.new_page()
        page.goto(url + path)
        return page

    yield one
    context.close()


def log_in(page: Page) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Continue as Ada").click()


def is_shut(page: Page) -> None:
    """Only the door: no number, no table, no chart, no menu of pages."""
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    for shown in ("stMetric", "stDataFrame", "stVegaLiteChart", "stSidebarNavLink"):
        expect(page.get_by_test_id(shown)).to_have_count(0)


class TestLogin:
    def test_nothing_shows_before_it_and_the_view_that_was_asked_for_after_it(
        self, visit: Callable[..., Page]
    ) -> None:
        page = visit(LINK)
        is_shut(page)

        log_in(page)

        expect(page.get_by_role("heading", name="Fulfillment latency")).to_be_visible()
        expect(page.get_by_test_id("stMetric").first).to_be_visible()
        expect(page.get_by_text("Within 48 h")).to_be_visible()
        assert page.url.endswith(LINK)

    def test_it_holds_for_another_tab_and_ends_with_the_logout(
        self, visit: Callable[..., Page], provider: Provider
    ) -> None:
        page = visit()
        log_in(page)
        expect(page.get_by_test_id("stMetric").first).to_be_visible()
        expect(visit("/churn").get_by_test_id("stMetric").first).to_be_visible()

        page.get_by_role("button", name="Log out").click()

        is_shut(page)
        is_shut(visit("/churn"))
        assert provider.logged_out[-1]["client_id"] == CLIENT

    def test_who_says_no_at_the_provider_stays_outside_and_is_told(self, visit: Callable[..., Page]) -> None:
        page = visit(LINK)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Not me").click()

        expect(page.get_by_text("The login did not succeed")).to_be_visible()
        is_shut(page)


LIES: dict[str, dict[str, Any]] = {
    "for somebody else": {"aud": "another-client"},
    "for somebody else, in our name": {"aud": "another-client", "azp": CLIENT},
    "of another login": {"nonce": "of-another-login"},
    "of another provider": {"iss": "https://elsewhere.example"},
    "of yesterday": {"iat": 1_700_000_000, "exp": 1_700_000_300},
}


class TestTokenThatIsNotAccepted:
    @pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
    def test_what_it_says_is_not_for_this_login(
        self, visit: Callable[..., Page], provider: Provider, lie: dict[str, Any]
    ) -> None:
        provider.claims.update(lie)
        page = visit(LINK)

        log_in(page)

        expect(page.get_by_text("The login did not succeed")).to_be_visible()
        is_shut(page)

    def test_nobody_knows_its_signature(self, visit: Callable[..., Page], provider: Provider) -> None:
        provider.signs_with = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        page = visit()

        log_in(page)

        expect(page.get_by_text("The login did not succeed")).to_be_visible()
        is_shut(page)

    def test_a_second_try_can_succeed(self, visit: Callable[..., Page], provider: Provider) -> None:
        provider.claims["nonce"] = "of-another-login"
        page = visit(LINK)
        log_in(page)
        expect(page.get_by_text("The login did not succeed")).to_be_visible()
        provider.claims.clear()

        log_in(page)

        expect(page.get_by_role("heading", name="Fulfillment latency")).to_be_visible()
        assert page.url.endswith(LINK)
