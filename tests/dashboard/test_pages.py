"""Each page in each of its states, run as Streamlit runs it, on a real ledger behind its real service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.reports import Reports
from tests.analytics import history
from tests.dashboard.conftest import Service
from tests.dashboard.running import PAGES, cards, run, words


class TestEveryPage:
    @pytest.mark.usefixtures("charts_checked")
    @pytest.mark.parametrize("page", PAGES)
    def test_draws_without_an_exception(self, told: Service, page: str) -> None:
        app = run(page)

        assert not app.exception
        assert not app.error
        assert app.metric

    @pytest.mark.parametrize("page", PAGES)
    def test_says_that_it_waits_for_the_first_event(self, service: Service, page: str) -> None:
        app = run(page)

        assert not app.exception
        assert not app.metric
        assert "first events" in words(app) or "No order began" in words(app)

    @pytest.mark.parametrize("page", PAGES)
    def test_says_what_to_do_when_the_service_is_away(self, nobody: None, page: str) -> None:
        app = run(page)

        assert not app.exception
        assert "python -m streams ledger" in words(app)

    @pytest.mark.parametrize("page", PAGES)
    def test_no_card_shows_a_hole(self, told: Service, page: str) -> None:
        for label, value in cards(run(page)).items():
            assert str(value).lower() not in {"nan", "none", "nat", "<na>"}, label


class TestOrders:
    def test_cards_count_what_the_history_says(self, told: Service) -> None:
        """Three orders placed and paid; 1001 fulfilled, 1002 open since nine days, 1003 canceled."""
        found = cards(run("orders"))

        assert found == {
            "Orders placed": "3",
            "Paid": "100.0%",
            "Open now": "1",
            "Waiting over 72 h": "1",
            "Canceled": "33.3%",
        }

    def test_a_payment_of_an_older_order_is_no_share_of_the_period(self, told: Service) -> None:
        """Placed before the seven days, paid within them: beside the week's one order it makes no 200 %."""
        placed, paid = (datetime.now(UTC) - timedelta(days=days) for days in (8.5, 2))
        told.tell([history.store_order("1005", "approved", paid, paid="PAID", created=placed)])

        assert cards(run("orders", range="7d"))["Paid"] == "100.0%"

    def test_cards_agree_with_a_count_of_the_ledger_itself(self, told: Service) -> None:
        rows = Reports(told.ledger).run("orders", {"kind": ["store"]}).table

        assert cards(run("orders"))["Orders placed"] == str(rows.num_rows)

    def test_amounts_are_added_up_only_in_one_currency(self, told: Service) -> None:
        rows = Reports(told.ledger).run("revenue", {"grain": ["month"]}).table.to_pylist()

        found = cards(run("orders", currency="EUR"))["Paid revenue"]

        assert found == f"{sum(float(row['paid']) for row in rows):,.0f}"

    def test_own_days_are_a_range(self, told: Service) -> None:
        """Of the three orders, 1001 and 1002 were placed ten and nine days ago."""
        today = datetime.now(UTC).date()
        days = [f"{today - timedelta(days=11)}", f"{today - timedelta(days=8)}"]

        app = run("orders", range="Custom", days=days, tz="UTC")

        assert cards(app)["Orders placed"] == "2"

    def test_as_of_shows_what_was_known_then(self, told: Service) -> None:
        """Of the three orders two had been placed seven days ago."""
        before = datetime.now(UTC) - timedelta(days=7)

        app = run("orders", as_of=f"{before:%Y-%m-%dT%H:%M}", tz="UTC")

        assert "as it was known on" in words(app)
        assert cards(app)["Orders placed"] == "2"

    def test_without_comparison_no_card_has_a_change(self, told: Service) -> None:
        app = run("orders", compare="No comparison")

        assert [metric.delta for metric in app.metric] == [""] * len(app.metric)

    def test_a_linked_order_opens_its_drawer(self, told: Service) -> None:
        """The link carries everything, so that somebody else sees the same."""
        app = run("orders", order="1001")

        assert "What happened" in words(app)
        happened = list(app.dataframe[1].value["what"])
        assert happened == ["created", "transaction_status_changed", "approved", "fulfilled"]

    def test_the_drawer_leads_to_the_order_at_wix(
        self, told: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DASHBOARD_SITE_IDS", f"{history.SITE}=meta-1")

        [link] = run("orders", order="1001").get("link_button")

        assert link.proto.url == "https://manage.wix.com/dashboard/meta-1/ecom-platform/order-details/1001"

    def test_an_order_that_nobody_knows_says_so(self, told: Service) -> None:
        assert "Nothing is known of this order" in words(run("orders", order="none-such"))

    def test_the_range_in_the_url_is_obeyed(self, told: Service) -> None:
        """Of the three, only 1003 was placed within seven days."""
        app = run("orders", range="7d")

        assert app.segmented_control(key="range").value == "7d"
        assert cards(app)["Orders placed"] == "1"

    def test_a_range_that_does_not_exist_falls_back(self, told: Service) -> None:
        app = run("orders", range="77d")

        assert not app.exception
        assert app.segmented_control(key="range").value == "30d"

    def test_a_site_in_the_url_leaves_out_the_others(self, told: Service) -> None:
        """All of the history is one site's; the other site has a single order."""
        now = datetime.now(UTC)
        other: dict[str, Any] = {"site": history.OTHER_SITE, "created": now - timedelta(days=2)}
        told.tell([history.store_order("2001", "created", now - timedelta(days=2), **other)])

        assert cards(run("orders"))["Orders placed"] == "4"
        assert cards(run("orders", site=history.OTHER_SITE))["Orders placed"] == "1"

    def test_late_orders_can_be_listed_alone(self, told: Service) -> None:
        app = run("orders", which="Late")

        assert [list(frame.value["number"]) for frame in app.dataframe] == [["1002"]]

    def test_an_order_is_late_from_the_72nd_hour_after_its_payment(self, told: Service) -> None:
        """1002 has waited for days; of two more, one has an hour left and one is an hour over."""
        for number, hours in (("1006", 71), ("1007", 73)):
            paid = datetime.now(UTC) - timedelta(hours=hours)
            told.tell(
                [history.store_order(number, "approved", paid, paid="PAID", created=paid, number=number)]
            )

        app = run("orders", which="Late")

        assert cards(app)["Waiting over 72 h"] == "2"
        assert {number for frame in app.dataframe for number in frame.value["number"]} == {"1002", "1007"}

    def test_an_order_is_found_by_its_number(self, told: Service) -> None:
        app = run("orders", find="1001")

        assert [list(frame.value["number"]) for frame in app.dataframe] == [["1001"]]

    def test_nothing_found_says_so(self, told: Service) -> None:
        assert "No orders match these filters." in words(run("orders", find="no such order"))

    def test_subscriptions_are_listed_when_asked_for(self, told: Service) -> None:
        app = run("orders", kind="Subscriptions")

        assert set(app.dataframe[0].value["order_id"]) == {"sub-1", "sub-2"}


class TestChurn:
    def test_a_member_who_left_is_counted_once_by_cause(self, told: Service) -> None:
        """sub-2 was canceled by its member twenty days ago; sub-1 stays."""
        found = cards(run("churn", range="90d"))

        assert (found["Churned"], found["Failed payments"]) == ("1", "0.0%")

    def test_the_table_agrees_with_the_report(self, told: Service) -> None:
        app = run("churn", range="90d")

        shown = app.dataframe[-1].value
        assert shown["churned"].sum() == shown["voluntary"].sum() == 1

    def test_the_method_in_the_url_is_the_one_that_is_asked_for(self, told: Service) -> None:
        app = run("churn", range="90d", method="Gumroad")

        assert "rate by Gumroad" in words(app)

    def test_all_five_methods_stand_beside_each_other(self, told: Service) -> None:
        app = run("churn", range="90d")

        methods = next(frame.value for frame in app.dataframe if "definition" in frame.value)
        assert list(methods["method"]) == ["ChartMogul", "Stripe", "ProfitWell", "RevenueCat", "Gumroad"]

    def test_one_method_compared_with_itself_is_no_comparison(self, told: Service) -> None:
        assert "two different methods" in words(run("churn", range="90d", one="Stripe", other="Stripe"))

    def test_amounts_in_two_currencies_are_not_drawn_together(self, told: Service) -> None:
        now = datetime.now(UTC)
        told.tell(history.stay("sub-3", now - timedelta(days=40), currency="USD"))

        shown = words(run("churn", range="90d"))
        assert "in EUR" in shown
        assert "USD apart: choose a currency above" in shown
