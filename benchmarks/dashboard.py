"""How long a person waits for a page, and what open tabs cost, in a real browser on a ledger of many orders.

    python -m benchmarks.dashboard [--orders 1000000] [--ledger FILE] [--tabs 10] [--minutes 2] [--beside 10]
        [--part waits|tabs]

The ledger is that of benchmarks.ledger, made anew or kept in FILE; a writer appends to it meanwhile, so that
there is a new version every half minute. A page is there when its script has ended and every chart has
drawn marks; who goes on to a page that nobody opened before has read the last one for a quarter of a minute.
Beside each wait stands what it cost in seconds of a core, which says more than the clock on a machine that
has other work. Chromium is the system's (CHROMIUM names another). The last line names what was not held; the
exit code is 1 if anything was not.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import httpx
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.ledger import Ledger
from benchmarks._made_up import SITES
from benchmarks.ledger import loaded
from sandbox.broker import free_port

FIRST_PAGE_SECONDS, SWITCH_SECONDS, FILTER_SECONDS = 3.5, 0.9, 1.2
# Of the pages' process and of what the report service does for them.
TABS_SHARE_OF_A_CORE = 0.6
# What memory may grow from the second fifth of the time to the last.
GROWTH = 0.05
# How long a reader looks at the first page before going on to others.
READING_SECONDS = 15.0
# How long a new window opens: what is waited for is the page in it.
OPENING_SECONDS = 1.0
START_SECONDS, REST_SECONDS, LOOK_SECONDS, PATIENCE_MS = 600.0, 20.0, 5.0, 300_000
# Four of five lives are orders of six rows, the fifth is a subscription of ten.
ROWS_PER_ORDER = 8.25
# Every fifth site, from the first, sells subscriptions only: its page of orders has nothing to draw.
SHOPS = SITES[1:4]
# The made-up year ends with 2025.
VIEW = "range=Custom&days=2025-12-02&days=2025-12-31&tz=UTC"
PAGES = ("", "churn", "fulfillment", "pipeline", "failures")
TITLES = ("Churn & retention", "Fulfillment latency", "Pipeline health", "Failures", "Orders & statuses")
DRAWN = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    const idle = app && app.getAttribute('data-test-script-state') === 'notRunning';
    const waiting = document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]');
    const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
    const cards = document.querySelectorAll('[data-testid="stMetricValue"]').length;
    const complaint = document.querySelector('[data-testid="stAlertContentError"]');
    const drawn = cards > 0 && charts.every(one => one.querySelector('svg path, canvas'));
    const nothing = document.querySelector('.st-key-no_match');
    return idle && !waiting && (complaint || nothing || drawn);
}"""

# A run may be over before anybody looks again, and even before an observer is told of its beginning.
NOTING = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    window.hasRun = false;
    new MutationObserver(() => { window.hasRun = true; })
        .observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
}"""
HAS_RUN = "() => window.hasRun"


@dataclass(frozen=True, slots=True)
class Parts:
    """The processes that have a share in a page."""

    base: str
    dashboard: psutil.Process
    service: psutil.Process

    def spent(self) -> tuple[float, float, float]:
        """Seconds of a core so far: dashboard, report service, browser."""
        own = {self.dashboard.pid, self.service.pid}
        others = [one for one in psutil.Process().children(recursive=True) if one.pid not in own]
        return cpu(self.dashboard), cpu(self.service), sum(map(cpu, others))


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait: by the clock, and what it cost; and what the page said if it could not be drawn."""

    seconds: float
    cores: tuple[float, ...]
    complaints: tuple[str, ...] = ()


def main() -> None:
    options = asked()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("There is no Chromium here: apt-get install chromium, or name one with CHROMIUM.")
    tell({"orders": options.orders, "load_average": [round(one, 1) for one in os.getloadavg()]})
    with tempfile.TemporaryDirectory() as folder:
        ledger = options.ledger or Path(folder) / "ledger.duckdb"
        if not ledger.exists():
            make(ledger, options.orders)
        with served(ledger, options.beside) as parts, sync_playwright() as playwright:
            launched = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            found = [] if options.part == "tabs" else waits(launched, parts)
            if options.part != "waits":
                found += tabs(launched, parts, options.tabs, options.minutes)
            launched.close()
    shares = {name: share for line in found for name, share in line.items() if name.endswith("_of_budget")}
    missed = {name: share for name, share in shares.items() if share >= 1}
    tell({"held": not missed, "missed": missed})
    sys.exit(1 if missed else 0)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--ledger", type=Path, help="made if it is not there, kept for another time")
    parser.add_argument("--part", choices=["waits", "tabs"], help="only one of the two")
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=2, help="how long the tabs stay open")
    parser.add_argument("--beside", type=int, default=10, help="rows a second that are written meanwhile")
    return parser.parse_args()


def tell(line: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(line), flush=True)
    return line


def make(path: Path, orders: int) -> None:
    print(f"making a ledger of {orders:,} orders", file=sys.stderr)
    ledger = Ledger.open(path)
    try:
        loaded(ledger, round(orders * ROWS_PER_ORDER))
    finally:
        ledger.close()


@contextmanager
def served(ledger: Path, rate: int) -> Iterator[Parts]:
    """The report service with its writer, and the dashboard."""
    reports, pages = free_port(), free_port()
    base = f"http://127.0.0.1:{pages}"
    environment = {
        **os.environ,
        "REPORTS_URL": f"http://127.0.0.1:{reports}",
        "DASHBOARD_PORT": str(pages),
        "DASHBOARD_HOST": "127.0.0.1",
    }
    service = [sys.executable, "-m", "benchmarks._report_service", str(ledger), str(reports), str(rate)]
    own = [sys.executable, "-m", "dashboard"]
    with running(service) as reporting, running(own, environment) as dashboard:
        wait_until(f"{base}/api/health", reporting, dashboard)
        yield Parts(base, psutil.Process(dashboard.pid), psutil.Process(reporting.pid))


