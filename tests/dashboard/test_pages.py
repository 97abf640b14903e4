"""Each page in each of its states, run as Streamlit runs it, on a real ledger behind its real service."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from analytics.reports import Reports
from tests.analytics import history
from tests.dashboard.conftest import Service

APP = str(Path(__file__).parents[2] / "dashboard" / "app.py")
PAGES = ["orders", "churn", "fulfillment", "pipeline", "failures"]

RUN_A_PAGE = """
import streamlit as st
from dashboard import frame
from dashboard.views import {page}
frame.strip()
{page}.page()
"""


def run(page: str, **query: str | list[str]) -> AppTest:
    """One page in its frame, with what the URL says."""
    if page == "orders":
        app = AppTest.from_file(APP, default_timeout=60)
    else:
        app = AppTest.from_string(RUN_A_PAGE.format(page=page), default_timeout=60)
    app.query_params.update(query)
    return app.run()


def cards(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    shown = [*app.info, *app.error, *app.warning, *app.caption, *app.markdown]
    return "\n".join(str(element.value) for element in shown)


class TestEveryPage:
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

    def test_an_order_is_found_by_its_number(self, told: Service) -> None:
        app = run("orders", find="1001")

        assert [list(frame.value["number"]) for frame in app.dataframe] == [["1001"]]

    def test_nothing_found_says_so(self, told: Service) -> None:
        assert "No orders match these filters." in words(run("orders", find="no such order"))

    def test_subscriptions_are_listed_when_asked_for(self, told: Service) -> None:
        app = run("orders", kind="subscription")

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
        app = run("churn", range="90d", method="gumroad")

        assert "rate by gumroad" in words(app)

    def test_all_five_methods_stand_beside_each_other(self, told: Service) -> None:
        app = run("churn", range="90d")

        methods = next(frame.value for frame in app.dataframe if "definition" in frame.value)
        assert list(methods["method"]) == ["chartmogul", "stripe", "profitwell", "revenuecat", "gumroad"]

    def test_one_method_compared_with_itself_is_no_comparison(self, told: Service) -> None:
        assert "two different methods" in words(run("churn", range="90d", one="stripe", other="stripe"))

    def test_amounts_in_two_currencies_are_not_drawn_together(self, told: Service) -> None:
        now = datetime.now(UTC)
        told.tell(history.stay("sub-3", now - timedelta(days=40), currency="USD"))

        assert "choose one currency" in words(run("churn", range="90d"))


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


class TestPipeline:
    def test_the_strip_and_the_card_show_one_number(self, told: Service) -> None:
        """They read the same report; two questions once gave two answers."""
        app = run("pipeline")

        assert f"{cards(app)['Dead letters']} dead letters" in words(app)

    def test_the_present_is_a_table_of_one_row(self, told: Service) -> None:
        table = Reports(told.ledger).run("pipeline", {}).table

        assert isinstance(table, pa.Table)
        assert table.num_rows == 1


class TestFailures:
    @pytest.fixture
    def refused(self, told: Service) -> Service:
        """A message that Wix refused for good, and one that nobody wanted."""
        when = datetime.now(UTC) - timedelta(hours=2)
        step: dict[str, Any] = {
            "event_at": when,
            "reason": "forbidden",
            "last_status": 403,
            "next_step": "Grant Manage Inbox.",
        }
        told.tell(
            [
                history.due("notice:a", "sub-1", when),
                history.outcome("notice:a", "sub-1", 1, "failed", when, **step),
                history.due("notice:b", "sub-2", when),
                history.outcome(
                    "notice:b", "sub-2", 1, "suppressed", when, event_at=when, reason="not_subscribed"
                ),
            ]
        )
        return told

    def test_a_refused_effect_is_listed_with_its_cause(self, refused: Service) -> None:
        app = run("failures")

        failed = app.dataframe[0].value
        assert cards(app)["Failed"] == "1"
        assert list(failed["reason"]) == ["forbidden"]
        assert list(failed["last_status"]) == [403]

    def test_dead_letters_are_counted_and_listed(self, refused: Service) -> None:
        app = run("failures")

        assert cards(app)["Dead letters"] == "1"
        assert any("reason" in f.value and "not_json" in list(f.value["reason"]) for f in app.dataframe)

    def test_what_was_not_wanted_is_listed_by_reason(self, refused: Service) -> None:
        reasons = [list(f.value["reason"]) for f in run("failures").dataframe if "share" in f.value]

        assert reasons == [["not_subscribed"]]

    def test_without_failures_it_says_so(self, told: Service) -> None:
        assert "No effect has failed." in words(run("failures"))
