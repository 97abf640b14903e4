"""`python -m tests.dashboard.browser.screenshots FOLDER`: every page as a picture, by the stories."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app
from tests.dashboard.browser import played, watched
from tests.dashboard.browser.finding import ARGUMENTS, WITHOUT, chromium_path
from tests.dashboard.browser.seen import open_page
from tests.dashboard.browser.serving import dashboard, served

# The pipeline first: what it shows is the present, which the stories leave behind.
PAGES = {
    "pipeline": "pipeline",
    "orders": "",
    "churn": "churn?range=12m",
    "fulfillment": "fulfillment?range=90d",
    "failures": "failures",
}
DRAWER = "drawer"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LOOKS: dict[str, dict[str, Any]] = {
    "": {**DESKTOP, "color_scheme": "light"},
    "-dark": {**DESKTOP, "color_scheme": "dark"},
    "-phone": {**PHONE, "color_scheme": "light"},
    "-phone-dark": {**PHONE, "color_scheme": "dark"},
}
ZONE = "tz=Europe%2FBerlin"
# Of a phone as much as a reader scrolls through; of a desktop all of it.
TALLEST = {1440: 4200, 390: 2400}
# A page has few colours: a picture of 256 looks the same and is a third as large.
COLOURS, KEEP_RARE = 256, Image.Quantize.MAXCOVERAGE
# A year and a half, so that a year has another one to be compared with.
YEARS: dict[str, int] = {"days": 540, "subscriptions": 400, "store_orders": 2400}
EVENT_EVERY_SECONDS = 3.0


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
        click.echo("Playing the demo's stories, each on its day", err=True)
        played.fill(ledger, datetime.now(UTC), **YEARS)
        app = create_app(Reports(ledger), token=None)
        with served(app) as reports, dashboard(reports, Path(place)) as url, _going_on(ledger):
            for name, address in _wanted(ledger, names).items():
                _shoot(browser, f"{url}/{address}", folder / name)
        ledger.close()
        browser.close()


def _wanted(ledger: Ledger, names: tuple[str, ...]) -> dict[str, str]:
    """The drawer is that of an order with a parcel that can be tracked."""
    orders = Reports(ledger).run("orders", {"kind": ["store"], "limit": ["200"]}).table.to_pylist()
    tracked = next(order for order in orders if order["tracked_at"])
    found = {**PAGES, DRAWER: f"?order={tracked['order_id']}"}
    return {name: page for name, page in found.items() if not names or name in names}


@contextmanager
def _going_on(ledger: Ledger) -> Iterator[None]:
    """Events keep coming while pictures are taken, so that the line above says Live, as it would."""
    over = threading.Event()

    def go_on() -> None:
        while True:
            played.go_on(ledger, watched.address_now(datetime.now(UTC)))
            if over.wait(EVENT_EVERY_SECONDS):
                return

    going = threading.Thread(target=go_on)
    going.start()
    try:
        yield
    finally:
        over.set()
        going.join()


def _shoot(browser: Browser, url: str, base: Path) -> None:
    for ending, look in LOOKS.items():
        seen = open_page(browser, f"{url}{'&' if '?' in url else '?'}{ZONE}", **look)
        if base.name != DRAWER:
            _stretch(seen.page)
            seen.settle()
        path = base.with_name(f"{base.name}{ending}.png")
        seen.page.screenshot(path=path)
        few = Image.open(path).convert("RGB").quantize(COLOURS, KEEP_RARE, kmeans=1, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        seen.page.context.close()
        click.echo(f"{path} {path.stat().st_size // 1024} kB")


def _stretch(page: Page) -> None:
    """As high as all of it: the page scrolls inside, so that a full-page picture would show one screen."""
    tall = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    width = int(page.evaluate("() => innerWidth"))
    page.set_viewport_size({"width": width, "height": min(int(tall), TALLEST[width])})


if __name__ == "__main__":
    main()
