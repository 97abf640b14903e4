"""The fulfillment page in each of its states, on a real ledger behind its real service."""

from datetime import UTC, datetime, timedelta

from analytics.reports import Reports
from tests.dashboard.conftest import Service
from tests.dashboard.running import cards, run, words


class TestFulfillment:
    def test_the_open_order_counts_as_not_finished_yet(self, told: Service) -> None:
        """1001 took 1.9 days; 1002 has waited longer than that, so half is not more than known."""
        found = cards(run("fulfillment"))

        assert found["Orders measured"] == "1"
        assert found["Median"] == "1 d 21 h"
        assert found["90th percentile"] == "–"

    def test_another_step_is_another_question(self, told: Service) -> None:
        found = cards(run("fulfillment", step="Placed to paid"))

        assert found["Median"] == "2 h 24 m"

    def test_the_page_says_what_finished_orders_alone_would_say(self, told: Service) -> None:
        assert "1 orders are still open" in words(run("fulfillment"))

    def test_the_target_in_the_url_is_obeyed(self, told: Service) -> None:
        """1001 took 45.6 hours, 1002 is late by either target."""
        assert cards(run("fulfillment"))["Within 72 h"] == "50.0%"
        assert cards(run("fulfillment", target="24 h"))["Within 24 h"] == "0.0%"

    def test_the_backlog_agrees_with_the_ledger_itself(self, told: Service) -> None:
        rows = Reports(told.ledger).run("backlog", {}).table.to_pylist()

        app = run("fulfillment")

        shown = next(frame.value for frame in app.dataframe if "hours_left" in frame.value)
        assert list(shown["order_id"]) == [row["order_id"] for row in rows] == ["1002"]
        assert "1 paid and open · 1 over the target" in words(app)

    def test_rates_agree_with_the_ledger_itself(self, told: Service) -> None:
        asked = {"start": [f"{datetime.now(UTC) - timedelta(days=29):%Y-%m-%d}"]}
        row = Reports(told.ledger).run("fulfillment_rates", asked).table.to_pylist()[0]

        assert cards(run("fulfillment"))["Shipped late"] == f"{row['late_rate']:.1%}"

    def test_a_step_that_nobody_began_offers_a_way_out(self, told: Service) -> None:
        """Nothing was fulfilled in the last seven days."""
        app = run("fulfillment", step="Fulfilled to tracked", range="7d")

        assert "No order began this step in the period." in words(app)
        assert [button.label for button in app.button] == ["Reset filters"]

    def test_the_way_out_takes_the_filters_away(self, told: Service) -> None:
        days = [f"{datetime.now(UTC) - timedelta(days=ago):%Y-%m-%d}" for ago in (3, 1)]
        app = run("fulfillment", tz="UTC", range="Custom", days=days, compare="No comparison", currency="EUR")

        app.button[0].click().run()

        assert not app.exception
        assert not app.button
        assert cards(app)["Orders measured"] == "1"
        assert app.query_params == {"tz": "UTC"}
