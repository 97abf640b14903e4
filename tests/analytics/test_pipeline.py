"""Conservation, lag, dead letters, the strip of the present, and the alarms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import (
    DeadLetterFacts,
    EffectFacts,
    LifecycleRow,
    Source,
    StoreOrderFacts,
    event_row_id,
)
from analytics.parameters import BadParameter
from tests.analytics.history import (
    SITE,
    ask,
    at,
    dead_letter,
    due,
    only,
    outcome,
    payment,
    store_order,
    subscription,
    tell,
    told_by_us,
    unrecognized,
)

NOW = at(1)


def at_offset(offset: int, *, event_id: str | None = None) -> LifecycleRow:
    """The row of a record at that place of store-orders."""
    name = event_id or f"e{offset}"
    return LifecycleRow(
        row_id=event_row_id(SITE, name, "updated"),
        what="updated",
        instance_id=SITE,
        entity_id="o1",
        event_id=name,
        event_type="t",
        happened_at=at(0),
        source=Source(topic="store-orders", partition=0, offset=offset),
        facts=StoreOrderFacts(state="approved", status="APPROVED"),
    )


def look(ledger: Ledger, committed: int, *, lifecycle_end: int | None = None, end: int = 10) -> None:
    samples = [PartitionSample(topic="store-orders", partition=0, committed=committed, end=end)]
    if lifecycle_end is not None:
        samples.append(
            PartitionSample(topic="order-lifecycle", partition=0, committed=None, end=lifecycle_end)
        )
    ledger.record_samples(at(0, lifecycle_end or 0), samples)


class TestConservation:
    def test_rows_duplicates_and_dead_letters_account_for_every_offset(self, ledger: Ledger) -> None:
        """0–4 are committed: 0 a row, 1 the same event again, 2 dead, 3 a row, 4 nothing: 1 is missing."""
        tell(
            ledger,
            [
                at_offset(0),
                at_offset(1, event_id="e0"),
                dead_letter("store-orders", 0, 2, at(0)),
                at_offset(3),
            ],
        )
        look(ledger, committed=5)

        row = only(ask(ledger, "conservation", now=NOW))

        assert (row["topic"], row["committed"]) == ("store-orders", 5)
        assert (row["rows"], row["dead"], row["missing"]) == (3, 1, 1)

    def test_what_is_not_committed_yet_is_not_missed(self, ledger: Ledger) -> None:
        tell(ledger, [at_offset(0), at_offset(7)])
        look(ledger, committed=1)

        assert only(ask(ledger, "conservation", now=NOW))["missing"] == 0

    def test_rows_that_the_ledger_has_not_read_yet_are_not_missed(self, ledger: Ledger) -> None:
        """The newest look saw order-lifecycle end at 9, but only 1 is read: the look before it counts."""
        tell(ledger, [at_offset(0)])
        look(ledger, committed=1, lifecycle_end=1)
        look(ledger, committed=9, lifecycle_end=9)

        row = only(ask(ledger, "conservation", now=NOW))

        assert (row["committed"], row["missing"]) == (1, 0)

    def test_an_effect_without_any_outcome_is_missed_after_ten_minutes(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                due("k1", "o1", at(0)),
                due("k2", "o1", at(0)),
                outcome("k2", "o1", 1, "waiting", at(0), event_at=at(0)),
            ],
        )
        ledger.record_samples(at(0), [PartitionSample(topic="payments", partition=0, committed=0, end=0)])

        early = only(ask(ledger, "conservation", now=at(0) + timedelta(minutes=9)))
        later = only(ask(ledger, "conservation", now=at(0) + timedelta(minutes=11)))

        assert (early["missing_effects"], later["missing_effects"]) == (0, 1)

    def test_what_wix_lists_made_due_is_missed_with_the_snapshots(self, ledger: Ledger) -> None:
        """No event made it due, so its row is from the worker, and has no place on the log."""
        facts = EffectFacts(flow="fulfillment", outcome="due", event_at=at(-1))
        tell(ledger, [told_by_us(facts, "effect_due", "k1", at(0))])
        ledger.record_samples(at(0), [PartitionSample(topic="snapshots", partition=0, committed=0, end=0)])

        missed = only(ask(ledger, "conservation", now=at(0) + timedelta(minutes=11)))
        effects = only(ask(ledger, "effects", flow="fulfillment"))
        tell(ledger, [outcome("k1", "k1", 1, "done", at(1), event_at=at(-1), flow="fulfillment")])
        later = only(ask(ledger, "conservation", now=at(2)))

        assert (missed["topic"], missed["missing_effects"], later["missing_effects"]) == ("snapshots", 1, 0)
        assert (effects["due"], effects["open"]) == (1, 1)
        done = only(ask(ledger, "effects", flow="fulfillment"))
        assert (done["due"], done["done"], done["open"]) == (1, 1, 0)

    def test_lag_is_what_the_worker_has_not_read(self, ledger: Ledger) -> None:
        look(ledger, committed=3)

        assert only(ask(ledger, "lag", now=NOW)) == {
            "topic": "store-orders",
            "partition": 0,
            "committed": 3,
            "end": 10,
            "lag": 7,
        }


class TestDeadLetters:
    def test_are_listed_with_their_place_and_reason(self, ledger: Ledger) -> None:
        tell(ledger, [dead_letter("payments", 3, 17, at(0))])

        row = only(ask(ledger, "dead_letters"))

        assert (row["topic"], row["partition"], row["offset"], row["reason"]) == (
            "payments",
            3,
            17,
            "not_json",
        )
        assert (row["first_at"], row["redriven_at"]) == ("2026-03-02T00:00:00Z", None)

    def test_say_when_they_were_set_going_again(self, ledger: Ledger) -> None:
        """The same place on the log, told of a second time when a person had redriven it."""
        dead = dead_letter("payments", 3, 17, at(0))
        assert isinstance(dead.facts, DeadLetterFacts)
        redriven = replace(
            dead,
            row_id=event_row_id("", "payments/3/17 redriven", "dead_letter"),
            happened_at=at(1),
            facts=replace(dead.facts, redriven_at=at(1)),
        )
        tell(ledger, [dead, redriven])

        row = only(ask(ledger, "dead_letters"))

        assert (row["first_at"], row["redriven_at"]) == ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
        assert only(ask(ledger, "pipeline", now=None))["dead_letters"] == 0


class TestPipeline:
    def test_reads_the_present_without_waiting_for_a_version(self, ledger: Ledger) -> None:
        now = datetime.now(UTC)
        tell(ledger, [store_order("o1", "approved", now - timedelta(seconds=4))], known_at=now)
        tell(ledger, [unrecognized(now), dead_letter("payments", 0, 1, now)], known_at=now)

        row = only(ask(ledger, "pipeline", now=None))

        assert row["end_to_end_p95_seconds"] == pytest.approx(4, abs=0.1)
        assert row["freshness_seconds"] >= 0
        assert (row["unrecognized"], row["dead_letters"], row["failed_effects"]) == (1, 1, 0)
        assert row["lag"] is None

    def test_a_clock_ahead_is_shown_as_less_than_no_time(self, ledger: Ledger) -> None:
        """Known 30 s before it happened, by its own clock, and 2, 4 and 6 s after: the median is 2."""
        now = datetime.now(UTC)
        ages = (-30, 2, 4, 6)
        tell(
            ledger,
            [store_order(f"o{age}", "approved", now - timedelta(seconds=age)) for age in ages],
            known_at=now,
        )
        half = only(ask(ledger, "pipeline", now=None))
        tell(ledger, [store_order("o", "approved", now + timedelta(hours=1))], known_at=now)
        tell(ledger, [store_order("p", "approved", now + timedelta(hours=1))], known_at=now)

        row = only(ask(ledger, "pipeline", now=None))

        assert half["end_to_end_p50_seconds"] == 2
        assert half["events_per_second"] == pytest.approx(4 / 60)
        assert row["end_to_end_p50_seconds"] == -30
        assert row["newest_event_at"] > half["newest_event_at"]

    def test_the_newest_event_may_have_been_known_before_others(self, ledger: Ledger) -> None:
        """Nothing came for hours; what came last was an old event, and one before it had a clock ahead."""
        now = datetime.now(UTC)
        known, late = now - timedelta(hours=3), now - timedelta(hours=2)
        tell(ledger, [store_order("o1", "approved", now - timedelta(hours=1))], known_at=known)
        tell(ledger, [store_order("o2", "approved", now - timedelta(hours=4))], known_at=late)

        row = only(ask(ledger, "pipeline", now=None))

        assert datetime.fromisoformat(row["newest_event_at"]) == now - timedelta(hours=1)
        assert row["freshness_seconds"] == pytest.approx(2 * 3600, abs=60)
        assert row["end_to_end_p95_seconds"] is None

    def test_what_failed_is_counted(self, ledger: Ledger) -> None:
        tell(ledger, [due("k", "o1", at(0)), outcome("k", "o1", 1, "failed", at(0), event_at=at(0))])

        assert only(ask(ledger, "pipeline", now=None))["failed_effects"] == 1

    def test_minutes_are_listed_the_quiet_ones_too(self, ledger: Ledger) -> None:
        rows = ask(ledger, "pipeline", now=None, grain="minute")

        # An hour of whole minutes, and the two that its ends cut.
        assert len(rows) in (60, 61)
        assert {row["events_per_second"] for row in rows} == {0}

    def test_a_minute_in_which_nobody_looked_has_no_lag(self, ledger: Ledger) -> None:
        """The present keeps what was seen last; a chart must not draw it over an outage."""
        seen = datetime.now(UTC) - timedelta(minutes=10)
        ledger.record_samples(seen, [PartitionSample(topic="payments", partition=0, committed=3, end=10)])

        minutes = ask(ledger, "pipeline", now=None, grain="minute")

        assert [row["lag"] for row in minutes if row["lag"] is not None] == [7]
        assert only(ask(ledger, "pipeline", now=None))["lag"] == 7

    def test_has_no_past(self, ledger: Ledger) -> None:
        with pytest.raises(BadParameter, match="looks at the present only"):
            ask(ledger, "pipeline", as_of="2026-03-02")


class TestDataQuality:
    @pytest.mark.parametrize(
        ("alarm", "rows"),
        [
            ("unknown_type", [unrecognized(at(0))]),
            ("unknown_status", [store_order("o1", "updated", at(0), status="ON_HOLD")]),
            ("unknown_status", [subscription("s1", "updated", at(0), paid="UNDEFINED")]),
            ("unknown_status", [store_order("o1", "updated", at(0), fulfilled="SENT_BY_SHIP")]),
            ("unknown_status", [payment("t1", "o1", at(0), status="ODD")]),
            ("unknown_cause", [subscription("s1", "ended", at(0), status="CANCELED", cause="UNKNOWN")]),
            (
                "illegal_transition",
                [
                    store_order("o1", "canceled", at(0), status="CANCELED"),
                    store_order("o1", "approved", at(1), status="APPROVED"),
                ],
            ),
            (
                "sequence_conflict",
                [
                    store_order("o1", "approved", at(0), sequence=4),
                    store_order("o1", "canceled", at(0), status="CANCELED", sequence=4),
                ],
            ),
            (
                "other_payment_app",
                [outcome("k", "o1", 1, "suppressed", at(0), event_at=at(0), reason="other_app")],
            ),
        ],
    )
    def test_counts_the_events_behind_each_alarm(self, ledger: Ledger, alarm: str, rows: list[Any]) -> None:
        tell(ledger, rows)

        raised = {row["alarm"]: row["events"] for row in ask(ledger, "data_quality")}

        assert raised == {name: int(name == alarm) for name in raised}

    def test_an_event_with_two_odd_words_is_one_event_and_the_latest_is_named(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                store_order("o1", "updated", at(0), status="ON_HOLD", paid="ODD", event_id="e1"),
                store_order("o2", "updated", at(1), status="ON_HOLD", event_id="e2"),
            ],
        )

        (row,) = [row for row in ask(ledger, "data_quality") if row["alarm"] == "unknown_status"]

        assert (row["events"], row["last_event_id"], row["last_at"]) == (2, "e2", "2026-03-03T00:00:00Z")

    def test_an_event_known_before_it_happened_is_clock_skew(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(1))], known_at=at(0))

        raised = {row["alarm"]: row["events"] for row in ask(ledger, "data_quality")}

        assert raised["clock_skew"] == 1
