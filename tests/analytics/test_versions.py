"""Versions: what readers are given while the writer goes on."""

import pytest

from analytics.ledger import Ledger
from analytics.reports import VersionGone
from tests.analytics.history import NOW, ask, at, store_order, tell


class TestVersions:
    def test_a_version_keeps_its_answer_while_the_ledger_goes_on(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])
        before = ledger.publish(at=NOW).name
        tell(ledger, [store_order("o2", "approved", at(0))])
        after = ledger.publish(at=NOW).name

        assert len(ask(ledger, "orders", now=None, version=before)) == 1
        assert len(ask(ledger, "orders", now=None, version=after)) == 2
        assert len(ask(ledger, "orders", now=None)) == 2

    def test_two_are_kept_and_an_older_one_is_gone(self, ledger: Ledger) -> None:
        first = ledger.publish(at=NOW).name
        kept = [ledger.publish(at=NOW).name, ledger.publish(at=NOW).name]

        assert [version.name for version in ledger.versions()] == list(reversed(kept))
        with pytest.raises(VersionGone, match="ask without version= for the newest"):
            ask(ledger, "orders", now=None, version=first)

    def test_nothing_new_makes_no_new_version(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])
        first = ledger.publish()
        assert ledger.publish() is first

        tell(ledger, [store_order("o2", "approved", at(0))])

        assert ledger.publish().name != first.name

    def test_it_says_how_far_it_reaches(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))], known_at=at(1))

        version = ledger.publish()

        assert (version.data_through, version.known_through) == (at(0), at(1))
