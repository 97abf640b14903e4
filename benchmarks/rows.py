"""How fast rows come through a real Kafka into the ledger, how soon they are seen, and how fast a rebuild is.

    python -m benchmarks.rows [--rows 100000] [--rebuild 1000000] [--rate 1000] [--seconds 20]

An embedded Kafka and `python -m streams ledger` are processes of their own. First the owner reads what
waits on the topic; then rows leave at a steady rate, and each is timed until the report `pipeline` has it,
and until a version has it; then `python -m streams replay rebuild` makes the ledger anew from everything,
beside DuckDB's own `read_ndjson` of the same bytes. What a command takes merely to start is not counted.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaProducer

from analytics.lifecycle import LifecycleRow
from analytics.wire import row_header
from benchmarks._lives import lives_of, written_lives
from benchmarks._made_up import made_up_rows
from benchmarks.ledger import plain_seconds
from ingest.admin import ensure_topics
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from sandbox.broker import EmbeddedBroker, free_port
from streams.rows import COMPRESSION

AGENT_FLOOR, REBUILD_FLOOR, SEEN_BUDGET_SECONDS = 4000, 100_000, 1.0
ROWS_READ, CPU_USED = "orderline_ledger_rows_total", "process_cpu_seconds_total"
PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.05

Seen = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where everything is."""

    kafka: KafkaSettings
    folder: Path
    reports_port: int
    internal_port: int
    snapshot_seconds: float

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.kafka_bootstrap_servers,
            "TOPIC_PREFIX": self.kafka.topic_prefix,
            "DATA_DIR": str(self.folder / "data"),
            "REPORTS_PORT": str(self.reports_port),
            "LEDGER_INTERNAL_PORT": str(self.internal_port),
            "SNAPSHOT_SECONDS": str(self.snapshot_seconds),
        }


def main() -> None:
    given = _asked()
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        with EmbeddedBroker(folder / "kafka") as broker:
            kafka = KafkaSettings(
                _env_file=None, kafka_bootstrap_servers=broker.bootstrap, topic_prefix="bench."
            )
            bench = Bench(
                kafka=kafka,
                folder=folder,
                reports_port=free_port(),
                internal_port=free_port(),
                snapshot_seconds=given.snapshot,
            )
            report = measured(bench, given)
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["held"] else 1)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="rows that wait for the ledger's owner")
    parser.add_argument("--rebuild", type=int, default=1_000_000, help="rows to rebuild, those included")
    parser.add_argument("--rate", type=float, default=1000, help="rows a second, afterwards")
    parser.add_argument("--seconds", type=float, default=20, help="for how long")
    parser.add_argument("--snapshot", type=float, default=30, help="SNAPSHOT_SECONDS of the owner")
    return parser.parse_args()


def measured(bench: Bench, given: argparse.Namespace) -> dict[str, Any]:
    """One stage after the other, and whether all of them held."""
    ensure_topics(bench.kafka)
    load = round(os.getloadavg()[0], 2)
    plain: list[float] = []
    values = _values(max(given.rows, given.rebuild), bench.folder, plain)
    waiting = asyncio.run(_published(bench.kafka, islice(values, given.rows)))
    with _owner(bench):
        agent = _through_agent(bench, waiting)
        live = asyncio.run(_live(bench, given.rate, given.seconds))
    told = waiting + live["sent"] + asyncio.run(_published(bench.kafka, values))
    rebuilt = _rebuilt(bench, told, sum(plain))
    figures = {"load_before": load, "agent": agent, "live": live, "rebuild": rebuilt}
    return {**figures, "held": _is_held(figures)}


def _is_held(figures: dict[str, Any]) -> bool:
    is_fast = all(figures[stage]["of_floor"] >= 1 for stage in ("agent", "rebuild"))
    return is_fast and figures["live"]["pipeline_p95_of_budget"] < 1


def _values(rows: int, folder: Path, plain: list[float]) -> Iterator[bytes]:
    """A year's rows as they lie on the topic; `plain` hears what `read_ndjson` takes for each file."""
    lives = folder / "lives"
    lives.mkdir()
    for path, _ in written_lives(rows, lives):
        plain.append(plain_seconds(path))
        for told in lives_of(path):
            yield from (one.value for one in told)
        path.unlink()


async def _published(kafka: KafkaSettings, values: Iterator[bytes]) -> int:
    """Onto the topic of rows; how many."""
    topic, number = ORDER_LIFECYCLE.full_name(kafka.topic_prefix), 0
    async with _producer(kafka, linger_ms=50) as producer:
        for number, value in enumerate(values, start=1):  # noqa: B007 - it is the answer
            await producer.send(topic, value=value, headers=[row_header()])
        await producer.flush()
    return number


def _producer(kafka: KafkaSettings, *, linger_ms: int) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        **kafka.aiokafka_options(),
        acks="all",
        compression_type=COMPRESSION,
        linger_ms=linger_ms,
        max_batch_size=1 << 18,
    )


