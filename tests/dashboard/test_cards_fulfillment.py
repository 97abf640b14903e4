"""What the fulfillment page says in cards and sentences."""

import pandas as pd

from dashboard import cards_fulfillment


def total(**more: object) -> pd.DataFrame:
    row = {"finished": 90, "open": 10, "p90_hours": 50.0, "km_p90_hours": 52.0, **more}
    return pd.DataFrame([row])


class TestTwoWays:
    def test_agreement_is_said(self) -> None:
        assert "agree within 10 %" in cards_fulfillment.two_ways(total())

    def test_a_difference_is_said_with_its_reason(self) -> None:
        said = cards_fulfillment.two_ways(total(km_p90_hours=80.0))

        assert "finished orders alone is 2 d 2 h, against 3 d 8 h here" in said
        assert "10 orders are still open" in said

    def test_a_percentile_not_reached_is_longer_than_known(self) -> None:
        said = cards_fulfillment.two_ways(total(km_p90_hours=None))

        assert "only that it is longer" in said

    def test_nothing_finished_is_no_percentile(self) -> None:
        said = cards_fulfillment.two_ways(total(p90_hours=None, km_p90_hours=None))

        assert said == "No order has finished this step yet; 10 orders are still open."


class TestOverTarget:
    def test_a_site_whose_90th_is_not_reached_is_over_it(self) -> None:
        sites = pd.DataFrame(
            {"finished": [5, 5, 5, 0], "km_p50_hours": [1, 1, 1, 1], "km_p90_hours": [30, 100, None, None]}
        )

        assert cards_fulfillment.over_target(sites, 72) == "2 of 3 sites over 72 h"


class TestSlowestDay:
    def test_hours_weigh_as_many_orders_as_they_have(self) -> None:
        """Saturday's single slow order doesn't make it slower than a whole slow Friday."""
        hours = pd.DataFrame(
            {
                "weekday": [5, 6, 6, 7],
                "hour": [9, 9, 10, 9],
                "orders": [40, 1, 39, 0],
                "p50_hours": [30.0, 100.0, 10.0, None],
            }
        )

        assert cards_fulfillment.slowest_day(hours) == "slowest: Fri, 1 d 6 h"

    def test_no_order_is_no_day(self) -> None:
        empty = pd.DataFrame({"weekday": [1], "hour": [1], "orders": [0], "p50_hours": [None]})

        assert cards_fulfillment.slowest_day(empty) == "no order has finished"


class TestGrain:
    def test_a_day_with_few_orders_is_no_percentile(self) -> None:
        assert cards_fulfillment.grain(total(finished=90), 30) == "week"
        assert cards_fulfillment.grain(total(finished=9000), 30) == "day"
        assert cards_fulfillment.grain(total(finished=90_000), 90) == "week"


class TestWaiting:
    def test_late_and_soon_are_apart(self) -> None:
        backlog = pd.DataFrame({"hours_left": [-5.0, 3.0, 50.0], "age_hours": [77.0, 69.0, 22.0]})

        said = cards_fulfillment.waiting(backlog)

        assert said.startswith("3 paid and open · 1 over the target · 1 due within 24 h · half have waited")


class TestNamed:
    def test_a_site_without_a_name_is_called_by_its_id(self) -> None:
        sites = pd.DataFrame({"site": ["a", "b"], "name": ["Bean & Leaf", None]})

        found = cards_fulfillment.named(pd.DataFrame({"group": ["b", "a", "c"]}), sites)

        assert list(found["name"]) == ["b", "Bean & Leaf", "c"]
