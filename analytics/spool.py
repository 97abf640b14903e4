"""Records of `order-lifecycle` gathered for a load, and back: an Arrow table, read where it lies. No I/O.

Columns: `offset`; `known_at`, the broker's timestamp in milliseconds; `value`, the bytes of a row as they lay
on the log; `is_ours`, whether they came with the header of a row that a build of the same shape has written.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pyarrow as pa

from analytics.batch import LedgerRecord
from analytics.wire import row_header

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OnTheLog(Protocol):
    """A record as the Kafka client gives it."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""
        ...

    @property
    def timestamp(self) -> int:
        """In milliseconds."""
        ...

    @property
    def value(self) -> bytes | None:
        """The bytes of a row."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """What its producer said of it."""
        ...


def spooled(records: Sequence[OnTheLog]) -> pa.Table:
    """Records in the order of their offsets, as `Ledger.load` takes them."""
    header = row_header()
    return pa.table(
        {
            "offset": pa.array([record.offset for record in records], pa.int64()),
            "known_at": pa.array([record.timestamp for record in records], pa.int64()),
            "value": pa.array([record.value for record in records], pa.large_binary()),
            "is_ours": pa.array([header in record.headers for record in records], pa.bool_()),
        }
    )


def spooled_records(spool: pa.Table) -> Iterator[LedgerRecord]:
    """The records of a spool, as `append` takes them."""
    for record in spool.select(["offset", "known_at", "value"]).to_pylist():
        known_at = _EPOCH + timedelta(milliseconds=record["known_at"])
        yield LedgerRecord(offset=record["offset"], known_at=known_at, value=record["value"] or b"")
