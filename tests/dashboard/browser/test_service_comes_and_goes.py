"""A dashboard whose report service is away, empty, full, and away again: each state says why."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app
from tests.dashboard.browser.seen import open_page
from tests.dashboard.browser.serving import Switch, dashboard, served
from tests.empty_ledger import open_ledger


class TestOnePageThroughItAll:
    def test_it_says_what_is_wrong_and_goes_on_by_itself(
        self, chromium: Browser, ledger: Ledger, tmp_path: Path
    ) -> None:
        """Nobody reloads: the strip asks every five seconds, and draws anew when the answer changed."""
        empty = open_ledger(tmp_path / "empty.duckdb")
        empty.publish()
        switch = Switch()
        with served(switch) as reports, dashboard(reports, tmp_path) as url:
            seen = open_page(chromium, url)
            main = seen.page.get_by_test_id("stMain")
            expect(main).to_contain_text("start it with python -m streams ledger")

            switch.app = create_app(Reports(empty), token=None)
            expect(main).to_contain_text("Waiting for the first events")

            switch.app = create_app(Reports(ledger), token=None)
            expect(main).to_contain_text("Orders placed")

            switch.app = None
            expect(main).to_contain_text("what is shown may be old")
            expect(main).to_contain_text("Orders placed")

            seen.page.reload()
            expect(main).to_contain_text("The report service does not answer")
            assert seen.probe()["exceptions"] == []
            seen.page.context.close()
        empty.close()
