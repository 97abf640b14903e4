"""What a reader's hands expect: the way back is one step, the keyboard is enough, and the page lives."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from analytics.reports import Reports
from analytics.service import create_app
from tests.analytics import history
from tests.dashboard.browser.conftest import Opener
from tests.dashboard.browser.seen import open_page
from tests.dashboard.browser.serving import dashboard, served
from tests.empty_ledger import open_ledger

DIALOG = '[role="dialog"]'
ORDERS = ".st-key-orders_card [data-testid=stDataFrame]"
IN_ORDERS = f"() => document.activeElement.closest('{ORDERS}') && document.activeElement.tagName === 'CANVAS'"
ROW_HEIGHT = 35


class TestHistory:
    def test_every_page_is_one_step_and_keeps_its_filters(self, opened: Opener) -> None:
        seen = opened()
        page = seen.page
        page.get_by_role("radio", name="90d").click()
        page.wait_for_url("**/?*range=90d*")
        for title in ("Failures", "Churn & retention"):
            page.get_by_role("link", name=title).click()
            expect(page.get_by_role("heading", name=title)).to_be_visible()
            seen.settle()

        for go, title, path in (
            (page.go_back, "Failures", "**/failures?*range=90d*"),
            (page.go_back, "Orders & statuses", "**/?*range=90d*"),
            (page.go_forward, "Failures", "**/failures?*range=90d*"),
        ):
            go()
            expect(page.get_by_role("heading", name=title)).to_be_visible()
            page.wait_for_url(path)
            expect(page.get_by_role("radio", name="90d")).to_be_checked()

    def test_back_closes_the_drawer_and_forward_opens_it(self, opened: Opener) -> None:
        page = opened().page
        table = page.locator(ORDERS)
        table.scroll_into_view_if_needed()
        # The grid draws on a canvas, below what catches the mouse.
        table.locator("canvas").first.click(position={"x": 15, "y": ROW_HEIGHT * 2}, force=True)
        drawer = page.locator(DIALOG)
        expect(drawer).to_contain_text("What happened")

        page.go_back()
        expect(drawer).to_have_count(0)

        page.go_forward()
        expect(drawer).to_contain_text("What happened")


class TestKeyboard:
    def test_an_order_can_be_opened_and_closed_without_a_mouse(self, opened: Opener) -> None:
        page = opened().page
        tab_to(page, IN_ORDERS)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+Space")
        drawer = page.locator(DIALOG)
        expect(drawer).to_contain_text("What happened")

        page.keyboard.press("Escape")

        expect(drawer).to_have_count(0)


def tab_to(page: Page, is_there: str) -> None:
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate(is_there):
            return
    raise AssertionError("a hundred steps of the keyboard do not lead there")


class TestLife:
    def test_an_event_moves_the_strip_and_then_the_page_without_a_hand(
        self, chromium: Browser, tmp_path: Path
    ) -> None:
        ledger, now = open_ledger(tmp_path / "ledger.duckdb"), datetime.now(UTC)
        placed = now - timedelta(hours=3)
        history.tell(ledger, [history.store_order("1", "created", placed, created=placed)])
        ledger.publish()
        app = create_app(Reports(ledger), token=None)
        with served(app) as reports, dashboard(reports, tmp_path) as url:
            seen = open_page(chromium, url)
            main = seen.page.get_by_test_id("stMain")
            expect(main).to_contain_text("Quiet")

            later = datetime.now(UTC) - timedelta(minutes=2)
            history.tell(
                ledger,
                [history.store_order("2", "created", later, created=later)],
                known_at=datetime.now(UTC),
            )
            expect(main).to_contain_text("Live")
            expect(main.get_by_test_id("stMetricValue").first).to_have_text("1")

            ledger.publish()
            expect(main.get_by_test_id("stMetricValue").first).to_have_text("2")
            seen.page.context.close()
        ledger.close()
