"""One partition of the log as Kafka keeps it, in batches: to read millions of records quickly.

A consumer makes an object of every record, and its loop takes several times as long as unpacking them.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    LeaderNotAvailableError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from ingest.settings import KafkaSettings
from streams.row_reader import FETCH_BYTES, POLL_MS, Place, Silence

READ_UNCOMMITTED = 0

_NO_NODE = (None, -1)
# All else passes: a broker that is away, another leader.
_FINAL = (OffsetOutOfRangeError, TopicAuthorizationFailedError)

# Of aiokafka's record package, which has no types: a batch, and a record of one.
Batch = Any
Record = Any


async def read_raw(
    kafka: KafkaSettings, place: Place, begin: int, upto: int
) -> AsyncGenerator[Sequence[Batch], None]:
    """Batches in their order, from the one that holds `begin` to the one that reaches `upto`.

    The next ones are asked for while the caller is at these. While Kafka is away it waits.
    """
    partition = TopicPartition(kafka.topic_prefix + place[0], place[1])
    if begin >= upto:
        return
    async with _client(kafka, partition.topic) as client:
        silence = Silence()
        following = asyncio.ensure_future(_fetched(client, partition, begin))
        try:
            while begin < upto:
                batches = await following
                silence.heard(bool(batches))
                begin = batches[-1].next_offset if batches else begin
                following = asyncio.ensure_future(_fetched(client, partition, begin))
                if batches:
                    yield batches
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def records_between(batches: Sequence[Batch], begin: int, upto: int) -> Iterator[Record]:
    """The records of batches, with `offset`, `timestamp`, `value`, from `begin` up to, not including, `upto`.

    Raises:
        CorruptRecordException: a batch is not what its producer made.
    """
    for batch in batches:
        if not batch.validate_crc():
            raise CorruptRecordException(f"the batch at offset {batch.base_offset} has another checksum")
        if batch.is_control_batch:
            continue
        if batch.next_offset <= upto and batch.base_offset >= begin:
            yield from batch
        else:
            yield from (record for record in batch if begin <= record.offset < upto)


@asynccontextmanager
async def _client(kafka: KafkaSettings, topic: str) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**kafka.aiokafka_options())
    try:
        await client.bootstrap()
        await client.set_topics([topic])
        yield client
    finally:
        await client.close()


async def _fetched(client: AIOKafkaClient, partition: TopicPartition, offset: int) -> Sequence[Batch]:
    """What the partition's leader has from an offset on; nothing after a while if it can't be asked.

    Raises:
        KafkaError: asking again gives no other answer.
    """
    node = client.cluster.leader_for_partition(partition)
    wanted = [(partition.topic, [(partition.partition, offset, FETCH_BYTES)])]
    try:
        if node in _NO_NODE:
            raise LeaderNotAvailableError
        answer = await client.send(node, FetchRequest(POLL_MS, 1, FETCH_BYTES, READ_UNCOMMITTED, wanted))
        # Behind the error code stands what differs by version, and the batches at the end.
        ((_, ((_, code, *_, data),)),) = answer.topics
        if code:
            raise for_code(code)(f"{partition.topic}/{partition.partition}, offset {offset}")
    except _FINAL:
        raise
    except KafkaError:
        client.force_metadata_update()
        await asyncio.sleep(POLL_MS / 1000)
        return []
    return list(_unpacked(MemoryRecords(data)))


def _unpacked(found: MemoryRecords) -> Iterator[Batch]:
    while found.has_next():
        yield found.next_batch()
