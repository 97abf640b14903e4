"""One browser, one ledger and one dashboard for all tests of this folder."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app
from tests.dashboard.browser import months
from tests.dashboard.browser.finding import ARGUMENTS, WITHOUT, chromium_path
from tests.dashboard.browser.seen import PATIENCE_MS, Seen, open_page
from tests.dashboard.browser.serving import dashboard, served
from tests.empty_ledger import open_ledger

Opener = Callable[..., Seen]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, named by CHROMIUM or found on the path."""
    path = chromium_path()
    if path is None:
        pytest.skip(WITHOUT)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Months of six shops up to now."""
    found = open_ledger(tmp_path_factory.mktemp("months") / "ledger.duckdb")
    months.fill(found, datetime.now(UTC))
    yield found
    found.close()


@pytest.fixture(scope="package")
def url(chromium: Browser, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard over those months. Without a browser nothing is started."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    with served(create_app(Reports(ledger), token=None)) as reports, dashboard(reports, folder) as found:
        yield found


@pytest.fixture
def opened(chromium: Browser, url: str) -> Iterator[Opener]:
    """Opens a path of the dashboard in a browser of its own: `opened("churn?range=90d")`."""
    contexts = []

    def one(path: str = "", **context: Any) -> Seen:
        seen = open_page(chromium, f"{url}/{path}", **context)
        contexts.append(seen.page.context)
        return seen

    yield one
    for context in contexts:
        context.close()


@pytest.fixture
def page(opened: Opener) -> Page:
    """The page of orders."""
    return opened().page
