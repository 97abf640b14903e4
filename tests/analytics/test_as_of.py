"""as_of: what a report gave then, it gives again."""

import random
from datetime import datetime
from typing import Any

from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import LifecycleRow, event_row_id
from analytics.questions import QUESTIONS
from tests.analytics.history import OTHER_SITE, ask, at, dead_letter, only, stay, store_order, tell
from tests.analytics.lives import history
from tests.analytics.one_of_everything import HISTORY, OF_ITS_OWN

MOMENTS = [at(day, 7) for day in (2, 6, 11, 17, 21, 26, 33, 40, 47, 58)]
# Every report is recorded at every fifth moment, each fifth of them at others.
TURNS = 5


def recorded_at(moment: int) -> list[str]:
    """The reports whose turn it is, but the one that has no past."""
    names = [name for name, question in QUESTIONS.items() if not question.reads_present]
    return [name for place, name in enumerate(names) if place % TURNS == moment % TURNS]


def restated(row: LifecycleRow, chance: random.Random) -> LifecycleRow:
    """The event as a second mapping reads it: another number, or nothing else than before."""
    facts = row.facts
    if row.kind == "store_order" and chance.random() < 0.7:
        told = store_order(row.entity_id, row.what, row.happened_at, paid="PAID", total="99.00")
        facts = told.facts
    return LifecycleRow(
        row_id=event_row_id(row.instance_id, row.event_id, row.what, 2),
        mapping_version=2,
        what=row.what,
        instance_id=row.instance_id,
        entity_id=row.entity_id,
        order_id=row.order_id,
        event_id=row.event_id,
        event_type=row.event_type,
        happened_at=row.happened_at,
        sequence=row.sequence,
        source=row.source,
        facts=facts,
    )


def answers(ledger: Ledger, moment: int, **params: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        name: ask(ledger, name, now=None, **params, **OF_ITS_OWN.get(name, {}))
        for name in recorded_at(moment)
    }


class TestAsOf:
    def test_ten_moments_of_a_growing_restated_history_are_given_again_to_the_digit(
        self, ledger: Ledger
    ) -> None:
        """Rows arrive as they happen; from the fifth moment on, old events are also read anew.

        After the last moment everything arrives a second time.
        """
        chance = random.Random(6)
        rows = [*HISTORY, *history(chance, prefix="x"), *history(chance, site=OTHER_SITE, prefix="y")]
        ordered = sorted(rows, key=lambda row: row.happened_at)
        recorded: dict[datetime, dict[str, list[dict[str, Any]]]] = {}
        told = 0
        for number, moment in enumerate(MOMENTS):
            fresh = [row for row in ordered[told:] if row.happened_at < moment]
            tell(ledger, fresh)
            if number >= 4:
                old = [row for row in ordered[:told] if row.source is not None and row.kind != "dead_letter"]
                anew = [restated(row, chance) for row in chance.sample(old, k=6)]
                tell(ledger, anew, known_at=max(MOMENTS[number - 1], *(row.happened_at for row in anew)))
            told += len(fresh)
            ledger.publish(at=moment)
            recorded[moment] = answers(ledger, number)
        tell(ledger, ordered, known_at=at(70))
        ledger.publish(at=at(80))

        for number, (moment, then) in enumerate(recorded.items()):
            again = answers(ledger, number, as_of=moment.isoformat())
            for name, expected in then.items():
                assert again[name] == expected, (name, moment)

    def test_looks_at_the_broker_are_those_before_it(self, ledger: Ledger) -> None:
        """On day 1 the worker had read 3 of 10 records, one of them dead; by day 2 it had read them all."""
        early, late = at(1), at(2)
        tell(ledger, [dead_letter("payments", 0, offset, at(0)) for offset in (0,)], known_at=at(0))
        ledger.record_samples(early, [PartitionSample(topic="payments", partition=0, committed=3, end=10)])
        tell(ledger, [dead_letter("payments", 0, offset, late) for offset in range(1, 10)])
        ledger.record_samples(late, [PartitionSample(topic="payments", partition=0, committed=10, end=10)])

        then = at(1.5).isoformat()
        assert only(ask(ledger, "lag", now=at(3), as_of=then))["lag"] == 7
        row = only(ask(ledger, "conservation", now=at(3), as_of=then))
        assert (row["committed"], row["dead"], row["missing"]) == (3, 1, 2)
        row = only(ask(ledger, "conservation", now=at(3)))
        assert (row["committed"], row["dead"], row["missing"]) == (10, 10, 0)

    def test_restated_events_count_from_when_the_new_mapping_was_known(self, ledger: Ledger) -> None:
        """Mapping 2 reads the same event differently; before day 5 nobody knew."""
        tell(ledger, [store_order("o1", "approved", at(0), event_id="e1")], known_at=at(0))
        restated = store_order("o1", "approved", at(0), event_id="e1", paid="PAID", mapping_version=2)
        tell(ledger, [restated], known_at=at(5))

        assert only(ask(ledger, "orders"))["payment_status"] == "PAID"
        # What came at that very moment was not known before it.
        assert only(ask(ledger, "orders", as_of=at(5).isoformat()))["payment_status"] == "payment_on_delivery"
        assert only(ask(ledger, "orders", as_of=at(5, 1).isoformat()))["payment_status"] == "PAID"

    def test_a_moment_that_has_not_come_is_now(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])

        assert only(ask(ledger, "orders", now=at(1), as_of=at(9).isoformat()))["age_hours"] == 24

    def test_customers_are_those_known_to_be_one_then(self, ledger: Ledger) -> None:
        """Only on day 5 an order tells that contact c1 is member m1."""
        tell(ledger, [*stay("s1", at(0), contact="c1"), *stay("s2", at(0), member="m1")])
        tell(ledger, [store_order("o1", "approved", at(5), contact="c1", member="m1")])

        asked: list[dict[str, Any]] = [{"as_of": at(4).isoformat()}, {}]
        customers = [
            {row["customer"] for row in ask(ledger, "orders", kind="subscription", **more)} for more in asked
        ]

        assert customers == [{"c1", "m1"}, {"c1"}]
        assert only(ask(ledger, "plans", as_of=at(4).isoformat()))["active"] == 2
        assert only(ask(ledger, "plans"))["active"] == 1

    def test_ages_are_reckoned_then(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])

        assert only(ask(ledger, "orders", as_of=at(0, 6).isoformat()))["age_hours"] == 6
