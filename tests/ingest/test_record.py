"""Event records survive the way through Kafka, and broken ones say what is broken."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.record import EventRecord, Unreadable, parse_time

RECORD = EventRecord(
    topic="payments",
    instance_id="3bbcabc7-ebb7-4fc8-8829-13ea0e142123",
    event_id="e1",
    event_type="com.wix.payment.api.pay.v3.PaymentEvent",
    event_time=datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC),
    received_at=datetime(2026, 3, 2, 10, 0, 1, tzinfo=UTC),
    value=b'{"amount":4.20}',
    app_id="app",
    identity={"identityType": "APP"},
)


def broken(name: str, value: bytes | None) -> list[tuple[str, bytes]]:
    """The record's headers with one of them replaced, or left out."""
    rest = [(key, text) for key, text in RECORD.headers if key != name]
    return rest if value is None else [*rest, (name, value)]


class TestFromKafka:
    def test_what_was_written_is_read_back(self) -> None:
        assert EventRecord.from_kafka("payments", RECORD.key, RECORD.value, RECORD.headers) == RECORD

    def test_money_stays_exact(self) -> None:
        assert RECORD.body["amount"] == Decimal("4.20")

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            (broken("event-id", None), "missing_header"),
            (broken("event-id", b""), "missing_header"),
            (broken("event-type", b"\xff"), "bad_header"),
            (broken("event-time", b"yesterday"), "bad_header"),
            (broken("event-time", b"2026-03-02T10:00:00"), "bad_header"),  # no zone
            (broken("event-time", b"0001-01-01T00:00:00+14:00"), "bad_header"),  # before the year 1 in UTC
            (broken("identity", b"{"), "bad_header"),
        ],
    )
    def test_a_broken_header_is_named(self, headers: list[tuple[str, bytes]], reason: str) -> None:
        with pytest.raises(Unreadable) as refused:
            EventRecord.from_kafka("payments", RECORD.key, RECORD.value, headers)

        assert refused.value.reason == reason

    @pytest.mark.parametrize(
        ("value", "reason"),
        [(b"", "not_json"), (b"{", "not_json"), (b"[" * 100_000, "not_json"), (b"[1]", "not_an_object")],
    )
    def test_a_value_that_is_no_object_is_refused(self, value: bytes, reason: str) -> None:
        with pytest.raises(Unreadable) as refused:
            EventRecord.from_kafka("payments", RECORD.key, value, RECORD.headers)

        assert refused.value.reason == reason

    def test_a_record_without_a_key_belongs_to_no_site(self) -> None:
        with pytest.raises(Unreadable):
            EventRecord.from_kafka("payments", None, RECORD.value, RECORD.headers)


class TestParseTime:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2024-02-07T13:22:47.641175778Z", datetime(2024, 2, 7, 13, 22, 47, 641175, tzinfo=UTC)),
            ("2019-06-11T14:43:09.907Z", datetime(2019, 6, 11, 14, 43, 9, 907000, tzinfo=UTC)),
            ("2019-06-11T14:43:09+02:00", datetime(2019, 6, 11, 12, 43, 9, tzinfo=UTC)),
            ("2019-06-11T14:43:09", datetime(2019, 6, 11, 14, 43, 9, tzinfo=UTC)),
        ],
    )
    def test_all_of_wixs_spellings_are_read(self, text: str, expected: datetime) -> None:
        assert parse_time(text) == expected

    @given(st.one_of(st.text(), st.none(), st.integers(), st.just("9999-12-31T23:59:59-14:00")))
    def test_anything_else_is_no_time_and_no_error(self, text: object) -> None:
        found = parse_time(text)

        assert found is None or found.tzinfo is UTC
