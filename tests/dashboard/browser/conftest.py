"""One browser, one ledger and one dashboard for all tests of this folder."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app
from tests.dashboard.browser import played
from tests.dashboard.browser.finding import ARGUMENTS, WITHOUT, chromium_path
from tests.dashboard.browser.seen import PATIENCE_MS, Seen, context_of, open_in
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
    """Months of the demo's stories up to now."""
    found = open_ledger(tmp_path_factory.mktemp("stories") / "ledger.duckdb")
    played.fill(found, datetime.now(UTC))
    yield found
    found.close()


@pytest.fixture(scope="package")
def url(chromium: Browser, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard over those stories. Without a browser nothing is started."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    with served(create_app(Reports(ledger), token=None)) as reports, dashboard(reports, folder) as found:
        yield found


@pytest.fixture(scope="package")
def readers(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A browser for each kind of reader, shared: most of a first visit is reading the same scripts again."""
    known: dict[str, BrowserContext] = {}

    def reader(**kind: Any) -> BrowserContext:
        name = json.dumps(kind, sort_keys=True)
        if name not in known:
            known[name] = context_of(chromium, **kind)
        return known[name]

    yield reader
    for context in known.values():
        context.close()


@pytest.fixture
def opened(readers: Callable[..., BrowserContext], url: str) -> Iterator[Opener]:
    """Opens a path of the dashboard in a tab of its own: `opened("churn?range=90d")`."""
    tabs = []

    def one(path: str = "", **reader: Any) -> Seen:
        seen = open_in(readers(**reader), f"{url}/{path}")
        tabs.append(seen.page)
        return seen

    yield one
    for tab in tabs:
        tab.close()


@pytest.fixture
def page(opened: Opener) -> Page:
    """The page of orders."""
    return opened().page
