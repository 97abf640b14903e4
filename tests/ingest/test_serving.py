"""The door as a process: it starts without a broker, and leaves when it is told to."""

import asyncio
import base64
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ingest.admin import end_offsets, ensure_topics
from tests.conftest import TestKafka
from tests.ingest.process import Serving, environment, serving
from tests.ingest.tokens import public_pem, webhook

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def lonely(key: rsa.RSAPrivateKey) -> Iterator[Serving]:
    """A door whose broker is not there."""
    with serving({"KAFKA_BOOTSTRAP_SERVERS": NOWHERE, "WIX_PUBLIC_KEYS": public_pem(key)}) as door:
        yield door


@pytest.fixture
def joined(kafka: TestKafka, key: rsa.RSAPrivateKey) -> Iterator[Serving]:
    """A door with its broker."""
    ensure_topics(kafka)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.kafka_bootstrap_servers,
        "TOPIC_PREFIX": kafka.topic_prefix,
        "WIX_PUBLIC_KEYS": public_pem(key),
    }
    with serving(settings) as door:
        yield door


class TestWithoutABroker:
    async def test_it_starts_and_answers_503(self, lonely: Serving, key: rsa.RSAPrivateKey) -> None:
        async with httpx.AsyncClient() as http:
            alive = await http.get(f"{lonely.internal}/healthz")
            ready = await http.get(f"{lonely.internal}/readyz")
            answer = await http.post(f"{lonely.webhooks}/webhooks/wix", content=webhook({}, key))

        assert (alive.status_code, ready.status_code) == (200, 503)
        assert ready.text == "broker_away"
        assert (answer.status_code, answer.text) == (503, "not_durable")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_leaves_with_code_0(self, lonely: Serving, number: signal.Signals) -> None:
        assert lonely.stop(number) == 0


class TestTrust:
    """Without a broker the answer tells: 401 is not believed, 503 is believed and can't be kept."""

    async def test_a_key_is_added_and_another_withdrawn_without_a_restart(
        self, tmp_path: Path, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
    ) -> None:
        file = tmp_path / "keys"
        old, new = (base64.b64encode(public_pem(each).encode()).decode() for each in (key, other_key))
        file.write_text(old)
        with serving({"KAFKA_BOOTSTRAP_SERVERS": NOWHERE, "WIX_PUBLIC_KEYS_FILE": str(file)}) as door:
            before = [await answered(door, webhook({}, each)) for each in (key, other_key)]

            file.write_text(f"{old},{new}")
            await until(door, webhook({}, other_key), 503)
            together = [await answered(door, webhook({}, each)) for each in (key, other_key)]

            file.write_text(new)
            await until(door, webhook({}, key), 401)
            after = [await answered(door, webhook({}, each)) for each in (key, other_key)]

        assert (before, together, after) == ([503, 401], [503, 503], [401, 503])

    @pytest.mark.parametrize(
        ("settings", "answer"),
        [({}, 401), ({"WIX_LEEWAY_SECONDS": "600"}, 503), ({"WIX_CHECK_EXPIRY": "false"}, 503)],
    )
    async def test_how_strictly_times_are_taken_is_a_setting(
        self, settings: dict[str, str], answer: int, key: rsa.RSAPrivateKey
    ) -> None:
        five_minutes_ago = webhook({}, key, claims={"exp": time.time() - 300})

        ours = {"KAFKA_BOOTSTRAP_SERVERS": NOWHERE, "WIX_PUBLIC_KEYS": public_pem(key)}
        with serving(ours | settings) as door:
            assert await answered(door, five_minutes_ago) == answer


async def answered(door: Serving, token: bytes) -> int:
    """The status of a webhook's answer."""
    async with httpx.AsyncClient() as http:
        return (await http.post(f"{door.webhooks}/webhooks/wix", content=token)).status_code


async def until(door: Serving, token: bytes, status: int) -> None:
    """Ask again and again until the answer is that."""
    with anyio.fail_after(30):
        while await answered(door, token) != status:  # noqa: ASYNC110 - the other end is a process
            await anyio.sleep(0.1)


@pytest.mark.kafka
class TestWithABroker:
    async def test_every_200_is_on_the_log(
        self, joined: Serving, kafka: TestKafka, key: rsa.RSAPrivateKey
    ) -> None:
        async with httpx.AsyncClient(base_url=joined.webhooks) as http:
            await ready(joined)
            posts = (http.post("/webhooks/wix", content=webhook({"id": str(n)}, key)) for n in range(50))
            answers = await asyncio.gather(*posts)

        assert {answer.status_code for answer in answers} == {200}
        assert sum(end_offsets(kafka, ["plan-orders"]).values()) == 50

    async def test_what_is_under_way_at_sigterm_is_finished(
        self, joined: Serving, kafka: TestKafka, key: rsa.RSAPrivateKey
    ) -> None:
        """A request whose body is still coming in is answered before the process ends."""
        await ready(joined)
        body = webhook({"id": "late"}, key)
        host, port = joined.webhooks.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /webhooks/wix HTTP/1.1\r\nHost: door\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body[:100])
        await writer.drain()
        async with httpx.AsyncClient(base_url=joined.webhooks) as http:
            await http.post("/webhooks/wix", content=b"x")  # so that the door has seen the first part

        joined.process.send_signal(signal.SIGTERM)
        writer.write(body[100:])
        status = await reader.readline()
        writer.close()

        assert status.startswith(b"HTTP/1.1 200")
        assert await asyncio.to_thread(joined.process.wait, 30) == 0
        assert sum(end_offsets(kafka, ["plan-orders"]).values()) == 1

    async def test_bad_input_over_a_real_socket(self, joined: Serving, key: rsa.RSAPrivateKey) -> None:
        await ready(joined)
        async with httpx.AsyncClient(base_url=joined.webhooks) as http:
            large = await http.post("/webhooks/wix", content=b"x" * (2 * 1024 * 1024))
            chunked = await http.post("/webhooks/wix", content=endless(32))
            next_one = await http.post("/webhooks/wix", content=webhook({"id": "e"}, key))

        assert [each.status_code for each in (large, chunked, next_one)] == [413, 413, 200]


class TestPorts:
    def test_a_port_in_use_is_named_with_its_setting(self, key: rsa.RSAPrivateKey) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            settings = {"INGEST_PORT": port, "WIX_PUBLIC_KEYS": public_pem(key)}

            code, said = ended(settings)

        assert code == 2
        assert f"Can't listen on 127.0.0.1:{port}" in said
        assert "INGEST_PORT" in said


async def endless(chunks: int) -> AsyncIterator[bytes]:
    for _ in range(chunks):
        yield b"x" * 65_536


async def ready(door: Serving) -> None:
    async with httpx.AsyncClient(base_url=door.internal) as http:
        with anyio.fail_after(60):
            while (await http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 – another process
                await asyncio.sleep(0.05)


def ended(settings: dict[str, str]) -> tuple[int, str]:
    """Run it to its own end."""
    command = [sys.executable, "-m", "ingest", "serve"]
    done = subprocess.run(
        command, env=environment(settings), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr
