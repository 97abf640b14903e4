"""The pipeline page in each of its states, on a real ledger behind its real service."""

from datetime import UTC, datetime, timedelta

from analytics.ledger import PartitionSample
from tests.analytics import history
from tests.dashboard.conftest import Service
from tests.dashboard.running import cards, run, words


class TestPipeline:
    def test_the_strip_and_the_card_show_one_number(self, told: Service) -> None:
        """They read the same report; two questions once gave two answers."""
        app = run("pipeline")

        assert f"{cards(app)['Dead letters']} dead letters" in words(app)

    def test_a_record_in_no_row_and_no_dead_letter_is_missing(self, told: Service) -> None:
        """The worker committed nine records of a topic that the ledger has nothing of."""
        seen = PartitionSample(topic="pickups", partition=0, committed=9, end=12)
        told.ledger.record_samples(datetime.now(UTC), [seen])
        told.tell([history.unrecognized(datetime.now(UTC))])

        app = run("pipeline")

        assert "9 records and 0 effects are unaccounted for" in words(app)
        assert cards(app)["Consumer lag"] == "3"

    def test_it_is_the_present_whatever_was_chosen(self, told: Service) -> None:
        """The dead letter came a day ago; as of a month ago there was none."""
        before = datetime.now(UTC) - timedelta(days=30)

        app = run("pipeline", as_of=f"{before:%Y-%m-%dT%H:%M}", tz="UTC")

        assert cards(app)["Dead letters"] == "1"
        assert "an as-of moment, a range and a currency have no meaning here" in words(app)
