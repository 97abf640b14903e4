"""A ledger, a log and a sandbox Wix in this process: what upkeep asks and writes to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from analytics.ledger import Ledger
from analytics.lifecycle import LifecycleRow, Source
from analytics.service import create_ledger_app
from ingest.admin import beginning_offsets, end_offsets, topic_ids
from ingest.record import EventRecord
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS, ORDER_LIFECYCLE
from streams.fulfill import Fulfiller
from streams.ledger_owner import LedgerOwner
from streams.ledger_swap import ledger_record
from streams.lifecycle import from_event
from streams.outbox import Outbox
from streams.reconcile import Reconciler
from streams.row_reader import read_log
from streams.rows import RowPublisher
from streams.settings import OutboxSettings, ReportsSettings
from streams.wix.patient import PatientClient
from tests.empty_ledger import open_ledger
from tests.streams.wix_site import SandboxSite

TOPICS = [topic.name for topic in EVENT_TOPICS]


class Town:
    """`absorb` does what worker and ledger do with the log: events become rows, rows are appended."""

    def __init__(self, kafka: KafkaSettings, wix: SandboxSite, folder: Path) -> None:
        self.kafka, self.wix, self.folder = kafka, wix, folder
        self.ledger: Ledger = open_ledger(folder / "ledger.duckdb")
        self._http = httpx.ASGITransport(create_ledger_app(self.ledger, token=None))
        self._log_id = topic_ids(kafka)[ORDER_LIFECYCLE.name]
        self._worked: dict[tuple[str, int], int] = {}

    @property
    def owner(self) -> LedgerOwner:
        """The ledger as other processes ask it."""
        return LedgerOwner(ReportsSettings(_env_file=None), transport=self._http)

    @asynccontextmanager
    async def reconciler(self, *, fulfill: Fulfiller | None = None) -> AsyncIterator[Reconciler]:
        """All that a comparison needs."""
        async with (
            self.owner as owner,
            PatientClient(self.wix.settings()) as wix,
            RowPublisher(self.kafka) as publisher,
        ):
            folder = self.folder / "reconcile"
            yield Reconciler(wix=wix, owner=owner, publisher=publisher, folder=folder, fulfill=fulfill)

    @asynccontextmanager
    async def outbox(self) -> AsyncIterator[Outbox]:
        """The outbox of its workers, open."""
        outbox = Outbox(OutboxSettings(_env_file=None, data_dir=self.folder))
        await outbox.open()
        try:
            yield outbox
        finally:
            await outbox.close()

    async def publish(self, *rows: LifecycleRow) -> None:
        """Rows onto the log."""
        async with RowPublisher(self.kafka) as publisher:
            await publisher.rows(rows)

    async def absorb(self) -> None:
        """What is new on the log is in the ledger when this returns."""
        made: list[LifecycleRow] = []
        begins = beginning_offsets(self.kafka, TOPICS) | self._worked
        ends = end_offsets(self.kafka, TOPICS)
        async for (topic, partition), records in read_log(self.kafka, begins, ends):
            for one in records:
                event = EventRecord.from_kafka(topic, one.key, one.value, one.headers)
                made += from_event(event, Source(topic=topic, partition=partition, offset=one.offset))
        self._worked = ends
        await self.publish(*made)
        name = ORDER_LIFECYCLE.name
        begin = {(name, 0): self.ledger.next_offset(name, 0, self._log_id)}
        append = partial(self.ledger.append, topic=name, partition=0, topic_id=self._log_id)
        async for _, records in read_log(self.kafka, begin, end_offsets(self.kafka, [name])):
            append([ledger_record(one.offset, one.timestamp / 1000, one.value) for one in records])
        self.ledger.publish()

    async def rows(self) -> list[LifecycleRow]:
        """All rows on the log."""
        name = ORDER_LIFECYCLE.name
        batches = [batch async for _, batch in read_log(self.kafka, {}, end_offsets(self.kafka, [name]))]
        return [LifecycleRow.from_bytes(one.value or b"") for batch in batches for one in batch]

    async def report(self, name: str, **params: str) -> list[dict[str, Any]]:
        """The rows of a report."""
        async with httpx.AsyncClient(transport=self._http, base_url="http://ledger") as http:
            answer = await http.get(f"/reports/{name}", params=params, headers={"accept": "application/json"})
            return list(answer.raise_for_status().json()["rows"])
