"""A page as a reader gets it, and what can be wrong with it though no exception was raised."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Response

# A deep link makes Streamlit ask for these below the page's own path first; it then finds the right ones.
HARMLESS = ("/_stcore/health", "/_stcore/host-config")
PROBE = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")
READY = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    const busy = '[data-testid="stSkeleton"], [data-testid="stSpinner"], [data-stale="true"]';
    const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
    return app?.dataset.testScriptState === "notRunning"
        && document.querySelector('[data-testid="stHeading"]')
        && !document.querySelector(busy)
        && charts.every(chart => chart.querySelector('svg .mark-rule, svg .role-mark path, canvas'));
}"""
PATIENCE_MS = 60_000


@dataclass(slots=True)
class Seen:
    """One page in one browser, with what went wrong on the way."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Wait until the script has run and every chart has drawn something, with two frames more."""
        self.page.wait_for_function(READY, timeout=PATIENCE_MS)
        self.page.evaluate("() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))")

    def probe(self) -> dict[str, Any]:
        """What `probe.js` finds: charts with layers, heights, overlaps, and texts."""
        found: dict[str, Any] = self.page.evaluate(PROBE)
        return found

    @property
    def elsewhere(self) -> list[str]:
        """Requests that left this machine."""
        return [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]


def context_of(browser: Browser, **context: Any) -> BrowserContext:
    """A reader's browser: desktop, in Berlin, without movement, unless said otherwise."""
    given = {
        "viewport": {"width": 1440, "height": 1000},
        "timezone_id": "Europe/Berlin",
        "locale": "en-GB",
        "reduced_motion": "reduce",
        **context,
    }
    return browser.new_context(**given)


def open_page(browser: Browser, url: str, **context: Any) -> Seen:
    """Open a page in a browser of its own and wait until it is drawn."""
    return open_in(context_of(browser, **context), url)


def open_in(context: BrowserContext, url: str) -> Seen:
    """Open a page in that browser, which may have read the scripts before."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    seen = Seen(page)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("response", lambda response: _note(seen, response))
    page.goto(url)
    seen.settle()
    return seen


def _note(seen: Seen, response: Response) -> None:
    if response.status >= 400 and not urlsplit(response.url).path.endswith(HARMLESS):
        seen.refused.append(f"{response.status} {response.url}")
