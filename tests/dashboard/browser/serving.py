"""The dashboard's process, and a report service that can be away, empty or full."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 90


class Switch:
    """Passes requests on to `app`; while that is None, everything is answered with 503."""

    def __init__(self, app: ASGIApp | None = None) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        away = PlainTextResponse("away", status_code=503)
        await (self.app or away)(scope, receive, send)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The app on a port of its own; it listens before it is started, so that nobody waits."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


@contextmanager
def dashboard(reports_url: str, folder: Path, *, home: Path = ROOT, port: int | None = None) -> Iterator[str]:
    """The dashboard as `python -m dashboard` serves it, reading reports from there.

    `home` is where it finds `.streamlit/secrets.toml`, if it is to have any.
    """
    port = port or free_port()
    environment = {
        **os.environ,
        "REPORTS_URL": reports_url,
        "DASHBOARD_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    with (folder / f"dashboard-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard"], cwd=home, env=environment, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _until_healthy(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _until_healthy(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the dashboard ended"
        try:
            if httpx.get(f"{url}/_stcore/health").status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the dashboard did not start")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
