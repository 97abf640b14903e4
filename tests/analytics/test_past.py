"""What stood at an earlier time, taken over where nothing came since: it is what the log gave then."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics.ledger import Ledger, LedgerRecord
from analytics.past import Past, steps_to, tables_read
from analytics.questions import QUESTIONS
from analytics.standing import OTHERS, PER_ENTITY, TABLES, shares, source
from analytics.versions import PASTS, Version
from tests.analytics.history import LIFECYCLE, NOW, TOPIC_ID, ask, at, stay, store_order, subscription, tell
from tests.analytics.test_load import log_of
from tests.empty_ledger import open_ledger
from tests.examples import examples


def differing(ledger: Ledger, days: list[float]) -> Iterator[tuple[float, str]]:
    """Tables that are not what their definitions over the whole log give for those days."""
    version = ledger.publish(at=NOW)
    for day in days:
        as_of = at(day).replace(tzinfo=None)
        with version.past(as_of, wait_seconds=10) as past:
            for report in QUESTIONS:
                past.look_back(as_of, report)
            found = {table: rows(past.connection, table) for table in TABLES}
        given = worked_out(ledger, as_of)
        yield from ((day, table) for table in TABLES if found[table] != given[table])


def worked_out(ledger: Ledger, as_of: datetime) -> dict[str, list[str]]:
    """What the definitions give, of all rows known before."""
    writer = ledger._connection
    writer.execute("set variable as_of = $as_of", {"as_of": as_of})
    assert list(shares(writer, "history")) == [(0, 1)]
    found = {kept.table: rows(writer, source(kept.table)) for kept in PER_ENTITY}
    found |= {table: rows(writer, f"history.{table}") for table in OTHERS}
    writer.execute("reset variable as_of")
    return found


def rows(connection: DuckDBPyConnection, table: str) -> list[str]:
    """In no order."""
    return sorted(map(repr, connection.execute(f"select * from {table}").fetchall()))


def made_for(version: Version, as_of: datetime) -> Past:
    with version.past(as_of, wait_seconds=1) as past:
        past.look_back(as_of, "order_status")
        return past


def fail(version: Version) -> None:
    with version.past(NOW, wait_seconds=1):
        raise ZeroDivisionError


class TestPast:
    @settings(max_examples=examples(3), deadline=None, phases=[Phase.generate])
    @given(seed=st.integers())
    def test_gives_what_the_log_gave_then(self, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Rows of every kind, twice, read anew; one time after the other on one connection."""
        records, _ = log_of(seed)
        known = [
            LedgerRecord(
                offset=record.offset, known_at=at(0) + index * timedelta(hours=4), value=record.value
            )
            for index, record in enumerate(records)
        ]
        ledger = open_ledger(tmp_path_factory.mktemp("past") / "ledger.duckdb")
        try:
            ledger.append(known, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)

            assert list(differing(ledger, [4, 0, 9.9, 5.1, 30])) == []
        finally:
            ledger.close()

    def test_makes_only_what_a_report_reads(self) -> None:
        assert tables_read("suppressions") == {"effects"}
        assert "customers" in tables_read("churn")
        # Of subscriptions nothing, where only store orders are told of.
        for report in ("sites", "backlog", "fulfillment_latency"):
            assert tables_read(report) - {"store_orders", "parcels"} <= {"site_marks"}

    def test_works_out_only_what_a_table_is_made_of(self) -> None:
        assert steps_to("buyers") == steps_to("customers") == ()
        assert steps_to("subscriptions") == ("entity_events", "subscriptions")
        assert "subscription_spans" not in steps_to("order_stretches")

    def test_reads_only_the_columns_of_the_reports_asked_for(self, ledger: Ledger) -> None:
        """Of a subscription's rows a list of orders needs no cycle, and its revenue does."""
        tell(ledger, stay("s1", at(0)), known_at=at(1))
        known_then = [ask(ledger, report, now=at(2)) for report in ("orders", "mrr")]
        tell(ledger, [subscription("s1", "updated", at(3), start=at(0), price="20.00")], known_at=at(3))
        version, as_of = ledger.publish(at=at(4)), at(2)

        def answer(report: str) -> tuple[list[dict[str, Any]], list[tuple[bool, ...]]]:
            """What it tells, and of which rows it was made."""
            told = ask(ledger, report, now=None, as_of=as_of.isoformat())
            with version.past(as_of.replace(tzinfo=None), wait_seconds=1) as past:
                sql = "select price_total is not null, cycle_unit is not null from touched_rows"
                return told, past.connection.execute(sql).fetchall()

        assert answer("orders") == (known_then[0], [(True, False)])
        assert answer("mrr") == (known_then[1], [(True, True)])
        assert known_then[1][0]["at_end"] == "30.00"

    def test_shows_the_present_beside_the_past(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(1), paid="PAID")], known_at=at(1))
        tell(ledger, [store_order("o1", "canceled", at(3), status="CANCELED")], known_at=at(3))

        asked: list[dict[str, Any]] = [{}, {"as_of": at(2).isoformat()}, {}, {"as_of": at(4).isoformat()}]
        states = [ask(ledger, "orders", **more)[0]["state"] for more in asked]

        assert states == ["canceled", "approved", "canceled", "canceled"]


class TestVersion:
    def test_keeps_what_it_made_for_a_few_times(self, ledger: Ledger) -> None:
        """Whoever goes to and fro between two dates does not wait again; one date too many takes a place."""
        tell(ledger, [store_order("o1", "approved", at(1))], known_at=at(1))
        version = ledger.publish(at=NOW)
        days = [*range(PASTS), 0, PASTS]

        made = [made_for(version, at(day).replace(tzinfo=None)) for day in days]

        assert len({id(past) for past in made[:PASTS]}) == PASTS
        assert made[PASTS] is made[0]
        assert made[-1] is made[1]

    def test_looks_back_again_after_a_report_that_failed(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(1))], known_at=at(1))
        version = ledger.publish(at=NOW)

        for _ in range(PASTS):
            with pytest.raises(ZeroDivisionError):
                fail(version)

        assert len(ask(ledger, "orders", now=None, as_of=at(2).isoformat())) == 1
