"""The typed tables: kept up batch by batch they are what the log of rows gives, however it arrived."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.ledger import Ledger
from analytics.lifecycle import LifecycleRow, Source
from tests.analytics.history import (
    ask,
    at,
    installed,
    only,
    properties,
    reconciled,
    stay,
    store_order,
    tell,
)
from tests.analytics.one_of_everything import HISTORY
from tests.analytics.same_reports import differing
from tests.empty_ledger import open_ledger
from tests.examples import examples

# Events read anew by a second mapping: one tells another order, one another contact, one is as it was.
RESTATED: list[LifecycleRow] = [
    store_order("o4", "approved", at(2), event_id="e4", contact="c4", member="m4"),
    store_order("o4", "updated", at(3), event_id="e5", contact="c5", member="m4"),
    store_order("o5", "approved", at(2), event_id="e4", contact="c4", paid="PAID", mapping_version=2),
    store_order("o4", "updated", at(3), event_id="e5", contact="c5", mapping_version=2),
]


class TestKeepUp:
    @settings(max_examples=examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_gives_what_a_recomputation_from_the_log_gives(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Any order, any batches, some rows twice, some events restated."""
        rows = data.draw(st.permutations([*HISTORY, *RESTATED, *HISTORY[:8]]))
        sizes = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=6))
        ledger = open_ledger(tmp_path_factory.mktemp("kept") / "ledger.duckdb")
        try:
            begin = 0
            for size in [*sizes, len(rows)]:
                tell(ledger, rows[begin : begin + size])
                begin += size

            assert ledger.differences() == {}
        finally:
            ledger.close()

    def test_whatever_is_asked_has_the_same_answer_in_other_batches(self, tmp_path: Path) -> None:
        """And one table changed by hand changes the reports that read it, and no others."""
        rows = [*HISTORY, *RESTATED]
        one, other = tmp_path / "one.duckdb", tmp_path / "other.duckdb"
        _told(one, rows, size=7)
        _told(other, rows, size=len(rows))
        names = ("revenue", "orders", "churn")
        found = differing(one, other, names)
        assert found["asked"] > 20
        assert found["different"] == []

        with duckdb.connect(str(other)) as tampered:
            tampered.execute("update payments set amount = amount + 1")

        assert {told.split()[0] for told in differing(one, other, names)["different"]} == {"revenue"}

    def test_a_difference_would_be_seen(self, ledger: Ledger) -> None:
        tell(ledger, stay("a", at(0)))
        ledger._connection.execute("delete from subscriptions")

        # Whose it was does not follow from what is left.
        assert ledger.differences() == {"subscriptions": 1, "memberships": 1}

        ledger.remake()

        assert ledger.differences() == {}

    def test_two_customers_become_one_when_an_order_names_both(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0), contact="c2")])
        tell(ledger, [store_order("o2", "approved", at(1), contact="c1", member="m1")])

        tell(ledger, [store_order("o3", "approved", at(2), contact="c2", member="m1")])

        assert [row["customer"] for row in ask(ledger, "orders")] == ["c1", "c1", "c1"]

    def test_offsets_make_one_stretch_in_whatever_batches_they_come(self, ledger: Ledger) -> None:
        """Behind the last, in it, across its end, before it, into a gap, with a gap of their own."""
        arrivals = ([5], [6, 7], [7], [7, 8], [20, 22], [18, 19], [1, 2], [9], [3, 4], [21, 23, 9], [10, 11])
        known: set[int] = set()
        for offsets in arrivals:
            tell(ledger, [_of_offset(offset, len(known)) for offset in offsets])
            known |= set(offsets)

            assert _covered(ledger) == known
            assert ledger.differences() == {}

    @pytest.mark.parametrize(
        "later",
        [
            # An event from before the first one, of a known site.
            store_order("o2", "approved", at(-3)),
            # A first event of another site.
            store_order("o2", "approved", at(5), site="another"),
            # A snapshot of an order from long ago, told after everything else.
            store_order("o2", "snapshot", at(9), created=at(-100)),
            installed(at(2)),
            installed(at(3), what="removed"),
            properties(at(4), "Bakery"),
            reconciled(at(4), at(-200)),
        ],
    )
    def test_whatever_moves_a_mark_of_a_site_is_noted(self, ledger: Ledger, later: LifecycleRow) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])
        tell(ledger, [store_order("o1", "updated", at(1))])
        before = _marks(ledger)

        tell(ledger, [later])

        assert _marks(ledger) != before
        assert ledger.differences() == {}


def _of_offset(offset: int, number: int) -> LifecycleRow:
    """A row of the record at that place; several may come from one record."""
    row = store_order(f"o{offset}", "approved", at(0), event_id=f"e{offset}-{number}")
    return replace(row, source=Source(topic="store-orders", partition=0, offset=offset))


def _covered(ledger: Ledger) -> set[int]:
    found = ledger._connection.execute("select first_offset, until_offset from covered").fetchall()
    return {offset for first, until in found for offset in range(first, until)}


def _marks(ledger: Ledger) -> list[tuple[object, ...]]:
    return ledger._connection.execute("select * from site_marks order by instance_id").fetchall()


def _told(path: Path, rows: list[LifecycleRow], *, size: int) -> None:
    ledger = open_ledger(path)
    for begin in range(0, len(rows), size):
        tell(ledger, rows[begin : begin + size])
    ledger.close()


class TestOpen:
    def test_makes_the_tables_anew_when_their_definition_changed(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.duckdb"
        first = Ledger.open(path)
        tell(first, [store_order("o1", "approved", at(0))])
        first._connection.execute("update derived set sha256 = 'of another build'")
        first._connection.execute("delete from store_orders")
        first.close()

        again = Ledger.open(path)

        try:
            assert only(ask(again, "orders"))["order_id"] == "o1"
        finally:
            again.close()