@contextmanager
def _owner(bench: Bench) -> Iterator[None]:
    """`python -m streams ledger`; its log is shown if anything goes wrong."""
    log = bench.folder / "ledger.log"
    with log.open("wb") as told:
        command = [sys.executable, "-m", "streams", "ledger"]
        process = subprocess.Popen(command, env=bench.environment, stdout=told, stderr=told)
    try:
        yield
    except BaseException:
        print(log.read_text()[-4000:], file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(60)


def _through_agent(bench: Bench, waiting: int) -> dict[str, float]:
    """Rows a second from when the first were in the ledger; the owner's start is not counted."""
    first = begun = first_cpu = 0.0
    with httpx.Client() as http:
        for now in _looks():
            count, cpu = _counted(bench, http)
            if count and not begun:
                first, begun, first_cpu = count, now, cpu
            if count >= waiting:
                break
    rate = (waiting - first) / max(now - begun, LOOK_SECONDS)
    return {
        "rows": waiting,
        "rows_per_second": round(rate),
        "cpu_microseconds_per_row": round((cpu - first_cpu) / max(waiting - first, 1) * 1e6, 1),
        "of_floor": round(rate / AGENT_FLOOR, 2),
    }


def _looks() -> Iterator[float]:
    """The time, again and again, for as long as patience lasts."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := time.monotonic()) < deadline:
        yield now
        time.sleep(LOOK_SECONDS)
    raise TimeoutError("the ledger never had all rows")


def _counted(bench: Bench, http: httpx.Client) -> tuple[float, float]:
    """How many rows the owner has read, and the seconds of processors it took."""
    try:
        text = http.get(f"http://127.0.0.1:{bench.internal_port}/metrics").text
    except httpx.TransportError:
        return 0.0, 0.0
    told = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return float(told.get(ROWS_READ, 0)), float(told.get(CPU_USED, 0))


async def _live(bench: Bench, rate: float, seconds: float) -> dict[str, Any]:
    """Send at the rate, and look all the time at how far the report and the versions have come."""
    sent: list[float] = []
    last: list[float] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bench.reports_port}", timeout=60) as http:
        looks = asyncio.gather(
            _looked(http, "/reports/pipeline", _newest_event, last),
            _looked(http, "/version", _newest_known, last),
        )
        await _send(bench.kafka, rate, seconds, sent)
        last.append(sent[-1])
        reported, versions = await asyncio.wait_for(looks, PATIENCE_SECONDS)
    seen, published = _waits(sent, reported), _waits(sent, versions)
    return {
        "rate": rate,
        "sent": len(sent),
        "pipeline_p50_seconds": round(statistics.median(seen), 2),
        "pipeline_p95_seconds": round(statistics.quantiles(seen, n=20)[18], 2),
        "pipeline_p95_of_budget": round(statistics.quantiles(seen, n=20)[18] / SEEN_BUDGET_SECONDS, 2),
        "snapshot_seconds": bench.snapshot_seconds,
        "version_p50_seconds": round(statistics.median(published), 2),
        "version_max_seconds": round(max(published), 2),
    }


async def _send(kafka: KafkaSettings, rate: float, seconds: float, sent: list[float]) -> None:
    """Events of this moment, at their times; `sent` hears when each happened."""
    topic, number = ORDER_LIFECYCLE.full_name(kafka.topic_prefix), int(rate * seconds)
    templates = [row for row in made_up_rows(2 * number) if row.source][:number]
    async with _producer(kafka, linger_ms=2) as producer:
        begun = time.monotonic()
        for place, template in enumerate(templates):
            await asyncio.sleep(max(0.0, begun + place / rate - time.monotonic()))
            now = _this_millisecond()
            sent.append(now.timestamp())
            await producer.send(topic, value=_of_now(template, now).to_bytes(), headers=[row_header()])


def _this_millisecond() -> datetime:
    """As exact as Kafka's timestamps are."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _of_now(row: LifecycleRow, now: datetime) -> LifecycleRow:
    return replace(
        row,
        row_id=uuid4(),
        event_id=str(uuid4()),
        entity_id=f"live-{row.entity_id}",
        order_id=row.order_id and f"live-{row.order_id}",
        happened_at=now,
    )


async def _looked(http: httpx.AsyncClient, path: str, newest: Any, last: Sequence[float]) -> list[Seen]:
    """When each answer came, and how far it reached; ends with one that reaches the last row."""
    seen: list[Seen] = []
    while not (last and seen and seen[-1][1] >= last[0]):
        answer = await http.get(path, headers={"Accept": "application/json"})
        if answer.status_code == httpx.codes.OK and (reached := newest(answer.json())):
            seen.append((time.time(), datetime.fromisoformat(reached).timestamp()))
        await asyncio.sleep(LOOK_SECONDS)
    return seen


def _newest_event(answer: dict[str, Any]) -> str | None:
    newest: str | None = answer["rows"][0]["newest_event_at"]
    return newest


def _newest_known(answer: dict[str, Any]) -> str | None:
    known: str | None = answer["known_through"]
    return known


def _waits(sent: Sequence[float], seen: Sequence[Seen]) -> list[float]:
    """For each row, how long until the first answer that reached it."""
    waits, answers = [], iter(seen)
    at, reached = next(answers)
    for moment in sent:
        while reached < moment:
            at, reached = next(answers)
        waits.append(at - moment)
    return waits


def _rebuilt(bench: Bench, rows: int, plain: float) -> dict[str, float]:
    replay = [sys.executable, "-m", "streams", "replay", "rebuild"]
    start, start_cpu = _timed([*replay, "--help"], bench)
    took, took_cpu = _timed(replay, bench)
    rate = rows / max(took - start, 1e-3)
    return {
        "rows": rows,
        "seconds": round(took, 1),
        "start_seconds": round(start, 1),
        "rows_per_second": round(rate),
        "cpu_microseconds_per_row": round((took_cpu - start_cpu) / rows * 1e6, 1),
        "of_floor": round(rate / REBUILD_FLOOR, 2),
        "of_read_ndjson": round(plain / max(took - start, 1e-3), 2),
    }


def _timed(command: Sequence[str], bench: Bench) -> tuple[float, float]:
    """Seconds that passed, and seconds of processors that it took: other programs change only the first."""
    began, before = time.monotonic(), _cpu_of_children()
    subprocess.run(command, env=bench.environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began, _cpu_of_children() - before


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
