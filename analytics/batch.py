"""Records of `order-lifecycle` become Arrow tables: rows, their sources, and what was no row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter

from analytics.lifecycle import Facts, LifecycleRow, UnreadableRow

_FACTS: TypeAdapter[Any] = TypeAdapter(Facts)
_TIME = pa.timestamp("us")
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
        ("state", pa.string()),
        ("status", pa.string()),
        ("payment_status", pa.string()),
        ("fulfillment_status", pa.string()),
        ("contact_id", pa.string()),
        ("member_id", pa.string()),
        ("currency", pa.string()),
        ("created_at", _TIME),
        ("flow", pa.string()),
        ("outcome", pa.string()),
        ("step", pa.int32()),
        ("facts", pa.string()),
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
    """Records as Arrow tables, ready to be merged; each row id once, at the earliest time it was known."""

    rows: pa.Table
    sources: pa.Table
    errors: pa.Table


def read_batch(records: Sequence[LedgerRecord], *, topic: str, partition: int, topic_id: str) -> Batch:
    """Decode records; one that is no row becomes an error and stops nothing."""
    rows: dict[str, dict[str, Any]] = {}
    sources: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for record in records:
        try:
            row = LifecycleRow.from_bytes(record.value)
            columns = _columns(row, record.known_at)
        except (UnreadableRow, OverflowError) as error:
            errors.append(_error(record, topic, partition, error))
            continue
        first = rows.setdefault(columns["row_id"], columns)
        first["known_at"] = min(first["known_at"], columns["known_at"])
        sources.append(_source(row, record.offset, partition, topic_id))
    return Batch(
        rows=pa.Table.from_pylist(list(rows.values()), schema=_ROWS),
        sources=pa.Table.from_pylist(sources, schema=_SOURCES),
        errors=pa.Table.from_pylist(errors, schema=_ERRORS),
    )


def utc(moment: datetime | None) -> datetime | None:
    """The moment as the ledger stores it: UTC, without a zone."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _columns(row: LifecycleRow, known_at: datetime) -> dict[str, Any]:
    facts = row.facts
    _check_size("sequence", row.sequence, _HIGHEST_BIGINT)
    _check_size("mapping_version", row.mapping_version, _HIGHEST_INTEGER)
    _check_size("step", getattr(facts, "step", None), _HIGHEST_INTEGER)
    if row.source is not None:
        _check_size("partition", row.source.partition, _HIGHEST_INTEGER)
        _check_size("offset", row.source.offset, _HIGHEST_BIGINT)
    # What is the same word in several kinds of facts is one column, empty where a kind lacks it.
    named = ("state", "status", "payment_status", "fulfillment_status", "contact_id", "member_id", "currency")
    return {
        "row_id": str(row.row_id),
        "mapping_version": row.mapping_version,
        "kind": row.kind,
        "what": row.what,
        "instance_id": row.instance_id,
        "entity_id": row.entity_id,
        "order_id": row.order_id,
        "event_id": row.event_id,
        "event_type": row.event_type,
        "sequence": row.sequence,
        "is_from_event": row.source is not None and row.kind != "dead_letter",
        "happened_at": utc(row.happened_at),
        "received_at": utc(row.received_at),
        "known_at": utc(known_at),
        **{name: getattr(facts, name, None) for name in named},
        "created_at": utc(getattr(facts, "created_at", None)),
        "flow": getattr(facts, "flow", None),
        "outcome": getattr(facts, "outcome", None),
        "step": getattr(facts, "step", None),
        "facts": _FACTS.dump_json(facts, exclude_none=True).decode(),
    }


def _check_size(name: str, number: int | None, highest: int) -> None:
    """One number too large for its column would hold up every row behind it."""
    if number is not None and abs(number) > highest:
        raise OverflowError(f"{name} {number} is larger than any the ledger can hold")


def _source(row: LifecycleRow, offset: int, partition: int, topic_id: str) -> dict[str, Any]:
    source = row.source
    return {
        "row_id": str(row.row_id),
        "topic": source.topic if source else None,
        "partition": source.partition if source else None,
        "offset": source.offset if source else None,
        "is_dead": row.kind == "dead_letter",
        "lifecycle_topic_id": topic_id,
        "lifecycle_partition": partition,
        "lifecycle_offset": offset,
    }


def _error(record: LedgerRecord, topic: str, partition: int, error: Exception) -> dict[str, Any]:
    return {
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "known_at": utc(record.known_at),
        "error": str(error)[:2000],
        "value": record.value,
    }
