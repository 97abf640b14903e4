"""A record that can't be read or decided becomes a dead letter: kept whole, with what went wrong. No I/O."""

import hashlib
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from analytics.lifecycle import Source
from ingest.record import Headers, Unreadable, iso

FINGERPRINT_LENGTH = 12
# What we put behind a record's own headers, in this order.
OUR_HEADERS = ("source", "reason", "error", "fingerprint", "failed-record-at")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """A record as it came from the log; `at` is its timestamp, the topic in `source` has no prefix."""

    source: Source
    key: bytes | None
    value: bytes | None
    headers: Headers
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """The record and why it is here. `error` holds no payload: it may be shown and logged.

    `fingerprint` is the same for all records that failed in the same way at the same place.
    """

    record: RawRecord
    reason: str
    error: str
    fingerprint: str

    @property
    def source(self) -> Source:
        """Where the record lies."""
        return self.record.source

    @property
    def at(self) -> datetime:
        """When the record was received."""
        return self.record.at

    @property
    def place(self) -> str:
        """The source as `topic/partition/offset`."""
        return f"{self.source.topic}/{self.source.partition}/{self.source.offset}"

    @property
    def instance_id(self) -> str:
        """The site, as far as the key can be read; else empty."""
        return _readable(self.record.key)

    @property
    def event_type(self) -> str:
        """The event type, as far as the header can be read; else empty."""
        return _readable(dict(self.record.headers).get("event-type"))

    @property
    def headers(self) -> Headers:
        """The record's own headers, then what went wrong."""
        texts = (self.place, self.reason, self.error, self.fingerprint, iso(self.at))
        ours = zip(OUR_HEADERS, texts, strict=True)
        return [*self.record.headers, *((name, text.encode()) for name, text in ours)]


def unreadable(record: RawRecord, error: Unreadable) -> DeadLetter:
    """A record that can't be decoded or lacks what it must have."""
    return DeadLetter(
        record=record,
        reason=error.reason,
        error=error.detail,
        fingerprint=_fingerprint("unreadable", record.source.topic, error.reason),
    )


def unexpected(record: RawRecord, error: Exception) -> DeadLetter:
    """A record on which our own code failed.

    Says the error's kind and place, never its message: that might quote the record.
    """
    kind, place = type(error).__name__, _place_of(error)
    return DeadLetter(
        record=record,
        reason="unexpected",
        error=f"{kind} at {place}",
        fingerprint=_fingerprint("unexpected", kind, place),
    )


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown"
    last = frames[-1]
    return f"{Path(last.filename).parent.name}/{Path(last.filename).name}:{last.name}"


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def _readable(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace").replace("\0", "\ufffd")
