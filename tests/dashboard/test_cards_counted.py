"""Cards of churn and of the pipeline beside a small history whose every number is counted by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analytics.ledger import PartitionSample
from analytics.lifecycle import DeadLetterFacts
from tests.analytics import history
from tests.dashboard.conftest import Service
from tests.dashboard.running import cards, run


@pytest.fixture
def members(service: Service) -> Service:
    """Ten stay since long. In the last 30 days four came and three left; before, two came and one left."""
    now = datetime.now(UTC).replace(microsecond=0)

    def ago(days: float) -> datetime:
        return now - timedelta(days=days)

    rows = [row for number in range(10) for row in history.stay(f"old-{number}", ago(100))]
    for number, (begin, end, cause) in enumerate(
        [
            (25, None, None),
            (24, None, None),
            (23, None, None),
            (22, None, None),
            (90, 21, "MEMBER_ACTION"),
            (90, 20, "MEMBER_ACTION"),
            (90, 19, "PAYMENT_FAILURE"),
            (50, None, None),
            (49, None, None),
            (90, 45, "MEMBER_ACTION"),
        ]
    ):
        rows += history.stay(f"new-{number}", ago(begin), ago(end) if end else None, cause=cause)
    rows += history.stay("leaving", ago(70))
    rows.append(
        history.subscription(
            "leaving",
            "auto_renew_canceled",
            ago(3),
            start=ago(70),
            created=ago(70),
            auto_renew_canceled=True,
            requested=ago(3),
            paid_until=now + timedelta(days=9),
        )
    )
    service.tell(rows)
    return service


class TestChurn:
    def test_every_card(self, members: Service) -> None:
        app = run("churn", tz="UTC")

        assert cards(app) == {
            # The ten, the one who leaves, the six who came; those who left were gone a fortnight ago.
            "Active": "17",
            "New": "4",
            "Churned": "3",
            "Weekly churn rate": "0.0%",
            "Failed payments": "33.3%",
            "Set to cancel": "1",
        }

    def test_what_each_was_before(self, members: Service) -> None:
        before = {metric.label: metric.delta for metric in run("churn", tz="UTC").metric}
        described = {metric.label: metric.proto.delta_description for metric in run("churn", tz="UTC").metric}

        assert described["New"] == "from 2"
        assert described["Churned"] == "from 1"
        assert described["Failed payments"] == "from 0.0%"
        assert "100" in str(before["New"])

    def test_the_rate_is_that_of_the_last_whole_week(self, service: Service) -> None:
        """Eleven were there when it began, one left in it; of the week that runs nothing is known yet."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        monday = today - timedelta(days=today.weekday())
        rows = [
            row for number in range(10) for row in history.stay(f"m{number}", monday - timedelta(days=90))
        ]
        gone = history.stay(
            "gone", monday - timedelta(days=90), monday - timedelta(days=2), cause="MEMBER_ACTION"
        )
        service.tell([*rows, *gone])

        assert cards(run("churn", tz="UTC"))["Weekly churn rate"] == "9.1%"


class TestFailures:
    def test_a_letter_that_was_tried_again_needs_nobody(self, service: Service) -> None:
        died = datetime.now(UTC) - timedelta(hours=2)
        letters = [history.dead_letter("payments", 0, number, died) for number in range(3)]
        facts = letters[0].facts
        assert isinstance(facts, DeadLetterFacts)
        again = replace(facts, redriven_at=died + timedelta(hours=1))
        service.tell([replace(letters[0], facts=again), *letters[1:]])

        assert cards(run("failures", tz="UTC"))["Dead letters"] == "2"


class TestPipeline:
    def test_every_card(self, service: Service) -> None:
        """An event of a minute ago reached the ledger five seconds after it happened at Wix."""
        now = datetime.now(UTC)
        happened = now - timedelta(seconds=65)
        created = history.store_order("1", "created", happened, created=happened)
        history.tell(service.ledger, [created], known_at=happened + timedelta(seconds=5))
        failed = [
            history.due("e1", "1", happened),
            history.outcome("e1", "1", 2, "failed", happened, event_at=happened, reason="refused"),
        ]
        letters = [history.dead_letter("payments", 0, number, happened) for number in range(2)]
        service.tell([*failed, *letters, history.unrecognized(happened)])
        service.ledger.record_samples(
            now, [PartitionSample(topic="store-orders", partition=0, committed=4, end=11)]
        )

        found = cards(run("pipeline", tz="UTC"))

        assert found["Consumer lag"] == "7"
        assert found["Dead letters"] == "2"
        assert found["Failed effects"] == "1"
        assert found["Unrecognized"] == "1"
        assert found["End to end, p95"] == "5.0 s"
