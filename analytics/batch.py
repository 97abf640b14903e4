"""Records of `order-lifecycle` become Arrow tables: rows, their sources, and what was no row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from pydantic import TypeAdapter

from analytics.lifecycle import Facts, LifecycleRow, UnreadableRow
from analytics.uncollected import uncollected

_FACTS: TypeAdapter[Any] = TypeAdapter(Facts)
_TIME = pa.timestamp("us")
_AWARE = pa.timestamp("us", "UTC")
_HIGHEST_INTEGER = 2**31 - 1
_HIGHEST_BIGINT = 2**63 - 1

_ROWS = pa.schema(
    [
        ("row_id", pa.string()),
        ("mapping_version", pa.int32()),
        ("kind", pa.string()),
        ("what", pa.string()),
        ("instance_id", pa.string()),
        ("entity_id", pa.string()),
        ("order_id", pa.string()),
        ("event_id", pa.string()),
        ("event_type", pa.string()),
        ("sequence", pa.int64()),
        ("is_from_event", pa.bool_()),
        ("happened_at", _TIME),
        ("received_at", _TIME),
        ("known_at", _TIME),
        ("facts", pa.string()),
        ("source_topic", pa.string()),
        ("source_partition", pa.int32()),
        ("source_offset", pa.int64()),
        ("lifecycle_topic_id", pa.string()),
        ("lifecycle_partition", pa.int32()),
        ("lifecycle_offset", pa.int64()),
    ]
)
_SOURCES = pa.schema(
    [
        ("row_id", pa.string()),
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("is_dead", pa.bool_()),
        ("lifecycle_topic_id", pa.string()),
        ("lifecycle_partition", pa.int32()),
        ("lifecycle_offset", pa.int64()),
    ]
)
_KNOWN_AT = _ROWS.get_field_index("known_at")
_ERRORS = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("known_at", _TIME),
        ("error", pa.string()),
        ("value", pa.binary()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecord:
    """One record of `order-lifecycle`; `known_at` is the broker's timestamp, `value` a row's bytes."""

    offset: int
    known_at: datetime
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records as Arrow tables, ready to be merged; each row id once, at the earliest time it was known.

    `sources` has every appearance of a row; the first of each stands beside the row as well.
    """

    rows: pa.Table
    sources: pa.Table
    errors: pa.Table


def read_batch(records: Sequence[LedgerRecord], *, topic: str, partition: int, topic_id: str) -> Batch:
    """Decode records; one that is no row becomes an error and stops nothing."""
    with uncollected():
        return _decoded(records, topic=topic, partition=partition, topic_id=topic_id)


def _decoded(records: Sequence[LedgerRecord], *, topic: str, partition: int, topic_id: str) -> Batch:
    rows: dict[UUID, list[Any]] = {}
    sources: list[tuple[Any, ...]] = []
    errors: list[tuple[Any, ...]] = []
    for record in records:
        try:
            row = LifecycleRow.from_bytes(record.value)
            _check_sizes(row)
        except (UnreadableRow, OverflowError) as error:
            errors.append(_error(record, topic, partition, error))
            continue
        first = rows.get(row.row_id)
        came_from, lies_at = _place(row), (topic_id, partition, record.offset)
        if first is None:
            rows[row.row_id] = [*_columns(row, record.known_at), *came_from, *lies_at]
        else:
            first[_KNOWN_AT] = min(first[_KNOWN_AT], record.known_at)
        sources.append((str(row.row_id), *came_from, row.kind == "dead_letter", *lies_at))
    return Batch(
        rows=_table(list(rows.values()), _ROWS),
        sources=_table(sources, _SOURCES),
        errors=_table(errors, _ERRORS),
    )


def utc(moment: datetime | None) -> datetime | None:
    """The moment as the ledger stores it: UTC, without a zone."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Rows as columns; a row at a time took Arrow twice as long."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table(
        [_array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _array(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    # Arrow turns aware times into UTC by itself, a whole column at once.
    return pa.array(column, _AWARE).cast(_TIME) if kind == _TIME else pa.array(column, kind)


def _columns(row: LifecycleRow, known_at: datetime) -> list[Any]:
    facts = row.facts
    return [
        str(row.row_id),
        row.mapping_version,
        facts.kind,
        row.what,
        row.instance_id,
        row.entity_id,
        row.order_id,
        row.event_id,
        row.event_type,
        row.sequence,
        row.source is not None and facts.kind != "dead_letter",
        row.happened_at,
        row.received_at,
        known_at,
        _FACTS.dump_json(facts, exclude_none=True).decode(),
    ]


def _check_sizes(row: LifecycleRow) -> None:
    """One number too large for its column would hold up every row behind it."""
    _check_size("sequence", row.sequence, _HIGHEST_BIGINT)
    _check_size("mapping_version", row.mapping_version, _HIGHEST_INTEGER)
    _check_size("step", getattr(row.facts, "step", None), _HIGHEST_INTEGER)
    if row.source is not None:
        _check_size("partition", row.source.partition, _HIGHEST_INTEGER)
        _check_size("offset", row.source.offset, _HIGHEST_BIGINT)


def _check_size(name: str, number: int | None, highest: int) -> None:
    if number is not None and abs(number) > highest:
        raise OverflowError(f"{name} {number} is larger than any the ledger can hold")


def _place(row: LifecycleRow) -> tuple[Any, ...]:
    """Where its event lies, if it has one."""
    source = row.source
    return (source.topic, source.partition, source.offset) if source else (None, None, None)


def _error(record: LedgerRecord, topic: str, partition: int, error: Exception) -> tuple[Any, ...]:
    return (topic, partition, record.offset, record.known_at, str(error)[:2000], record.value)
