"""Records of `order-lifecycle` as lines of a file that DuckDB reads in bulk, and back. No I/O but that file.

A line is `{"offset":7,"known_at":1767225600000,"row":{…}}`, the row exactly as it lay on the log and the time
in milliseconds. A record that can't be a row, since it is no JSON object on one line, is kept beside it in
base64: `{"offset":7,"known_at":1767225600000,"value":"…"}`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from analytics.batch import LedgerRecord

_OPENING, _CLOSING = b"{}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINE = re.compile(rb'\{"offset":(\d+),"known_at":(-?\d+),"(row|value)":(.*)\}\n?', re.DOTALL)


def spool_line(offset: int, known_at_ms: int, value: bytes | None) -> bytes:
    """One record as a line; `known_at_ms` is the broker's timestamp as it gives it."""
    kind, text = b"row", value or b""
    if text[:1] != b"{" or text[-1:] != b"}" or b"\n" in text or b"\r" in text:
        kind, text = b"value", b'"%b"' % b64encode(text)
    return b'{"offset":%d,"known_at":%d,"%b":%b}\n' % (offset, known_at_ms, kind, text)


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


def spool_lines(records: Iterable[OnTheLog]) -> list[bytes]:
    """Many records as lines, each as `spool_line` gives it, in half the time."""
    return [
        b'{"offset":%d,"known_at":%d,"row":%b}\n' % (record.offset, record.timestamp, text)
        if (text := record.value)
        and text[0] == _OPENING
        and text[-1] == _CLOSING
        and b"\n" not in text
        and b"\r" not in text
        else spool_line(record.offset, record.timestamp, text)
        for record in records
    ]


def spooled_records(path: Path) -> Iterator[LedgerRecord]:
    """The records of a spool file, as `append` takes them."""
    with path.open("rb") as lines:
        for line in lines:
            found = _LINE.fullmatch(line)
            if found is None:
                raise ValueError(f"{path} holds a line that is none of a spool: {line[:80]!r}")
            offset, known_at_ms, kind, text = found.groups()
            value = text if kind == b"row" else b64decode(text[1:-1])
            known_at = _EPOCH + timedelta(milliseconds=int(known_at_ms))
            yield LedgerRecord(offset=int(offset), known_at=known_at, value=value)
