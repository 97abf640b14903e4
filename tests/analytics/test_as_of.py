"""as_of: what a report gave then, it gives again."""

from analytics.ledger import Ledger
from tests.analytics.history import ask, at, only, store_order, tell
from tests.analytics.one_of_everything import HISTORY, everything


class TestAsOf:
    def test_gives_again_what_a_growing_history_gave(self, ledger: Ledger) -> None:
        """Recorded at four moments while rows arrive a day at a time; asked for again at the end."""
        recorded = {}
        ordered = sorted(HISTORY, key=lambda row: row.happened_at)
        for day in (3, 9, 21, 40):
            moment = at(day)
            tell(ledger, [row for row in ordered if row.happened_at < moment])
            recorded[moment] = everything(ledger, now=moment)
        tell(ledger, ordered, known_at=at(50))

        for moment, answers in recorded.items():
            again = everything(ledger, as_of=moment.isoformat())
            assert again == answers, moment

    def test_restated_events_count_from_when_the_new_mapping_was_known(self, ledger: Ledger) -> None:
        """Mapping 2 reads the same event differently; before day 5 nobody knew."""
        tell(ledger, [store_order("o1", "approved", at(0), event_id="e1")], known_at=at(0))
        restated = store_order("o1", "approved", at(0), event_id="e1", paid="PAID", mapping_version=2)
        tell(ledger, [restated], known_at=at(5))

        assert only(ask(ledger, "orders"))["payment_status"] == "PAID"
        assert only(ask(ledger, "orders", as_of=at(4).isoformat()))["payment_status"] == "NOT_PAID"

    def test_a_moment_that_has_not_come_is_now(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])

        assert only(ask(ledger, "orders", now=at(1), as_of=at(9).isoformat()))["age_hours"] == 24

    def test_ages_are_reckoned_then(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])

        assert only(ask(ledger, "orders", as_of=at(0, 6).isoformat()))["age_hours"] == 6
