"""EventRecord: one event on the log. To and from the key, headers and value of a Kafka record. No I/O."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Headers = list[tuple[str, bytes]]


class Unreadable(Exception):
    """A record that can't be decoded. `reason` is a short code: dead letter, counter and log use it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """A verified event as it lies on the log, less the personal paths.

    `topic` is the topic's name without its prefix. `value` is the innermost JSON object,
    ASCII, with number lexemes as Wix wrote them. Times are aware, UTC. `identity` (who
    triggered the event) and `account` are what Wix sent beside it, or None. `traceparent` is where
    the request's trace goes on (W3C), or None.
    """

    topic: str
    instance_id: str
    event_id: str
    event_type: str
    event_time: datetime
    received_at: datetime
    value: bytes
    app_id: str | None = None
    identity: Mapping[str, Any] | None = None
    account: Mapping[str, Any] | None = None
    traceparent: str | None = None

    @property
    def key(self) -> bytes:
        """The record's key: one site is one partition."""
        return self.instance_id.encode()

    @property
    def body(self) -> dict[str, Any]:
        """The innermost JSON, parsed; fractions become Decimal so that money stays exact."""
        parsed: dict[str, Any] = json.loads(self.value, parse_float=Decimal)
        return parsed

    @property
    def headers(self) -> Headers:
        """Headers in UTF-8; absent ones are left out."""
        named = {
            "app-id": self.app_id,
            "event-id": self.event_id,
            "event-type": self.event_type,
            "event-time": iso(self.event_time),
            "received-at": iso(self.received_at),
            "identity": _compact(self.identity),
            "account": _compact(self.account),
            "traceparent": self.traceparent,
        }
        return [(name, text.encode()) for name, text in named.items() if text is not None]

    @classmethod
    def from_kafka(
        cls, topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]
    ) -> "EventRecord":
        """Decode a consumed record; `topic` is the name without prefix.

        Raises:
            Unreadable: no key, a missing or bad header, or a value that is no JSON object.
        """
        texts = _decoded(headers)
        return cls(
            topic=topic,
            instance_id=_text("key", key),
            event_id=_required(texts, "event-id"),
            event_type=_required(texts, "event-type"),
            event_time=_time(texts, "event-time"),
            received_at=_time(texts, "received-at"),
            value=_json_object(value),
            app_id=texts.get("app-id"),
            identity=_optional_object(texts, "identity"),
            account=_optional_object(texts, "account"),
            traceparent=texts.get("traceparent"),
        )


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds, ending in Z: the one spelling of time on the log."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(text: object) -> datetime | None:
    """A time as Wix writes it (3, 6 or 9 digits of fraction, Z or offset) in UTC; None if it is none.

    Nanoseconds are cut to microseconds. A time without a zone is taken as UTC.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1 has no earlier zone
        return None


def _compact(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"))


def _decoded(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    return {name: _text(name, value) for name, value in headers}


def _text(name: str, value: bytes | None) -> str:
    if not value:
        raise Unreadable("missing_header", f"{name} is empty")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("bad_header", f"{name} is not UTF-8") from error


def _required(texts: Mapping[str, str], name: str) -> str:
    if name not in texts:
        raise Unreadable("missing_header", f"{name} is absent")
    return texts[name]


def _time(texts: Mapping[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_required(texts, name))
    except ValueError as error:
        raise Unreadable("bad_header", f"{name} is no ISO 8601 time") from error
    if moment.tzinfo is None:
        raise Unreadable("bad_header", f"{name} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Unreadable("bad_header", f"{name} is outside the years 1 to 9999") from error


def _optional_object(texts: Mapping[str, str], name: str) -> Mapping[str, Any] | None:
    if name not in texts:
        return None
    try:
        parsed = json.loads(texts[name])
    except ValueError as error:
        raise Unreadable("bad_header", f"{name} is no JSON") from error
    return parsed if isinstance(parsed, dict) else None


def _json_object(value: bytes | None) -> bytes:
    try:
        parsed = json.loads(value or b"")
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_json", "the value is no JSON") from error
    if not isinstance(parsed, dict):
        raise Unreadable("not_an_object", "the value is JSON, but no object")
    return value or b""
