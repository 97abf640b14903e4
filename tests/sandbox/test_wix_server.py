"""The sandbox Wix as a process: ports, health, signals; and its webhooks on their way."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sandbox.wix_api.courier import Courier
from sandbox.wix_api.events import Event
from sandbox.wix_api.serve import command
from sandbox.wix_api.server import PortTaken, build, running
from sandbox.wix_api.settings import WixApiSettings
from tests.sandbox.wix_site import MEMBER, SITE, STORE_ORDER

EVENT = Event(event_type="wix.ecom.v1.order_updated", instance_id=SITE, body={"id": "1"})


def settings(folder: Path, **changed: Any) -> WixApiSettings:
    free = {"sandbox_port": 0, "sandbox_internal_port": 0, "webhook_url": "", "data_dir": folder}
    return WixApiSettings(_env_file=None, **{**free, **changed})


class Receiver:
    """Takes webhooks on a free port and answers the statuses it is given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.taken: asyncio.Queue[bytes] = asyncio.Queue()
        self.url = ""

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator["Receiver"]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/wix"
        async with server:
            yield self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = await reader.readexactly(length)
        status = self._statuses.pop(0) if self._statuses else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.taken.put_nowait(body)


def innermost(jwt: bytes) -> Any:
    claims = jwt.split(b".")[1]
    layer = json.loads(base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))["data"]
    return json.loads(layer)


