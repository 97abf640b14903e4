"""What a bucket shows does not go by where the period began in which it is asked for.

Of a short period only who comes, leaves or moves in it is compared; of all time, everybody is.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from analytics.ledger import Ledger
from tests.analytics.history import SITE, ask, at, stay, subscription, tell
from tests.analytics.lives import many_sites
from tests.empty_ledger import open_ledger

# April and May, and a Monday between.
APRIL, MAY, MONDAY = at(30), at(60), at(35)
METHODS = ("chartmogul", "stripe", "profitwell", "revenuecat", "gumroad")
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")


@pytest.fixture(scope="module")
def of_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Sites whose customers have several subscriptions, and some to whom little happens."""
    opened = open_ledger(tmp_path_factory.mktemp("many") / "ledger.duckdb")
    tell(opened, many_sites(random.Random(7), 20, size=6))
    # Such as nothing happens to for long: alone, beside others, with a request long ago, and gone long ago.
    for number in range(10):
        buyer: dict[str, Any] = {"contact": f"old{number}"}
        tell(opened, stay(f"a{number}", at(-70 + number), **buyer))
        if number % 2:
            tell(opened, stay(f"b{number}", at(-60), at(10 * number) if number > 4 else None, **buyer))
    asked = subscription("a0", "auto_renew_canceled", at(-40), start=at(-70), auto_renew_canceled=True)
    tell(opened, [asked, *stay("gone", at(-80), at(-50), contact="gone")])
    # Who asks to leave the second one, too, has left by Gumroad's book.
    for order, day in (("first", -40), ("second", 40)):
        tell(opened, stay(order, at(-70), contact="both"))
        left: dict[str, Any] = {"start": at(-70), "contact": "both", "auto_renew_canceled": True}
        tell(opened, [subscription(order, "auto_renew_canceled", at(day), **left)])
    opened.publish(at=at(75))
    yield opened
    opened.close()


def since_april(ledger: Ledger, report: str, **asked: Any) -> tuple[list[Any], list[Any]]:
    """Buckets of April, asked for by themselves, and as the end of all time."""
    start = MONDAY if asked.get("grain") == "week" else APRIL
    whole = ask(ledger, report, now=None, end=MAY.isoformat(), **asked)
    short = ask(ledger, report, now=None, start=start.isoformat(), end=MAY.isoformat(), **asked)
    return short, [row for row in whole if row["bucket_start"] >= short[0]["bucket_start"]]


class TestChurn:
    @pytest.mark.parametrize("by", ["none", "site", "plan"])
    @pytest.mark.parametrize("method", METHODS)
    def test_counts_those_who_were_there_all_the_time(self, of_many: Ledger, method: str, by: str) -> None:
        population = "all" if by == "site" else "paying"
        for grain in ["month"] if method == "profitwell" else ["month", "week"]:
            asked = {"method": method, "by": by, "population": population, "grain": grain}
            short, whole = since_april(of_many, "churn", **asked)
            assert sum(row["base"] for row in whole) > 0
            assert short == whole

    def test_counts_those_of_one_site_and_currency(self, of_many: Ledger) -> None:
        short, whole = since_april(of_many, "churn", site=SITE, currency="EUR")

        assert whole[0]["base"] > 5
        assert short == whole


class TestMrr:
    @pytest.mark.parametrize("grain", ["month", "day"])
    def test_moves_by_what_a_customer_had_beside_and_before(self, of_many: Ledger, grain: str) -> None:
        short, whole = since_april(of_many, "mrr", grain=grain)

        assert all(any(float(row[movement]) for row in whole) for movement in MOVEMENTS)
        assert short == whole

    def test_a_return_is_one_also_where_the_period_begins_behind_the_first_time(self, ledger: Ledger) -> None:
        tell(ledger, [*stay("a", at(0), at(9), contact="c"), *stay("b", at(40), contact="c")])
        ledger.publish(at=at(75))

        short, whole = since_april(ledger, "mrr")

        assert [(row["at_start"], row["new"], row["reactivation"]) for row in short] == [
            ("0.00", "0.00", "30.00")
        ]
        assert short == whole


class TestPlans:
    def test_one_held_since_long_ago_is_nobodys_first(self, of_many: Ledger) -> None:
        halves = [(None, 15), (15, 45), (45, 60)]

        def of(name: str, begin: int | None, end: int) -> int:
            start = {} if begin is None else {"start": at(begin).isoformat()}
            rows = ask(of_many, "plans", now=None, end=at(end).isoformat(), **start)
            return int(sum(row[name] for row in rows))

        for name in ("new", "churned"):
            assert sum(of(name, *half) for half in halves) == of(name, None, 60) > 0
