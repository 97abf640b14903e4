"""Who trickles, idles or never reads is hung up on; the good request beside them is answered."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest import impatience, serving
from ingest.impatience import Patience, impatient
from tests.source_tree import ROOT

QUICK = Patience(head=0.4, rest=0.4, read=0.4, head_bytes=4096, connections=50)
LARGE = 64 * 1024 * 1024
GOOD = b"GET /good HTTP/1.1\r\nHost: here\r\n\r\n"
PATIENCE_SECONDS = 30.0


async def good(_: Request) -> Response:
    return PlainTextResponse("good")


async def large(_: Request) -> Response:
    return Response(bytes(LARGE))


async def body(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """A server with little patience, on a real port."""
    app = Starlette(
        routes=[Route("/good", good), Route("/large", large), Route("/body", body, methods=["POST"])]
    )
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=impatient(QUICK), lifespan="off", log_level="error")
    server = _Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def client(address: tuple[str, int]) -> Iterator[socket.socket]:
    with connected(address) as one:
        yield one


def connected(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=PATIENCE_SECONDS)


def is_hung_up_on(client: socket.socket) -> bool:
    """Whether the server ends the connection; what it had said before is read away."""
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def is_answered(client: socket.socket) -> bool:
    """Whether the good answer comes, in however many parts."""
    received = b""
    while not received.endswith(b"good"):
        if not (data := client.recv(65536)):
            return False
        received += data
    return True


def trickle(client: socket.socket, what: bytes) -> None:
    """Send it a byte at a time, for ever, until nobody takes it any more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < deadline:
            client.sendall(what)
            time.sleep(0.02)


def serves(address: tuple[str, int]) -> bool:
    """Whether a good request is answered now."""
    with connected(address) as client:
        client.sendall(GOOD)
        return is_answered(client)


class TestHead:
    def test_a_connection_that_says_nothing_is_hung_up_on(self, client: socket.socket) -> None:
        assert is_hung_up_on(client)

    def test_headers_that_trickle_are(self, client: socket.socket) -> None:
        client.sendall(b"GET /good HTTP/1.1\r\nX-Slow: ")
        trickle(client, b"a")

        assert is_hung_up_on(client)

    def test_so_are_empty_lines_without_end_between_two_requests(self, client: socket.socket) -> None:
        client.sendall(GOOD)
        assert is_answered(client)
        trickle(client, b"\r\n")

        assert is_hung_up_on(client)

    def test_headers_without_end_are_before_they_fill_the_memory(self, client: socket.socket) -> None:
        with contextlib.suppress(ConnectionError):
            client.sendall(b"GET /good HTTP/1.1\r\n" + b"X-More: more\r\n" * 1000)

        assert is_hung_up_on(client)


class TestBody:
    def test_the_rest_of_a_body_that_nobody_reads_is_not_waited_for(self, client: socket.socket) -> None:
        client.sendall(b"GET /good HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\n")
        assert is_answered(client)
        trickle(client, b"a")

        assert is_hung_up_on(client)

    def test_who_sends_it_all_keeps_the_connection(self, client: socket.socket) -> None:
        client.sendall(b"GET /good HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\n")
        assert is_answered(client)

        client.sendall(b"abc" + GOOD)

        assert is_answered(client)

    def test_a_body_that_is_wanted_may_take_longer_than_the_headers(self, client: socket.socket) -> None:
        """How long it may take is for who wants it to say."""
        client.sendall(b"POST /body HTTP/1.1\r\nHost: here\r\nContent-Length: 40\r\n\r\n")
        for _ in range(40):
            client.sendall(b"a")
            time.sleep(QUICK.head / 20)

        received = b""
        while not received.endswith(b"\r\n\r\n40"):
            received += (data := client.recv(65536))
            assert data


class TestAnswer:
    def test_who_does_not_read_it_is_hung_up_on(self, address: tuple[str, int]) -> None:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(PATIENCE_SECONDS)
            client.connect(address)
            client.sendall(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n")
            time.sleep(QUICK.read * 3)

            received = 0
            with contextlib.suppress(ConnectionResetError):
                while data := client.recv(1024 * 1024):
                    received += len(data)

        assert received < LARGE


class TestMany:
    def test_a_good_request_is_answered_beside_more_idle_ones_than_there_is_room_for(
        self, address: tuple[str, int]
    ) -> None:
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(connected(address)) for _ in range(QUICK.connections * 3)]
            for one in idle:
                with contextlib.suppress(ConnectionError):
                    one.sendall(b"GET /good HTTP/1.1\r\nX-Slow: ")

            assert serves(address)
            assert all(is_hung_up_on(one) for one in idle)


class TestRooms:
    def test_every_server_of_the_product_is(self) -> None:
        """Each server's configuration is made in one place of its room."""
        assert issubclass(listener(serving), impatience._Impatient)
        for name in ("internal", "report_desk"):
            assert "http=impatient()" in (ROOT / "streams" / f"{name}.py").read_text()


def listener(module: Any) -> type:
    kind: type = module._listener(Starlette()).config.http
    return kind
