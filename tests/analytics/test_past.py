"""What stood at an earlier time, taken over where nothing came since: it is what the log gave then."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics.ledger import Ledger, LedgerRecord
from analytics.past import tables_read
from analytics.questions import QUESTIONS
from analytics.standing import TABLES
from analytics.versions import Version
from tests.analytics.history import LIFECYCLE, NOW, TOPIC_ID, ask, at, store_order, tell
from tests.analytics.test_load import log_of
from tests.empty_ledger import open_ledger


def differing(ledger: Ledger, days: list[float]) -> Iterator[tuple[float, str]]:
    """Tables that are not what their definitions over the whole log give for those days."""
    version = ledger.publish(at=NOW)
    with version.past(wait_seconds=10) as past, version.connection(wait_seconds=10) as whole:
        for day in days:
            as_of = at(day).replace(tzinfo=None)
            whole.execute("set variable as_of = $as_of", {"as_of": as_of})
            for report in QUESTIONS:
                past.look_back(as_of, report)
            for table in TABLES:
                found = {
                    name: sorted(map(repr, connection.execute(f"select * from {name}").fetchall()))
                    for name, connection in ((table, past.connection), (f"history.{table}", whole))
                }
                if found[table] != found[f"history.{table}"]:
                    yield day, table


def fail(version: Version) -> None:
    with version.past(wait_seconds=1):
        raise ZeroDivisionError


class TestPast:
    @settings(max_examples=6, deadline=None, phases=[Phase.generate])
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

    def test_shows_the_present_beside_the_past(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(1), paid="PAID")], known_at=at(1))
        tell(ledger, [store_order("o1", "canceled", at(3), status="CANCELED")], known_at=at(3))

        asked: list[dict[str, Any]] = [{}, {"as_of": at(2).isoformat()}, {}, {"as_of": at(4).isoformat()}]
        states = [ask(ledger, "orders", **more)[0]["state"] for more in asked]

        assert states == ["canceled", "approved", "canceled", "canceled"]


class TestVersion:
    def test_looks_back_again_after_a_report_that_failed(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(1))], known_at=at(1))
        version = ledger.publish(at=NOW)

        with pytest.raises(ZeroDivisionError):
            fail(version)

        assert len(ask(ledger, "orders", now=None, as_of=at(2).isoformat())) == 1
