"""A worker hands its partitions over when another one joins, whatever its agents have begun with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ingest.admin import ensure_topics
from ingest.settings import KafkaSettings
from ingest.topics import PAYMENTS
from streams.app import make_app
from streams.running import run_app
from tests.streams.on_the_log import payments_of, put_async

pytestmark = pytest.mark.kafka

# Far less than a rebalance may take (60 s), after which the broker would go on without the worker.
PATIENCE_SECONDS = 25.0
RECORDS = 40

Handle = Callable[[int], Awaitable[None]]


@asynccontextmanager
async def running(kafka: KafkaSettings, folder: Path, *handles: Handle) -> AsyncIterator[Any]:
    """An app whose agents all read one topic, each record by record."""
    app = make_app("group", kafka, folder)
    topic = app.topic(PAYMENTS.full_name(kafka.topic_prefix))
    for number, handle in enumerate(handles):
        _agent(app, topic, f"agent-{number}", handle)
    stop = asyncio.Event()
    task = asyncio.create_task(run_app(app, stop))
    try:
        yield app
    finally:
        stop.set()
        # One that waits for ever must not hold up the other tests.
        async with asyncio.timeout(PATIENCE_SECONDS):
            await task


def _agent(app: Any, topic: Any, name: str, handle: Handle) -> None:
    async def read(stream: Any) -> None:
        async for events in stream.take_events(1, within=0.02):
            await handle(len(events))

    app.agent(topic, name=name)(read)


async def seen(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not what():  # noqa: ASYNC110 - Faust tells nobody
            await asyncio.sleep(0.05)


async def test_a_record_dropped_before_the_second_agent_began_is_not_waited_for(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    ensure_topics(kafka)
    quick_has, slow_goes_on, slow_began = 0, asyncio.Event(), asyncio.Event()

    async def quick(number: int) -> None:
        nonlocal quick_has
        quick_has += number

    async def slow(_: int) -> None:
        slow_began.set()
        await slow_goes_on.wait()

    async with running(kafka, tmp_path, quick, slow) as first:
        await put_async(kafka, payments_of(RECORDS))
        await seen(lambda: quick_has == RECORDS and slow_began.is_set())
        async with running(kafka, tmp_path, quick, quick) as second:
            await seen(lambda: first.rebalancing)
            slow_goes_on.set()

            await seen(lambda: bool(second.started and second.consumer.assignment()))

            assert first.consumer.assignment() | second.consumer.assignment()
