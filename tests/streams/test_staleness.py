"""Reports are stale when something has been on the log for a while and is not in the ledger."""

from datetime import UTC, datetime, timedelta

from analytics.ledger import PartitionSample
from ingest.topics import DEAD_LETTERS, ORDER_LIFECYCLE, PAYMENTS
from streams.staleness import SILENT_LOG, Staleness

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
AFTER = timedelta(minutes=15)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def verdict(*seen: tuple[int, int | None, int], topic: str = PAYMENTS.name, read_to: int = 0) -> str:
    """After looks at (minute, committed, end) of one partition."""
    staleness = Staleness(after=AFTER, heard_at=START)
    for minute, committed, end in seen:
        sample = PartitionSample(topic=topic, partition=0, committed=committed, end=end)
        staleness.saw(at(minute), [sample], read_to)
    return staleness.verdict(at(seen[-1][0]))


class TestVerdict:
    def test_traffic_that_is_read_soon_is_never_stale_though_some_always_waits(self) -> None:
        assert verdict(*((minute, minute * 10, minute * 10 + 50) for minute in range(60))) == ""

    def test_a_record_that_stays_behind_is_stale_after_its_time(self) -> None:
        stuck = [(minute, 5, 6) for minute in range(16)]

        assert verdict(*stuck[:-1]) == ""
        assert verdict(*stuck) == "not_read: payments"

    def test_nobody_ever_having_read_is_the_same(self) -> None:
        assert verdict(*((minute, None, 6) for minute in range(20))) == "not_read: payments"

    def test_it_is_over_when_the_record_was_read(self) -> None:
        stuck = [(minute, 5, 6) for minute in range(20)]

        assert verdict(*stuck, (20, 6, 600)) == ""

    def test_rows_are_measured_by_the_ledgers_own_position(self) -> None:
        rows = [(minute, None, 6) for minute in range(20)]

        assert verdict(*rows, topic=ORDER_LIFECYCLE.name, read_to=6) == ""
        assert verdict(*rows, topic=ORDER_LIFECYCLE.name, read_to=5) == f"not_read: {ORDER_LIFECYCLE.name}"

    def test_dead_letters_wait_for_people_not_for_the_ledger(self) -> None:
        assert verdict(*((minute, None, 6) for minute in range(20)), topic=DEAD_LETTERS.name) == ""

    def test_a_log_that_has_not_answered_for_so_long_makes_them_stale(self) -> None:
        staleness = Staleness(after=AFTER, heard_at=START)

        assert staleness.verdict(at(14)) == ""
        assert staleness.verdict(at(15)) == SILENT_LOG