@contextmanager
def running(
    command: list[str], environment: dict[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until(url: str, *processes: "subprocess.Popen[bytes]") -> None:
    """Until it answers well; not longer than the processes live."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if ended := [one.args for one in processes if one.poll() is not None]:
            sys.exit(f"Ended before it answered: {ended}.")
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    sys.exit(f"Not ready within {START_SECONDS:.0f} s.")


def waits(browser: Browser, parts: Parts) -> list[dict[str, Any]]:
    """A page in a new browser, a switch of pages, and a filter that was never asked for before."""
    visited(browser, parts)
    first = [visited(browser, parts) for _ in range(5)]
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{parts.base}/?{VIEW}")
    page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
    page.wait_for_timeout(READING_SECONDS * 1000)
    new = [switched(page, parts, title) for title in TITLES]
    known = [switched(page, parts, title) for title in TITLES]
    sites = [chosen(page, parts, site) for site in SHOPS]
    page.context.close()
    return [
        told("first_page", first, FIRST_PAGE_SECONDS),
        told("page_switch", known, SWITCH_SECONDS),
        told("page_never_opened_before", new, SWITCH_SECONDS),
        told("filter", sites, FILTER_SECONDS),
    ]


def told(name: str, found: list[Wait], budget: float | None) -> dict[str, Any]:
    middle = median(one.seconds for one in found)
    line: dict[str, Any] = {f"{name}_seconds": [round(one.seconds, 2) for one in found]}
    for number, part in enumerate(("dashboard", "service", "browser")):
        line[f"{part}_core_seconds"] = round(median(one.cores[number] for one in found), 2)
    if budget:
        line[f"{name}_of_budget"] = round(middle / budget, 2)
    if complaints := [said for one in found for said in one.complaints]:
        line |= {"complaints": complaints, f"{name}_complaints_of_budget": len(complaints)}
    return tell(line)


@contextmanager
def watched(parts: Parts, page: Page | None = None) -> Iterator[list[Wait]]:
    """What the block took is added to the list."""
    found: list[Wait] = []
    before, began = parts.spent(), time.perf_counter()
    yield found
    seconds = time.perf_counter() - began
    cores = tuple(now - then for now, then in zip(parts.spent(), before, strict=True))
    said = page.get_by_test_id("stAlertContentError").all_inner_texts() if page else []
    print(f"{page.url if page else 'tabs'}: {seconds:.1f} s", file=sys.stderr, flush=True)
    found.append(Wait(seconds, cores, tuple(said)))


def visited(browser: Browser, parts: Parts) -> Wait:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.wait_for_timeout(OPENING_SECONDS * 1000)
    with watched(parts, page) as found:
        page.goto(f"{parts.base}/?{VIEW}")
        page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
    context.close()
    return found[0]


def switched(page: Page, parts: Parts, title: str) -> Wait:
    with watched(parts, page) as found:
        page.get_by_role("link", name=title).click()
        page.get_by_role("heading", name=title).wait_for()
        page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
    return found[0]


def chosen(page: Page, parts: Parts, site: str) -> Wait:
    """Another site in the filter: questions that were never asked before."""
    page.get_by_role("combobox", name="Sites").click()
    option = page.get_by_role("option", name=site)
    page.evaluate(NOTING)
    with watched(parts, page) as found:
        option.click()
        page.wait_for_function(HAS_RUN, timeout=PATIENCE_MS)
        page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    return found[0]


def tabs(browser: Browser, parts: Parts, count: int, minutes: float) -> list[dict[str, Any]]:
    """What so many open tabs cost beside what is spent without any, and whether memory grows."""
    alone = shares(parts, lambda: time.sleep(REST_SECONDS))
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    for number in range(count):
        page = context.new_page()
        page.goto(f"{parts.base}/{PAGES[number % len(PAGES)]}?{VIEW}")
        page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
    memory: list[float] = []

    def look() -> None:
        began, told = time.monotonic(), -1
        while (passed := (time.monotonic() - began) / 60) < minutes:
            context.pages[0].wait_for_timeout(LOOK_SECONDS * 1000)
            memory.append(parts.dashboard.memory_info().rss / 1e6)
            if int(passed) > told:
                told = int(passed)
                print(f"minute {told}: {memory[-1]:.0f} MB", file=sys.stderr, flush=True)

    pages, service, drawing = shares(parts, look)
    context.close()
    cost = pages + max(0.0, service - alone[1])
    return [
        tell(
            {
                "tabs": count,
                "dashboard_share_of_a_core": round(pages, 3),
                "service_share_of_a_core": round(service, 3),
                "service_share_without_tabs": round(alone[1], 3),
                "browser_share_of_a_core": round(drawing, 3),
                "tabs_of_budget": round(cost / TABS_SHARE_OF_A_CORE, 2),
            }
        ),
        tell({"minutes": minutes, **grown(memory)}),
    ]


def shares(parts: Parts, meanwhile: Callable[[], None]) -> tuple[float, ...]:
    """Which share of a core each part took meanwhile."""
    with watched(parts) as found:
        meanwhile()
    return tuple(one / found[0].seconds for one in found[0].cores)


def grown(memory: list[float]) -> dict[str, Any]:
    """The first fifth is left out: caches fill."""
    fifth = max(1, len(memory) // 5)
    early, late = fmean(memory[fifth : 2 * fifth] or memory), fmean(memory[-fifth:])
    return {
        "memory_mb": [round(one) for one in (memory[0], early, late, max(memory))],
        "memory_growth_of_budget": round(max(0.0, late / early - 1) / GROWTH, 2),
    }


def cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