@contextlib.asynccontextmanager
async def working(courier: Courier) -> AsyncIterator[None]:
    task = asyncio.create_task(courier.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_refused(url: str) -> None:
    """Return when a connection to the address has been refused, as the courier's was just before."""
    with contextlib.suppress(httpx.ConnectError):
        async with httpx.AsyncClient() as http:
            await http.get(url)


class TestCourier:
    async def test_an_event_is_delivered_until_it_is_answered_with_200(self) -> None:
        async with Receiver(503, 401).listening() as receiver:
            courier = Courier(lambda event: event.event_type.encode(), receiver.url)
            async with working(courier):
                courier.send(EVENT)
                tries = [await receiver.taken.get() for _ in range(3)]
                # Letters go one after the other: when the next arrives, this one is done with.
                courier.send(EVENT)
                await receiver.taken.get()
                delivered = courier.delivered

        assert tries == [EVENT.event_type.encode()] * 3
        assert delivered == 1

    async def test_one_that_fails_holds_up_no_other(self) -> None:
        async with Receiver(503).listening() as receiver:
            bodies = iter([b"first", b"second"])
            courier = Courier(lambda _: next(bodies), receiver.url)
            async with working(courier):
                courier.send(EVENT)
                courier.send(EVENT)
                arrived = [await receiver.taken.get() for _ in range(3)]

        assert arrived == [b"first", b"second", b"first"]

    async def test_nobody_there_is_tried_again(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        courier = Courier(lambda _: b"x", url)
        async with working(courier):
            courier.send(EVENT)
            await until_refused(url)
            async with Receiver().listening(port=httpx.URL(url).port or 0) as receiver:
                assert await receiver.taken.get() == b"x"

    def test_without_an_address_nothing_is_kept(self) -> None:
        courier = Courier(lambda _: b"x", "")

        courier.send(EVENT)

        assert courier.waiting == 0


class TestWebhooks:
    async def test_a_fulfillment_is_told_signed_and_in_three_layers(self, tmp_path: Path) -> None:
        async with Receiver(503).listening() as receiver:
            with running(settings(tmp_path, webhook_url=receiver.url)) as wix:
                await asyncio.to_thread(fulfill, wix.url)
                letters = [await receiver.taken.get() for _ in range(4)]

        events = [innermost(letter) for letter in letters]
        assert {event["eventType"] for event in events} == {
            "wix.ecom.v1.fulfillments_updated",
            "wix.ecom.v1.order_updated",
            "wix.ecom.v1.order_fulfilled",
        }
        assert {event["instanceId"] for event in events} == {SITE}
        identities = {event["identity"] for event in events}
        assert [json.loads(one) for one in identities] == [{"identityType": "APP", "appId": "sandbox-app"}]
        assert json.loads(events[0]["data"])["entityId"] == STORE_ORDER["id"]

    async def test_a_plan_order_is_told_with_who_ordered_it(self, tmp_path: Path) -> None:
        async with Receiver().listening() as receiver:
            with running(settings(tmp_path, webhook_url=receiver.url)) as wix:
                await asyncio.to_thread(buy, wix.url)
                events = [innermost(await receiver.taken.get()) for _ in range(6)]

        assert [event["eventType"].rpartition(".")[2] for event in events] == [
            "order_created",
            "PaymentEvent",
            "order_updated",
            "order_purchased",
            "order_started",
            "order_cycle_started",
        ]
        assert json.loads(events[0]["identity"]) == {"identityType": "MEMBER", "memberId": MEMBER["id"]}
        assert json.loads(events[1]["data"])["wixAppId"] == "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"


class TestStop:
    async def test_what_was_not_delivered_is_delivered_after_the_next_start(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        chosen = settings(tmp_path, webhook_url=f"http://127.0.0.1:{port}/")
        with running(chosen) as wix:
            await asyncio.to_thread(fulfill, wix.url)
        left = tmp_path / "sandbox" / "undelivered.jsonl"
        assert left.stat().st_mode & 0o777 == 0o600

        async with Receiver().listening(port=port) as receiver:
            with running(chosen):
                letters = [await receiver.taken.get() for _ in range(3)]

        assert [innermost(letter)["eventType"].rpartition(".")[2] for letter in letters] == [
            "fulfillments_updated",
            "order_updated",
            "order_fulfilled",
        ]
        assert not left.exists()


def buy(url: str) -> None:
    """A member buys a plan online and pays."""
    on_site = {"instanceId": SITE}
    pricing = {"singlePaymentUnlimited": True, "price": {"value": "49", "currency": "EUR"}}
    plan = {"id": MEMBER["id"], "pricing": pricing}
    with httpx.Client(base_url=url) as http:
        seed = {"members": [{**on_site, "member": MEMBER}], "plans": [{**on_site, "plan": plan}]}
        http.post("/admin/seed", json=seed).raise_for_status()
        token = http.post("/admin/tokens", json={**on_site, "memberId": MEMBER["id"]}).json()
        path = "/pricing-plans/v2/checkout/orders/online"
        headers = {"authorization": token["access_token"]}
        order = http.post(path, json={"planId": plan["id"]}, headers=headers).json()["order"]
        http.post("/admin/pay", json={**on_site, "orderId": order["id"]}).raise_for_status()


def fulfill(url: str) -> None:
    """Everything of one order, as an app does it."""
    with httpx.Client(base_url=url) as http:
        http.post("/admin/seed", json={"storeOrders": [{"instanceId": SITE, "order": STORE_ORDER}]})
        credentials = {"client_id": "sandbox-app", "client_secret": "sandbox-secret", "instance_id": SITE}
        asked = {"grant_type": "client_credentials", **credentials}
        token = http.post("/oauth2/token", json=asked).json()["access_token"]
        path = f"/ecom/v1/fulfillments/orders/{STORE_ORDER['id']}/create-fulfillment"
        answer = http.post(path, json={"fulfillment": {}}, headers={"authorization": token})
        assert answer.status_code == 200, answer.text


Process = tuple["subprocess.Popen[str]", str, str]


@contextlib.contextmanager
def a_process(folder: Path, **environment: str) -> Iterator[Process]:
    """`python -m sandbox wix` on free ports: the process, its public and its internal address."""
    chosen = {"SANDBOX_PORT": "0", "SANDBOX_INTERNAL_PORT": "0", "DATA_DIR": str(folder), "WEBHOOK_URL": ""}
    started = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "wix"],
        env={**os.environ, **chosen, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        words = started.stdout.readline().replace("(", " ").replace(")", " ").split()
        public, internal = (word for word in words if word.startswith("http://"))
        try:
            yield started, public, internal
        finally:
            if started.poll() is None:
                started.kill()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """The sandbox as a process that sends its webhooks nowhere."""
    with a_process(tmp_path) as running_one:
        yield running_one


class TestProcess:
    def test_it_says_where_it_listens_and_ends_cleanly_when_told(
        self, process: tuple["subprocess.Popen[str]", str, str]
    ) -> None:
        started, public, _ = process
        assert httpx.get(f"{public}/admin/received").status_code == 200

        started.send_signal(signal.SIGTERM)

        assert started.wait(timeout=60) == 0
        assert started.stderr is not None
        assert "Traceback" not in started.stderr.read()

    def test_told_to_end_it_writes_down_what_it_could_not_deliver(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            nobody = f"http://127.0.0.1:{held.getsockname()[1]}/"
        with a_process(tmp_path, WEBHOOK_URL=nobody) as (started, public, _):
            fulfill(public)
            started.send_signal(signal.SIGTERM)
            assert started.wait(timeout=60) == 0

        left = (tmp_path / "sandbox" / "undelivered.jsonl").read_text().splitlines()
        assert len(left) == 3

    def test_health_and_metrics_are_on_the_internal_port_only(
        self, process: tuple["subprocess.Popen[str]", str, str]
    ) -> None:
        _, public, internal = process
        httpx.get(f"{public}/inbox/v2/messages")

        assert httpx.get(f"{internal}/healthz").text == "ok"
        assert httpx.get(f"{internal}/readyz").status_code == 200
        assert (
            'calls_total{api="inbox",method="GET",status="401"} 1.0' in httpx.get(f"{internal}/metrics").text
        )
        assert httpx.get(f"{public}/metrics").status_code == 404

    def test_it_makes_its_key_pair(self, process: Any, tmp_path: Path) -> None:
        assert (tmp_path / "sandbox" / "public.pem").read_text().startswith("-----BEGIN PUBLIC KEY-----")

    @pytest.mark.parametrize("name", ["sandbox_port", "sandbox_internal_port"])
    def test_a_taken_port_is_said_with_the_setting_to_change(self, tmp_path: Path, name: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]

            with pytest.raises(PortTaken, match=f"{port} is taken; set {name.upper()} "):
                build(settings(tmp_path, **{name: port}))


class TestCommand:
    def test_help_lists_every_setting(self) -> None:
        words = CliRunner().invoke(command, ["--help"]).output.split()

        assert {name.upper() for name in WixApiSettings.model_fields} <= set(words)

    def test_a_setting_it_cannot_read_is_named_without_a_traceback(self) -> None:
        said = CliRunner(env={"SANDBOX_TOKEN_LIFE": "long"}).invoke(command, [])

        assert said.exit_code == 2
        assert "SANDBOX_TOKEN_LIFE" in said.output

    def test_a_taken_port_ends_it_with_one_sentence(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = str(held.getsockname()[1])
            said = CliRunner(env={"SANDBOX_PORT": port, "DATA_DIR": str(tmp_path)}).invoke(command, [])

        assert said.exit_code == 1
        assert (
            said.output
            == f"Error: 127.0.0.1:{port} is taken; set SANDBOX_PORT to a free port (0 takes any)\n"
        )
