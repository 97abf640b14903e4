"""Whether the door keeps up: signed webhooks at a fixed rate over loopback, answered when Kafka has them.

    python -m benchmarks.ingest [--rate 1000] [--seconds 30]

An open model: requests leave when they are due, however slow the answers are, and each is timed
from when it was due. The door and an embedded Kafka are processes of their own; this one only
sends. Wix sends again after 1.25 s, so no answer may take longer.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from sandbox.broker import EmbeddedBroker, free_port
from sandbox.webhooks import Signer

P99_BUDGET_SECONDS = 0.100
MAX_BUDGET_SECONDS = 1.250
# At half the rate, so that a JVM that has just started compiles before it is timed.
WARM_UP_SECONDS = 6
SITES = 100
TEMPLATE = Path(__file__).parents[1] / "tests" / "payloads" / "plan_order_updated__coupon.json"


class Connection(asyncio.Protocol):
    """One keep-alive connection that carries one request at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._due = 0.0
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes, due: float) -> None:
        assert self._transport
        self._due, self._answer = due, b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if end and len(body) >= _content_length(head):
            self._load.answered(self, int(head[9:12]), time.perf_counter() - self._due)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.lost(self)

    def close(self) -> None:
        if self._transport:
            self._transport.close()


@dataclass
class Load:
    """Requests at their times, over as many connections as the answers' slowness asks for."""

    host: str
    port: int
    free: deque[Connection] = field(default_factory=deque)
    connections: list[Connection] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    open: int = 0

    async def run(self, requests: Sequence[bytes], rate: float) -> None:
        """Send them all, then wait for the last answers."""
        begun = time.perf_counter()
        for number, request in enumerate(requests):
            due = begun + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            self.open += 1
            (self.free.pop() if self.free else await self._connect()).send(request, due)
        while self.open and time.perf_counter() - due < 10 * MAX_BUDGET_SECONDS:  # noqa: ASYNC110 – the end
            await asyncio.sleep(0.05)

    def answered(self, connection: Connection, status: int, seconds: float) -> None:
        self.open -= 1
        self.seconds.append(seconds)
        self.statuses[status] += 1
        self.free.append(connection)

    def lost(self, connection: Connection) -> None:
        """An idle one that the door closed; one that owed an answer shows as a request unanswered."""
        if connection in self.free:
            self.free.remove(connection)

    def forget(self) -> None:
        """Drop what the warm-up measured."""
        self.seconds.clear()
        self.statuses.clear()

    def close(self) -> None:
        for connection in self.connections:
            connection.close()

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(self), self.host, self.port)
        self.connections.append(connection)
        return connection


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=1000, help="webhooks a second")
    parser.add_argument("--seconds", type=float, default=30, help="how long")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer(Path(folder))
        print("signing …", file=sys.stderr)
        warm = signed(signer, int(given.rate / 2 * WARM_UP_SECONDS), "warm")
        requests = signed(signer, int(given.rate * given.seconds), "timed")
        with EmbeddedBroker(Path(folder)) as broker, door(broker, signer, Path(folder)) as port:
            load = Load("127.0.0.1", port)
            uvloop.run(measured(load, warm, requests, given.rate))
    report = judged(load, given.rate, len(requests))
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["held"] else 1)


async def measured(load: Load, warm: Sequence[bytes], requests: Sequence[bytes], rate: float) -> None:
    await load.run(warm, rate / 2)
    load.forget()
    await load.run(requests, rate)
    load.close()


def judged(load: Load, rate: float, sent: int) -> Mapping[str, object]:
    """The figures, and how much of each budget they use."""
    p50, p99 = statistics.quantiles(load.seconds, n=100)[49], statistics.quantiles(load.seconds, n=100)[98]
    worst = max(load.seconds)
    answered = load.statuses[200]
    return {
        "rate": rate,
        "sent": sent,
        "answers": dict(load.statuses),
        "connections": len(load.connections),
        "p50_ms": round(p50 * 1000, 1),
        "p99_ms": round(p99 * 1000, 1),
        "max_ms": round(worst * 1000, 1),
        "p99_of_budget": round(p99 / P99_BUDGET_SECONDS, 2),
        "max_of_budget": round(worst / MAX_BUDGET_SECONDS, 2),
        "held": answered == sent and p99 < P99_BUDGET_SECONDS and worst <= MAX_BUDGET_SECONDS,
    }


def signed(signer: Signer, count: int, kind: str) -> list[bytes]:
    """Whole HTTP requests, each with an event of its own."""
    body = json.loads(TEMPLATE.read_text())
    sites = [str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))) for number in range(SITES)]
    return [
        _request(
            signer.sign(
                "wix.pricing_plans.v2.order_updated",
                body | {"id": f"{kind}-{number}"},
                instance_id=sites[number % SITES],
            )
        )
        for number in range(count)
    ]


@contextmanager
def door(broker: EmbeddedBroker, signer: Signer, folder: Path) -> Iterator[int]:
    """`python -m ingest serve` on a port of its own."""
    port, internal = free_port(), free_port()
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
        "TOPIC_PREFIX": "bench.",
        "WIX_PUBLIC_KEYS_FILE": str(signer.public_path),
        "INGEST_PORT": str(port),
        "INGEST_INTERNAL_PORT": str(internal),
    }
    ingest = [sys.executable, "-m", "ingest"]
    subprocess.run([*ingest, "topics"], env=environment, check=True, stdout=subprocess.DEVNULL)
    with (folder / "ingest.log").open("wb") as log:
        process = subprocess.Popen([*ingest, "serve"], env=environment, stderr=log)
        try:
            _await_ready(f"http://127.0.0.1:{internal}/readyz")
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _await_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} never answered")


def _request(token: bytes) -> bytes:
    head = f"POST /webhooks/wix HTTP/1.1\r\nHost: door\r\nContent-Length: {len(token)}\r\n\r\n"
    return head.encode() + token


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    main()
