"""The sandbox Wix on real ports: bound first, so that a taken port is said at once."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from sandbox.webhooks import Signer
from sandbox.wix_api.app import create_app
from sandbox.wix_api.clock import Clock
from sandbox.wix_api.courier import Courier
from sandbox.wix_api.events import Event
from sandbox.wix_api.internal import create_internal_app
from sandbox.wix_api.metrics import Metrics
from sandbox.wix_api.settings import WixApiSettings
from sandbox.wix_api.world import Tell, World


class PortTaken(Exception):
    """Somebody listens there already."""

    def __init__(self, host: str, port: int, setting: str) -> None:
        super().__init__(f"{host}:{port} is taken; set {setting} to a free port (0 takes any)")


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it: two servers share one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxWix:
    """Both servers on their sockets, not yet serving."""

    world: World
    public: socket.socket
    internal: socket.socket
    servers: tuple[_Server, _Server]

    @property
    def url(self) -> str:
        """Where Wix's API is: what `WIX_API_URL` should say."""
        return _url(self.public)

    @property
    def internal_url(self) -> str:
        """Where health and metrics are."""
        return _url(self.internal)

    async def serve(self) -> None:
        """Serve until stopped."""
        api, internal = self.servers
        with self.public, self.internal:
            await asyncio.gather(api.serve([self.public]), internal.serve([self.internal]))

    def stop(self) -> None:
        """Finish what is being answered, then return from `serve`."""
        for server in self.servers:
            server.should_exit = True


def build(settings: WixApiSettings, *, tell: Tell | None = None, clock: Clock | None = None) -> SandboxWix:
    """Bind both ports and put everything together.

    `tell` gets every event in place of the courier, `clock` is in place of the machine's.

    Raises:
        PortTaken: with the setting to change.
    """
    courier, metrics = _courier(settings), Metrics()
    world = World(settings, tell=tell or courier.send, clock=clock)
    public = _bound(settings.sandbox_host, settings.sandbox_port, "SANDBOX_PORT")
    try:
        internal = _bound(settings.sandbox_host, settings.sandbox_internal_port, "SANDBOX_INTERNAL_PORT")
    except PortTaken:
        public.close()
        raise
    apps = (create_app(world, courier, metrics), create_internal_app(courier, metrics))
    servers = (_server(apps[0]), _server(apps[1]))
    return SandboxWix(world=world, public=public, internal=internal, servers=servers)


@contextlib.contextmanager
def running(
    settings: WixApiSettings, *, tell: Tell | None = None, clock: Clock | None = None
) -> Iterator[SandboxWix]:
    """The sandbox Wix in a thread of this process, for tests."""
    wix = build(settings, tell=tell, clock=clock)
    thread = threading.Thread(target=lambda: asyncio.run(wix.serve()), name="sandbox-wix")
    thread.start()
    try:
        # The sockets listen already: a call made now waits until the servers have started.
        yield wix
    finally:
        wix.stop()
        thread.join()


def _courier(settings: WixApiSettings) -> Courier:
    signer = Signer(settings.data_dir)

    def sign(event: Event) -> bytes:
        return signer.sign(
            event.event_type, event.body, instance_id=event.instance_id, identity=event.identity
        )

    left_behind = settings.data_dir / "sandbox" / "undelivered.jsonl"
    return Courier(sign, settings.webhook_url, left_behind=left_behind)


def _server(app: ASGIApp) -> _Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return _Server(config)


def _bound(host: str, port: int, setting: str) -> socket.socket:
    try:
        bound = socket.create_server((host, port))
    except OSError as error:
        raise PortTaken(host, port, setting) from error
    # asyncio turns Nagle's algorithm off only on sockets that name TCP: else each answer takes 40 ms.
    return socket.socket(bound.family, bound.type, socket.IPPROTO_TCP, fileno=bound.detach())


def _url(at: socket.socket) -> str:
    host, port = at.getsockname()[:2]
    return f"http://{host}:{port}"
