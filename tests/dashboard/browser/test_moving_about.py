"""Links, drawer, reload, back and forward, export: what a reader does."""

import io

import pyarrow.parquet as pq
from playwright.sync_api import Page, expect

from analytics.ledger import Ledger
from analytics.reports import Reports
from tests.dashboard.browser.conftest import Opener

DIALOG = '[role="dialog"]'


def some_order(ledger: Ledger) -> str:
    return str(Reports(ledger).run("orders", {"kind": ["store"], "limit": ["1"]}).table["order_id"][0])


class TestAddress:
    def test_a_link_opens_the_same_view_for_somebody_else(self, opened: Opener) -> None:
        seen = opened("fulfillment?range=90d&target=48+h&tz=Asia%2FTokyo")

        expect(seen.page.get_by_role("heading", name="Fulfillment latency")).to_be_visible()
        words = seen.probe()["words"]
        assert "Within 48 h" in words
        assert "Asia/Tokyo" in words

    def test_a_filter_stands_in_the_address_and_survives_a_reload(self, opened: Opener) -> None:
        seen = opened()
        seen.page.get_by_role("radio", name="90d").click()
        seen.page.wait_for_url("**/?*range=90d*")
        seen.page.reload()
        seen.settle()

        assert "range=90d" in seen.page.url
        expect(seen.page.get_by_role("radio", name="90d")).to_be_checked()

    def test_back_and_forward_go_from_page_to_page(self, opened: Opener) -> None:
        seen = opened()
        page = seen.page
        page.get_by_role("link", name="Failures").click()
        expect(page.get_by_role("heading", name="Failures")).to_be_visible()

        page.go_back()
        expect(page.get_by_role("heading", name="Orders & statuses")).to_be_visible()

        page.go_forward()
        expect(page.get_by_role("heading", name="Failures")).to_be_visible()


class TestDrawer:
    def test_it_opens_by_its_link_survives_a_reload_and_escape_closes_it(
        self, opened: Opener, ledger: Ledger
    ) -> None:
        order = some_order(ledger)
        seen = opened(f"?order={order}")
        drawer = seen.page.locator(DIALOG)
        expect(drawer).to_contain_text("What happened")
        expect(drawer).to_contain_text("What we did about it")
        assert seen.probe()["exceptions"] == []

        seen.page.reload()
        expect(drawer).to_contain_text(order)

        seen.page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)
        seen.page.wait_for_function("() => !location.search.includes('order=')")


class TestExport:
    def test_the_rows_on_the_page_leave_as_csv_and_parquet(self, page: Page, ledger: Ledger) -> None:
        card = page.locator(".st-key-sites_table")
        with page.expect_download() as csv:
            card.get_by_role("button", name="CSV").first.click()
        with page.expect_download() as parquet:
            card.get_by_role("button", name="Parquet").first.click()

        lines = csv.value.path().read_text(encoding="utf-8").splitlines()
        table = pq.read_table(io.BytesIO(parquet.value.path().read_bytes()))
        known = Reports(ledger).run("sites", {}).table
        assert lines[0].startswith("site,")
        assert len(lines) - 1 == table.num_rows == known.num_rows

    def test_a_table_of_the_first_rows_asks_for_all_when_it_is_exported(
        self, opened: Opener, ledger: Ledger
    ) -> None:
        """Long after the page was drawn, maybe: the version that it was drawn with may be gone."""
        page = opened("churn?range=90d").page
        with page.expect_download() as csv:
            page.locator(".st-key-set_to_cancel").get_by_role("button", name="CSV").first.click()

        known = Reports(ledger).run("set_to_cancel", {}).table
        assert known.num_rows
        lines = csv.value.path().read_text(encoding="utf-8").splitlines()
        assert len(lines) - 1 == known.num_rows
