"""What the outbox recorded reaches the log: every kind of news, in order, until it is acknowledged."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.lifecycle import LifecycleRow
from ingest.settings import KafkaSettings
from streams.meters import Meters
from streams.outbox import Outbox
from streams.outcomes import OutcomeSender
from streams.pause import Bug
from streams.quota_counts import QuotaCount
from streams.rows import RowPublisher
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, SITE, a_handover, a_mark, an_effect, due

MINUTE = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here."""


class Log(RowPublisher):
    """The topic of rows; a kill after the log has taken them is one flag away."""

    def __init__(self) -> None:
        super().__init__(KafkaSettings(_env_file=None))
        self.taken: list[LifecycleRow] = []
        self.kills = False

    async def rows(self, rows: Iterable[LifecycleRow]) -> None:
        """Takes them all."""
        self.taken += rows
        if self.kills:
            raise Killed


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    outbox = Outbox(OutboxSettings(data_dir=tmp_path, outbox_url=""))
    await outbox.open()
    yield outbox
    await outbox.close()


async def with_all_news(outbox: Outbox) -> None:
    """A suppressed effect, a refused handover, a paused flow and a minute's requests."""
    await outbox.record(due(an_effect()))
    await outbox.record(a_mark())
    await outbox.record(a_handover())
    await outbox.record(a_handover(body="another"))
    for place in range(3):
        bug = Bug(flow=FLOW, fingerprint="f", error="KeyError at x.py:y", place=f"payments/0/{place}")
        await outbox.note_bug(bug)
    count = QuotaCount(instance_id=SITE, minute=MINUTE, worker="w", calls=9, parked=1, limit=200)
    await outbox.note_quota([count])


class TestSend:
    async def test_every_kind_of_news_becomes_a_row_in_order_and_once(self, outbox: Outbox) -> None:
        await with_all_news(outbox)
        log = Log()
        sender = OutcomeSender(outbox, log, Meters())

        assert [await sender.send(), await sender.send()] == [4, 0]

        assert [row.what for row in log.taken] == [
            "effect_suppressed",
            "handover_refused",
            "flow_paused",
            "quota",
        ]

    async def test_a_kill_before_the_mark_sends_the_same_rows_again(self, outbox: Outbox) -> None:
        """With the same ids and contents, so that the ledger has them once."""
        await with_all_news(outbox)
        log = Log()
        log.kills = True
        with pytest.raises(Killed):
            await OutcomeSender(outbox, log, Meters()).send()

        log.kills = False
        await OutcomeSender(outbox, log, Meters()).send()

        assert log.taken[:4] == log.taken[4:]
        assert await outbox.unsent() == []
