"""`python -m tests.dashboard.browser.screenshots FOLDER`: every page as a picture."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app
from tests.dashboard.browser import months
from tests.dashboard.browser.finding import ARGUMENTS, WITHOUT, chromium_path
from tests.dashboard.browser.seen import open_page
from tests.dashboard.browser.serving import dashboard, served

PAGES = {
    "orders": "",
    "churn": "churn?range=12m",
    "fulfillment": "fulfillment?range=90d",
    "pipeline": "pipeline",
    "failures": "failures",
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LOOKS: dict[str, dict[str, Any]] = {
    "": {**DESKTOP, "color_scheme": "light"},
    "-dark": {**DESKTOP, "color_scheme": "dark"},
    "-phone": {**PHONE, "color_scheme": "light"},
    "-phone-dark": {**PHONE, "color_scheme": "dark"},
}
ZONE = "tz=Europe%2FBerlin"
TALLEST = 6000


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("names", nargs=-1)
def main(folder: Path, names: tuple[str, ...]) -> None:
    """Write every page in every look, or only those whose names begin with NAMES."""
    path = chromium_path()
    if path is None:
        raise click.ClickException(WITHOUT)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        ledger = Ledger.open(Path(place) / "ledger.duckdb")
        months.fill(ledger, datetime.now(UTC))
        app = create_app(Reports(ledger), token=None)
        with served(app) as reports, dashboard(reports, Path(place)) as url:
            for name, address in _wanted(ledger, names).items():
                _shoot(browser, f"{url}/{address}", folder / name)
        ledger.close()
        browser.close()


def _wanted(ledger: Ledger, names: tuple[str, ...]) -> dict[str, str]:
    late = Reports(ledger).run("orders", {"kind": ["store"], "late": ["true"], "limit": ["1"]}).table
    found = {**PAGES, "drawer": f"?order={late['order_id'][0]}"}
    return {name: page for name, page in found.items() if not names or name in names}


def _shoot(browser: Browser, url: str, base: Path) -> None:
    for ending, look in LOOKS.items():
        seen = open_page(browser, f"{url}{'&' if '?' in url else '?'}{ZONE}", **look)
        if base.name != "drawer":
            _stretch(seen.page)
            seen.settle()
        seen.page.screenshot(path=base.with_name(f"{base.name}{ending}.png"))
        seen.page.context.close()
        click.echo(f"{base.name}{ending}")


def _stretch(page: Page) -> None:
    """As high as all of it: the page scrolls inside, so that a full-page picture would show one screen."""
    tall = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    width = page.evaluate("() => innerWidth")
    page.set_viewport_size({"width": width, "height": min(int(tall), TALLEST)})


if __name__ == "__main__":
    main()
