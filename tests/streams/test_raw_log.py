"""Batches as Kafka keeps them become the records that were asked for, whatever else lies in the batch."""

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from streams.raw_log import records_between

# Earlier builds packed rows with the first.
GZIP, ZSTD = DefaultRecordBatch.CODEC_GZIP, DefaultRecordBatch.CODEC_ZSTD


def a_batch(*values: bytes, first: int = 0, packed_with: int = ZSTD) -> bytearray:
    """Records at offsets from `first` on, as a producer packs them and the broker numbers them."""
    builder = DefaultRecordBatchBuilder(2, packed_with, False, -1, -1, -1, 1 << 20)
    for offset, value in enumerate(values):
        builder.append(offset, 1_767_225_600_000, b"site-1", value, [])
    packed: bytearray = builder.build()
    packed[:8] = first.to_bytes(8, "big")
    return packed


def told(begin: int, upto: int, *packed: bytearray) -> list[tuple[int, bytes]]:
    batches = [DefaultRecordBatch(bytes(one)) for one in packed]
    return [(record.offset, record.value) for record in records_between(batches, begin, upto)]


class TestRecordsBetween:
    def test_all_of_batches_that_lie_within(self) -> None:
        assert told(5, 9, a_batch(b"a", b"b", first=5), a_batch(b"c", b"d", first=7)) == [
            (5, b"a"),
            (6, b"b"),
            (7, b"c"),
            (8, b"d"),
        ]

    def test_of_batches_that_earlier_builds_packed_otherwise(self) -> None:
        values = [f"row {number} of many that resemble one another".encode() for number in range(9)]
        old = a_batch(*values, packed_with=GZIP)

        assert [value for _, value in told(0, 9, old)] == values

    def test_of_a_batch_that_reaches_further_what_was_asked_for(self) -> None:
        """Kafka answers with whole batches."""
        batch = a_batch(b"a", b"b", b"c", b"d", first=5)

        assert told(6, 8, batch) == [(6, b"b"), (7, b"c")]
        assert told(6, 9, batch) == [(6, b"b"), (7, b"c"), (8, b"d")]
        assert told(5, 8, batch) == [(5, b"a"), (6, b"b"), (7, b"c")]

    def test_a_batch_that_was_damaged_on_its_way_is_refused(self) -> None:
        batch = a_batch(b"a", b"b", first=5)
        batch[-1] ^= 1

        with pytest.raises(CorruptRecordException, match="offset 5"):
            told(5, 7, batch)
