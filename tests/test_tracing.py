"""One trace leads from a webhook to the calls at Wix, as a real collector receives it; off, there is none."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import anyio
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingest import tracing as telemetry
from ingest.app import Door, create_app
from ingest.keys import FixedKeys
from ingest.metrics import DoorMetrics
from ingest.publisher import MemoryPublisher
from ingest.record import EventRecord
from streams.agents import FlowDesk
from streams.effect import State
from streams.hands import at_work
from streams.meters import Meters
from streams.outbox import Outbox
from streams.settings import FlowSettings, OutboxSettings, WorkerSettings
from tests.ingest.tokens import event_type_of, new_key, payload, webhook
from tests.planted import Broker, _raw
from tests.source_tree import ROOT
from tests.streams.wix_site import NOW as TODAY
from tests.streams.wix_site import PLAN_ORDER, SITE, TRANSACTION, SandboxSite, iso, sandbox_site

PAID = "payment_transaction_status_changed__plan"


class Collector:
    """What a collector was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Span] = []
        self.services: set[str] = set()

    def take(self, body: bytes) -> None:
        """Keep the spans of one export."""
        for one in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                fact.value.string_value for fact in one.resource.attributes if fact.key == "service.name"
            }
            self.spans += [span for scope in one.scope_spans for span in scope.spans]

    def named(self, start: str) -> list[Span]:
        """The spans whose names begin so."""
        return [span for span in self.spans if span.name.startswith(start)]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on a real port that understands OTLP over HTTP."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_request(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        kept.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()


def paid() -> dict[str, object]:
    """The payment of the sandbox's plan order, just now."""
    event = payload(PAID)
    event["eventTime"] = iso(TODAY)
    entity = event["transactionStatusChangedEvent"]
    entity["order"]["wixAppOrderId"] = PLAN_ORDER
    entity["transaction"]["id"] = TRANSACTION
    return event


async def taken(key: rsa.RSAPrivateKey) -> list[EventRecord]:
    """What the door writes on the log for one webhook."""
    log = MemoryPublisher()
    door = Door(keys=FixedKeys((key.public_key(),)), publisher=log, metrics=DoorMetrics())
    transport = httpx.ASGITransport(create_app(door))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
        token = webhook(paid(), key, event_type=event_type_of(PAID), instanceId=SITE)
        assert (await http.post("/webhooks/wix", content=token)).text == "ok"
    return log.records


async def carried_out(records: Sequence[EventRecord], site: SandboxSite, folder: Path) -> None:
    """What a worker makes of them, until nothing is due."""
    outbox, stop = Outbox(OutboxSettings(data_dir=folder)), asyncio.Event()
    flows = FlowSettings(_env_file=None)
    await outbox.open()
    try:
        desk = FlowDesk(outbox, Broker(), Meters())
        await desk.handle([_raw(record, offset) for offset, record in enumerate(records)])
        worker = WorkerSettings(_env_file=None)
        async with at_work(outbox, stop, wix=site.settings(), flows=flows, worker=worker):
            with anyio.fail_after(60):
                while not (await outbox.counts()).get(State.DONE):  # noqa: ASYNC110 - the outbox tells nobody
                    await anyio.sleep(0.05)
            stop.set()
    finally:
        await outbox.close()


class TestOn:
    async def test_one_trace_leads_from_the_webhook_to_the_message_at_wix(
        self, collector: Collector, tmp_path: Path
    ) -> None:
        door = telemetry.TraceSettings(_env_file=None, otel_exporter_otlp_endpoint=collector.url)
        flows = telemetry.TraceSettings(_env_file=None, otel_exporter_otlp_endpoint=collector.url)
        with sandbox_site(tmp_path / "wix") as site:
            with telemetry.tracing("ingest", door):
                records = await taken(new_key())
            with telemetry.tracing("worker", flows):
                await carried_out(records, site, tmp_path)
            assert site.messages

        (first,) = collector.named("POST /webhooks/wix")
        way = ["publish payments", "decide payments", "effect payment_notice", "POST inbox"]
        assert [name for name in way if first.trace_id not in traces(collector, name)] == []
        assert below(collector, "POST inbox", "effect payment_notice", "decide payments", "publish payments")
        assert collector.services == {"orderline-ingest", "orderline-worker"}
        # Ids, codes and routes: nobody's name or address.
        told = str(collector.spans)
        assert TRANSACTION in told
        assert "dana" not in told.lower()

    async def test_a_refused_webhook_says_why_without_what_was_sent(self, collector: Collector) -> None:
        settings = telemetry.TraceSettings(_env_file=None, otel_exporter_otlp_endpoint=collector.url)
        door = Door(keys=FixedKeys(()), publisher=MemoryPublisher(), metrics=DoorMetrics())
        transport = httpx.ASGITransport(create_app(door))

        with telemetry.tracing("ingest", settings):
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
                await http.post("/webhooks/wix", content=b"dana@example.com")

        (span,) = collector.spans
        assert span.status.message == "Malformed"
        assert list(span.events) == []
        assert "dana" not in str(span)


class TestOff:
    async def test_nothing_is_written_beside_the_event(self) -> None:
        (record,) = await taken(new_key())

        assert record.traceparent is None
        assert "traceparent" not in dict(record.headers)

    def test_nothing_of_it_is_even_loaded(self) -> None:
        asked = (
            "import sys; from ingest.tracing import *\n"
            "with tracing('worker', TraceSettings(_env_file=None)), traced('x') as tell: tell(a=1); here()\n"
            "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
        )

        assert subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False).returncode == 0

    async def test_a_collector_that_is_away_holds_nothing_up(self, tmp_path: Path) -> None:
        nowhere = telemetry.TraceSettings(_env_file=None, otel_exporter_otlp_endpoint="http://127.0.0.1:1")

        with telemetry.tracing("worker", nowhere), telemetry.traced("work") as tell:
            tell(status=200)

        assert telemetry.here() is None


def traces(collector: Collector, name: str) -> set[bytes]:
    """Which traces have spans of that name."""
    return {span.trace_id for span in collector.named(name)}


def below(collector: Collector, *names: str) -> bool:
    """Whether each span is the child of one of the next name."""
    for name, above in pairwise(names):
        parents = {span.span_id for span in collector.named(above)}
        if not all(span.parent_span_id in parents for span in collector.named(name)):
            return False
    return True
