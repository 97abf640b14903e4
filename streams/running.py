"""How the two processes live: wait for the log, run a Faust app until told to stop, leave cleanly."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from aiokafka.errors import KafkaConnectionError, KafkaError

from ingest.admin import BrokerAway, TopicsMissing, topic_ids
from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS

log = logging.getLogger(__name__)

T = TypeVar("T")

ASK_SECONDS = 1.0
SAY_SECONDS = 15.0
# How long a person's command waits for Kafka before it says that it is away; processes wait for ever.
COMMAND_SECONDS = 30.0
# Faust waits for what is being handled and commits; without a broker that would take for ever.
# What is not committed is read again.
STOP_SECONDS = 20.0
# The exit code of a process that its supervisor is to start again.
START_AGAIN = 70


class Refusal(Exception):
    """The process can't start; the message says why and what to do. No traceback is wanted."""


class LogLost(Exception):
    """Kafka went away at a moment at which Faust can't wait for it: the process has to be started again."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"Kafka went away while this process was starting ({error}). Nothing is lost. It ends with exit "
            f"code {START_AGAIN}, by which its supervisor starts it again; it then waits for Kafka."
        )


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    return stop


async def until_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """The work's result, or None if the process was told to stop first."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def ask_log(question: Callable[[], T], *, wait_seconds: float | None = None) -> T:
    """The answer to a question to the broker, asked again until it answers, or for so long.

    Raises:
        TopicsMissing: it answers, but our topics are not there.
        BrokerAway: it did not answer within `wait_seconds`.
    """
    silent_since, said = asyncio.get_running_loop().time(), 0.0
    while True:
        try:
            return await asyncio.to_thread(question)
        except TopicsMissing:
            raise
        except BrokerAway as error:
            now = asyncio.get_running_loop().time()
            if wait_seconds is not None and now - silent_since >= wait_seconds:
                raise
            if not said or now - said > SAY_SECONDS:
                log.warning("waiting for Kafka since %.0f s: %s", now - silent_since, error)
                said = now
            await asyncio.sleep(ASK_SECONDS)


async def patiently(kafka: KafkaSettings, work: Callable[[], Awaitable[T]]) -> T:
    """The result of work that may be done again: as often as Kafka goes away, wait for it and do it anew."""
    while True:
        try:
            return await watched(kafka, work())
        except TopicsMissing:
            raise
        except (BrokerAway, LogLost, KafkaError) as away:
            # Of what a broker answers, that passes which it has not settled yet, or no longer could.
            if isinstance(away, KafkaError) and not away.retriable:
                raise
            log.warning("Kafka went away (%s): waiting for it. Nothing is lost.", type(away).__name__)
        await ask_log(lambda: topic_ids(kafka))


async def watched(kafka: KafkaSettings, work: Awaitable[T]) -> T:
    """The result of work; where it takes long, a person is told if Kafka is why: its client says nothing."""
    working = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({working}, timeout=SAY_SECONDS))[0]:
            try:
                await asyncio.to_thread(topic_ids, kafka)
            except BrokerAway as error:
                log.warning("waiting for Kafka: %s", error)
        return working.result()
    finally:
        working.cancel()


async def topics_present(kafka: KafkaSettings, *, wait_seconds: float | None = None) -> None:
    """Wait for the broker, for ever or for so long, then make sure that it has our topics.

    Raises:
        Refusal: it has not.
        BrokerAway: it did not answer within `wait_seconds`.
    """
    present = await ask_log(lambda: topic_ids(kafka), wait_seconds=wait_seconds)
    missing = [topic.full_name(kafka.topic_prefix) for topic in ALL_TOPICS if topic.name not in present]
    if missing:
        raise Refusal(str(TopicsMissing(kafka.kafka_bootstrap_servers, missing)))


async def run_app(app: Any, stop: asyncio.Event) -> None:
    """Run a Faust app until `stop` is set.

    Raises:
        LogLost: Kafka went away before all of it had started.
        Exception: what crashed it.
    """
    starting = asyncio.ensure_future(app.start())
    # Faust has no public way to wait for a crash.
    crashed = asyncio.ensure_future(app._crashed.wait())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        done, _ = await asyncio.wait({starting, crashed, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if done == {starting}:
            _check_start(starting)
            await asyncio.wait({crashed, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _stop(app)
        for task in (starting, crashed, stopping):
            task.cancel()
        await asyncio.gather(starting, crashed, stopping, return_exceptions=True)
    if app.crash_reason is not None:
        raise app.crash_reason


def _check_start(starting: "asyncio.Future[None]") -> None:
    try:
        starting.result()
    except KafkaConnectionError as error:
        raise LogLost(error) from error


def has_partitions(app: Any) -> bool:
    """Whether the app reads: it has partitions, and they are not being dealt out just now."""
    try:
        return bool(app.started and not app.rebalancing and app.consumer.assignment())
    except Exception:  # noqa: BLE001 - Faust raises while its consumer's thread starts or stops
        return False


async def _stop(app: Any) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await app.stop()
    except TimeoutError:
        log.warning(
            "the log did not answer within %.0f s while stopping; what was under way is read again",
            STOP_SECONDS,
        )
