"""Reports become plain JSON: times in ISO 8601, `bucket_start` with its zone's offset, money as strings."""

import math
from datetime import UTC, datetime
from typing import Any

from analytics.contract import Column
from analytics.reports import Report


def as_json(report: Report) -> dict[str, Any]:
    """The report as the public contract spells it."""
    return {
        "report": report.name,
        "version": report.version,
        "as_of": instant(report.as_of),
        "columns": [{"name": c.name, "type": public_type(c), "unit": c.unit} for c in report.columns],
        "rows": [{name: _plain(value) for name, value in row.items()} for row in report.table.to_pylist()],
    }


def public_type(column: Column) -> str:
    """The type as callers know it: a bucket's start is a time like any other, only its offset differs."""
    return "time" if column.type == "local_time" else column.type


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, ending in Z; None stays None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value) if value.tzinfo is None or _is_utc(value) else value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _is_utc(moment: datetime) -> bool:
    return str(moment.tzinfo) == "UTC"
