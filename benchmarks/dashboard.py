"""How long a person waits for a page, and what open tabs cost, in a real browser on a ledger of many orders.

    python -m benchmarks.dashboard [--rows 1000000] [--ledger FILE] [--tabs 10] [--minutes 2]

The ledger is that of benchmarks.ledger, or one that exists. A page is there when its script has
ended and every chart has drawn marks. Chromium is the system's (CHROMIUM names another).
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
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.ledger import Ledger
from benchmarks.ledger import loaded
from sandbox.broker import free_port

FIRST_PAGE_SECONDS, SWITCH_SECONDS, FILTER_SECONDS = 3.5, 0.9, 1.2
TABS_SHARE_OF_A_CORE = 0.6
START_SECONDS = 300.0
# The made-up year ends with 2025.
VIEW = "range=Custom&days=2025-12-02&days=2025-12-31&tz=UTC"
PAGES = ("", "churn", "fulfillment", "pipeline", "failures")
DRAWN = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    const idle = app && app.getAttribute('data-test-script-state') === 'notRunning';
    const waiting = document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]');
    const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
    const cards = document.querySelectorAll('[data-testid="stMetricValue"]').length;
    return idle && !waiting && cards > 0 && charts.every(one => one.querySelector('svg path, canvas'));
}"""

BUSY = """() => document.querySelector('[data-testid="stApp"]')
    .getAttribute('data-test-script-state') !== 'notRunning'"""


def main() -> None:
    options = asked()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("There is no Chromium here: apt-get install chromium, or name one with CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder:
        ledger = options.ledger or made(Path(folder) / "ledger.duckdb", options.rows)
        with served(ledger) as (base, process), sync_playwright() as playwright:
            launched = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            found = {**waits(launched, base), **tabs(launched, base, process, options.tabs, options.minutes)}
            launched.close()
    held = all(value < 1 for name, value in found.items() if name.endswith("_of_budget"))
    print(json.dumps({**found, "held": held}, indent=2))
    sys.exit(0 if held else 1)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=2)
    return parser.parse_args()


def made(path: Path, rows: int) -> Path:
    print(f"making a ledger of {rows:,} rows", file=sys.stderr)
    ledger = Ledger.open(path)
    loaded(ledger, rows)
    ledger.close()
    return path


@contextmanager
def served(ledger: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The report service and the dashboard as processes; the dashboard's address and process."""
    reports, pages = free_port(), free_port()
    base = f"http://127.0.0.1:{pages}"
    environment = {
        **os.environ,
        "REPORTS_URL": f"http://127.0.0.1:{reports}",
        "DASHBOARD_PORT": str(pages),
        "DASHBOARD_HOST": "127.0.0.1",
    }
    service = [sys.executable, "-m", "benchmarks._report_service", str(ledger), str(reports)]
    with running(service), running([sys.executable, "-m", "dashboard"], environment) as dashboard:
        wait_until(lambda: httpx.get(f"{base}/api/health").status_code == httpx.codes.OK)
        yield base, psutil.Process(dashboard.pid)


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


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if is_so():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    sys.exit(f"Not ready within {START_SECONDS:.0f} s.")


def waits(browser: Browser, base: str) -> dict[str, Any]:
    """Seconds for a page in a new browser, for a switch of pages, and for a filter never asked before."""
    visited(browser, base)
    first = [visited(browser, base) for _ in range(5)]
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(f"{base}/?{VIEW}")
    page.wait_for_function(DRAWN)
    switches = [
        switched(page, title) for _ in range(2) for title in ("Churn & retention", "Orders & statuses")
    ]
    sites = [chosen(page, number) for number in range(3)]
    page.context.close()
    return {
        "first_page_seconds": rounded(first),
        "page_switch_seconds": rounded(switches[2:]),
        "filter_seconds": rounded(sites),
        "first_page_of_budget": round(median(first) / FIRST_PAGE_SECONDS, 2),
        "page_switch_of_budget": round(median(switches[2:]) / SWITCH_SECONDS, 2),
        "filter_of_budget": round(median(sites) / FILTER_SECONDS, 2),
    }


def visited(browser: Browser, base: str) -> float:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"{base}/?{VIEW}")
    page.wait_for_function(DRAWN, timeout=60_000)
    took = time.perf_counter() - began
    context.close()
    return took


def switched(page: Page, title: str) -> float:
    began = time.perf_counter()
    page.get_by_role("link", name=title).click()
    page.get_by_role("heading", name=title).wait_for()
    page.wait_for_function(DRAWN)
    return time.perf_counter() - began


def chosen(page: Page, number: int) -> float:
    """Another site in the filter: questions that were never asked before."""
    page.get_by_role("combobox", name="Sites").click()
    option = page.get_by_role("option").nth(number)
    began = time.perf_counter()
    option.click()
    page.wait_for_function(BUSY, timeout=5000)
    page.wait_for_function(DRAWN)
    page.keyboard.press("Escape")
    return time.perf_counter() - began


def tabs(browser: Browser, base: str, process: psutil.Process, count: int, minutes: float) -> dict[str, Any]:
    """What so many open tabs cost the dashboard's process, and whether its memory grows."""
    context = browser.new_context()
    for number in range(count):
        page = context.new_page()
        page.goto(f"{base}/{PAGES[number % len(PAGES)]}?{VIEW}")
        page.wait_for_function(DRAWN, timeout=60_000)
    memory, began, used = [process.memory_info().rss], time.monotonic(), cpu(process)
    while time.monotonic() - began < minutes * 60:
        context.pages[0].wait_for_timeout(10_000)
        memory.append(process.memory_info().rss)
    share = (cpu(process) - used) / (time.monotonic() - began)
    context.close()
    return {
        "tabs": count,
        "tabs_share_of_a_core": round(share, 3),
        "tabs_of_budget": round(share / TABS_SHARE_OF_A_CORE, 2),
        "minutes": minutes,
        "memory_mb_first": round(memory[0] / 1e6),
        "memory_mb_last": round(memory[-1] / 1e6),
        "memory_mb_highest": round(max(memory) / 1e6),
    }


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def rounded(seconds: list[float]) -> list[float]:
    return [round(one, 2) for one in seconds]


if __name__ == "__main__":
    main()
