"""The report service beside the writer: in a thread of its own, on the ledger that is in place."""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from datetime import timedelta
from typing import Any

import uvicorn

from analytics.ledger import Ledger
from analytics.reports import SWITCH_WITHIN, Reports
from analytics.service import create_ledger_app
from ingest.impatience import impatient
from streams.internal import bound
from streams.meters import LedgerMeters
from streams.running import Refusal
from streams.settings import LedgerProcessSettings

log = logging.getLogger(__name__)

SERVICE_STOP_SECONDS = 5.0
# A report may take twenty seconds; who changes the ledger waits a little longer than that.
CLOSED_SECONDS = 25.0


# Told of each request: path, status (`none` where it was cut off), seconds.
Observe = Callable[[str, str, float], None]


class ReportDesk:
    """The report service's address stays the same when the ledger behind it changes."""

    def __init__(
        self,
        ledger: Ledger,
        token: str | None,
        observe: Observe | None = None,
        *,
        switch_within: timedelta = SWITCH_WITHIN,
    ) -> None:
        self._token = token
        self._switch_within = switch_within
        self._observe = observe
        self._app = create_ledger_app(ledger, token=token, switch_within=switch_within)
        self._open = threading.Event()
        self._open.set()
        self._under_way = 0
        self._quiet = threading.Condition()

    def show(self, ledger: Ledger) -> None:
        """Answer from another ledger from now on."""
        self._app = create_ledger_app(ledger, token=self._token, switch_within=self._switch_within)

    @contextlib.asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """No report is under way inside the block; whoever asks meanwhile is answered after it."""
        self._open.clear()
        try:
            await asyncio.to_thread(self._await_quiet)
            self._app.state.let_go()
            yield
        finally:
            self._open.set()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """ASGI, on the service's own event loop."""
        while not self._admits():
            await asyncio.to_thread(self._open.wait, CLOSED_SECONDS)
        began, status = time.perf_counter(), "none"

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = str(message.get("status", status))
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if self._observe is not None and scope["type"] == "http":
                self._observe(str(scope["path"]), status, time.perf_counter() - began)
            with self._quiet:
                self._under_way -= 1
                self._quiet.notify_all()

    def _admits(self) -> bool:
        with self._quiet:
            is_open = self._open.is_set()
            self._under_way += is_open
            return is_open

    def _await_quiet(self) -> None:
        with self._quiet:
            if not self._quiet.wait_for(lambda: self._under_way == 0, CLOSED_SECONDS):
                log.warning("%d reports are still under way and will be cut off", self._under_way)


@contextlib.contextmanager
def report_service(
    ledger: Ledger, settings: LedgerProcessSettings, meters: LedgerMeters | None = None
) -> Iterator[ReportDesk]:
    """The report service in a thread of its own, so that a long report never delays the log."""
    observe = None if meters is None else _observer(ledger, meters)
    token = settings.reports_token.get_secret_value() or None
    desk = ReportDesk(ledger, token, observe, switch_within=settings.switch_within)
    listening = bound(settings.reports_host, settings.reports_port, setting="REPORTS_PORT")
    config = uvicorn.Config(
        desk, http=impatient(), ws="none", log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="reports", daemon=True)
    thread.start()
    log.info("reports at http://%s:%d", *_address(listening))
    try:
        yield desk
    finally:
        server.should_exit = True
        thread.join(SERVICE_STOP_SECONDS)
        listening.close()


def _observer(ledger: Ledger, meters: LedgerMeters) -> Observe:
    """Counts by the name of the report; paths that are none, which anybody can make up, are `other`."""
    known = {question.name for question in Reports(ledger).catalogue()} | {"version", "reports", "healthz"}

    def observe(path: str, status: str, seconds: float) -> None:
        name = path.removeprefix("/reports/").strip("/")
        meters.report_seconds.labels(name if name in known else "other", status).observe(seconds)

    return observe


def _address(listening: socket.socket) -> tuple[str, int]:
    host, port = listening.getsockname()[:2]
    return str(host), int(port)


def refuse_open_door(settings: LedgerProcessSettings) -> None:
    """Reports are for who may see them.

    Raises:
        Refusal: other machines could ask, and no token is set.
    """
    if settings.reports_token.get_secret_value() or _is_loopback(settings.reports_host):
        return
    raise Refusal(
        f"REPORTS_HOST is {settings.reports_host}, so anybody who reaches this machine "
        "could read the reports. Set REPORTS_TOKEN (the dashboard needs the same), "
        "or leave REPORTS_HOST at 127.0.0.1."
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
