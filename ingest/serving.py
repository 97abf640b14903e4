"""The door's process: both ports open, SIGTERM finishes what is under way and flushes."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

from ingest.app import Door, Keys, create_app
from ingest.handover import Warehouse
from ingest.impatience import impatient
from ingest.internal import create_internal_app
from ingest.metrics import DoorMetrics
from ingest.publisher import Publisher
from ingest.settings import IngestSettings, KafkaSettings

BACKLOG = 2048
# Longer than the slowest answer (the publisher's second), shorter than a supervisor's patience.
FINISH_SECONDS = 5
# Longer than proxies keep an idle connection (60 s), or one may send on a connection we just closed.
KEEP_ALIVE_SECONDS = 75

_log = logging.getLogger(__name__)


class PortTaken(Exception):
    """Something else listens there; the message names the setting to change."""

    def __init__(self, host: str, port: int, setting: str, reason: str) -> None:
        super().__init__(f"Can't listen on {host}:{port} ({reason}). Choose another port with {setting}.")


class Listener(uvicorn.Server):
    """A uvicorn server that leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: two servers run in this process, and both must end on one SIGTERM."""
        yield


async def serve(
    settings: IngestSettings, kafka: KafkaSettings, keys: Keys, warehouses: tuple[Warehouse, ...]
) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        PortTaken: one of the two ports is in use.
    """
    metrics = DoorMetrics()
    with (
        _open(settings.ingest_host, settings.ingest_port, "INGEST_PORT") as public,
        _open(settings.ingest_internal_host, settings.ingest_internal_port, "INGEST_INTERNAL_PORT") as inner,
    ):
        async with Publisher(kafka) as publisher:
            door = Door(
                keys=keys,
                publisher=publisher,
                metrics=metrics,
                check_expiry=settings.wix_check_expiry,
                leeway_seconds=settings.wix_leeway_seconds,
                app_id=settings.wix_app_id or None,
                warehouses=warehouses,
            )
            outer = _listener(create_app(door))
            internal = create_internal_app(publisher, metrics, lambda: outer.should_exit)
            await _until_told((outer, public), (_listener(internal), inner))
    _log.info("stopped; everything that was answered 200 is on the log")


async def _until_told(
    public: tuple[Listener, socket.socket], internal: tuple[Listener, socket.socket]
) -> None:
    """Run both; the internal one outlives the public one, so that a stop can be watched."""
    servers = (public[0], internal[0])
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, *servers)
    internal_task = asyncio.create_task(internal[0].serve([internal[1]]), name="internal")
    _log.info("webhooks at http://%s:%d/webhooks/wix", *public[1].getsockname()[:2])
    _log.info("health and metrics at http://%s:%d", *internal[1].getsockname()[:2])
    try:
        await public[0].serve([public[1]])
    finally:
        internal[0].should_exit = True
        await internal_task


def _stop(public: Listener, internal: Listener) -> None:
    """The first signal finishes requests, the second one does not wait for them."""
    if public.should_exit:
        public.force_exit = internal.force_exit = True
    public.should_exit = True


def _listener(app: Starlette) -> Listener:
    return Listener(
        uvicorn.Config(
            app,
            http=impatient(),
            ws="none",
            lifespan="off",
            access_log=False,
            proxy_headers=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=FINISH_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
    )


def _open(host: str, port: int, setting: str) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise PortTaken(host, port, setting, error.strerror or str(error)) from error
