"""Records as a load takes them: those on the log, with or without what our own writer says of a row."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from analytics.ledger import Ledger, LedgerRecord, spooled
from analytics.lifecycle import LifecycleRow
from analytics.wire import row_header
from tests.analytics.history import LIFECYCLE, TOPIC_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A record as the Kafka client gives it."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def spool_of(records: Sequence[LedgerRecord], ours: Sequence[bytes] = ()) -> pa.Table:
    """A spool; values among `ours` came from our own writer."""
    return spooled(
        [
            Told(
                offset=record.offset,
                timestamp=round(record.known_at.timestamp() * 1000),
                value=record.value,
                headers=[row_header()] if record.value in ours else [],
            )
            for record in records
        ]
    )


def records_of(rows: Sequence[LifecycleRow]) -> list[LedgerRecord]:
    """Rows known as they happened, one after the other on the log."""
    return [
        LedgerRecord(offset=offset, known_at=row.happened_at, value=row.to_bytes())
        for offset, row in enumerate(rows)
    ]


def load(ledger: Ledger, *spools: pa.Table, topic_id: str = TOPIC_ID) -> int:
    """Load one spool after the other, as a rebuild does; how many records were new."""
    loaded = sum(ledger.load(spool, topic=LIFECYCLE, partition=0, topic_id=topic_id) for spool in spools)
    ledger.make_tables()
    return loaded
