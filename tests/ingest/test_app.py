import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ingest.app import MAX_BODY_BYTES, MAX_UNDER_WAY, Door, create_app
from ingest.handover import parse_tokens
from ingest.internal import create_internal_app
from ingest.keys import FixedKeys, KeyFile
from ingest.metrics import DoorMetrics
from ingest.publisher import MemoryPublisher
from tests.ingest.tokens import (
    EVENTS,
    SITE,
    event_type_of,
    payload,
    public_pem,
    segment,
    token_of,
    webhook,
)

TOKENS = f"north:{hashlib.sha256(b'secret').hexdigest()}:{SITE}"
AUTHORIZED = {"Authorization": "Bearer secret", "Idempotency-Key": "k1"}
HANDOVER = {"instanceId": SITE, "orderId": "o", "trackingNumber": "1", "shippingProvider": "fedex"}


@pytest.fixture
def log() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def door(log: MemoryPublisher, key: rsa.RSAPrivateKey) -> Door:
    return Door(
        keys=FixedKeys((key.public_key(),)),
        publisher=log,
        metrics=DoorMetrics(),
        warehouses=parse_tokens(TOKENS),
    )


@pytest.fixture
async def http(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(door))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


@pytest.fixture
async def inside(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_internal_app(door.publisher, door.metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        yield client


async def posted(http: httpx.AsyncClient, body: bytes) -> tuple[int, str]:
    response = await http.post("/webhooks/wix", content=body)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    return response.status_code, response.text


async def handed_over(http: httpx.AsyncClient, body: object = HANDOVER, **headers: str) -> tuple[int, str]:
    response = await http.post(
        "/handovers",
        content=json.dumps(body),
        headers=AUTHORIZED | {name.replace("_", "-"): value for name, value in headers.items()},
    )
    return response.status_code, response.text


class TestWebhooks:
    @pytest.mark.parametrize("name", EVENTS)
    async def test_every_documented_webhook_is_on_the_log_when_200_is_said(
        self, name: str, http: httpx.AsyncClient, log: MemoryPublisher, key: rsa.RSAPrivateKey
    ) -> None:
        assert await posted(http, webhook(payload(name), key, event_type_of(name))) == (200, "ok")

        (record,) = log.records
        assert (record.instance_id, record.event_type) == (SITE, event_type_of(name))

    async def test_a_type_we_do_not_know_is_kept(
        self, http: httpx.AsyncClient, log: MemoryPublisher, key: rsa.RSAPrivateKey
    ) -> None:
        assert await posted(http, webhook({"id": "e"}, key, "wix.new.v1.thing_done")) == (200, "ok")

        assert [record.topic for record in log.records] == ["unrecognized"]

    async def test_no_address_reaches_the_log(
        self, http: httpx.AsyncClient, log: MemoryPublisher, key: rsa.RSAPrivateKey
    ) -> None:
        name = "store_order_approved__shipped"

        await posted(http, webhook(payload(name), key, event_type_of(name)))

        assert b"dana@example.com" not in log.records[0].value
        assert b"Main Street" not in log.records[0].value

    @pytest.mark.parametrize(
        ("body", "answer"),
        [
            (b"", (400, "malformed")),
            (b"\xff\xfe", (400, "malformed")),
            (b"hello", (400, "malformed")),
            (b"e30.e30.e30", (401, "bad_signature")),  # a header without alg
            (segment(b'{"alg":"none"}') + b".e30.", (401, "bad_signature")),
            (b"x" * (2 * MAX_BODY_BYTES), (413, "too_large")),
        ],
        ids=["empty", "not utf-8", "no token", "no algorithm", "alg none", "2 MiB"],
    )
    async def test_bad_input_has_its_answer_and_leaves_no_record(
        self, body: bytes, answer: tuple[int, str], http: httpx.AsyncClient, log: MemoryPublisher
    ) -> None:
        assert await posted(http, body) == answer
        assert log.records == []

    async def test_after_bad_input_the_next_webhook_is_taken(
        self, http: httpx.AsyncClient, key: rsa.RSAPrivateKey
    ) -> None:
        await posted(http, token_of({"data": "[" * 100_000}, key))

        assert await posted(http, webhook({"id": "e"}, key)) == (200, "ok")

    async def test_a_forged_webhook_learns_nothing_but_that(
        self, http: httpx.AsyncClient, other_key: rsa.RSAPrivateKey
    ) -> None:
        assert await posted(http, webhook({}, other_key)) == (401, "bad_signature")

    async def test_a_body_of_exactly_one_mebibyte_is_read(self, http: httpx.AsyncClient) -> None:
        assert await posted(http, b"x" * MAX_BODY_BYTES) == (400, "malformed")
        assert await posted(http, b"x" * (MAX_BODY_BYTES + 1)) == (413, "too_large")

    async def test_a_body_without_a_length_is_read_no_further_than_the_limit(
        self, door: Door, key: rsa.RSAPrivateKey
    ) -> None:
        """What says no length and never ends must not fill the memory."""
        read = 0

        async def receive() -> dict[str, object]:
            nonlocal read
            read += 1
            assert read < 100, "read on after the limit"
            return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/webhooks/wix",
            "headers": [],
            "query_string": b"",
        }
        await create_app(door)(scope, receive, send)  # type: ignore[arg-type]  # starlette wants MutableMapping

        assert sent[0]["status"] == 413
        assert read == 17

    async def test_a_length_over_the_limit_is_enough_to_refuse(self, door: Door) -> None:
        async def receive() -> dict[str, object]:
            raise AssertionError("read the body")

        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        headers = [(b"content-length", str(MAX_BODY_BYTES + 1).encode())]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/webhooks/wix",
            "headers": headers,
            "query_string": b"",
        }
        await create_app(door)(scope, receive, send)  # type: ignore[arg-type]  # starlette wants MutableMapping

        assert sent[0]["status"] == 413

    async def test_without_a_broker_it_is_503_and_then_200_again(
        self, http: httpx.AsyncClient, log: MemoryPublisher, key: rsa.RSAPrivateKey
    ) -> None:
        log.available = False
        assert await posted(http, webhook({"id": "e"}, key)) == (503, "not_durable")

        log.available = True
        assert await posted(http, webhook({"id": "e"}, key)) == (200, "ok")

    async def test_a_crowd_is_turned_away_early_and_let_in_again(
        self, door: Door, http: httpx.AsyncClient, key: rsa.RSAPrivateKey
    ) -> None:
        """Answers that come later than Wix waits for them help nobody."""
        with ExitStack() as others:
            for _ in range(MAX_UNDER_WAY):
                others.enter_context(door.crowd)
            assert await posted(http, webhook({"id": "e"}, key)) == (503, "not_durable")

        assert await posted(http, webhook({"id": "e"}, key)) == (200, "ok")

    async def test_a_new_key_is_believed_and_an_old_one_no_more(
        self, log: MemoryPublisher, tmp_path: Path, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
    ) -> None:
        file = tmp_path / "keys.pem"
        file.write_text(public_pem(key))
        keys = KeyFile(file)
        app = create_app(Door(keys=keys, publisher=log, metrics=DoorMetrics()))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as http:
            before = [await posted(http, webhook({}, each)) for each in (key, other_key)]

            file.write_text(public_pem(other_key))
            keys.look()

            after = [await posted(http, webhook({}, each)) for each in (key, other_key)]

        assert before == [(200, "ok"), (401, "bad_signature")]
        assert after == [(401, "bad_signature"), (200, "ok")]

    async def test_the_address_takes_posts_only(self, http: httpx.AsyncClient) -> None:
        assert (await http.get("/webhooks/wix")).status_code == 405
        assert (await http.get("/metrics")).status_code == 404


class TestHandovers:
    async def test_a_handover_is_on_the_log_when_202_is_said(
        self, http: httpx.AsyncClient, log: MemoryPublisher
    ) -> None:
        assert await handed_over(http) == (202, "accepted")

        assert [(record.topic, record.body["warehouse"]) for record in log.records] == [
            ("handovers", "north")
        ]

    @pytest.mark.parametrize("token", ["", "Bearer other", "Basic secret"])
    async def test_without_a_token_of_ours_it_is_401(
        self, token: str, http: httpx.AsyncClient, log: MemoryPublisher
    ) -> None:
        assert await handed_over(http, Authorization=token) == (401, "unknown_token")
        assert log.records == []

    async def test_a_stranger_is_not_told_what_is_wrong_with_the_body(self, http: httpx.AsyncClient) -> None:
        assert await handed_over(http, {}, Authorization="Bearer other") == (401, "unknown_token")

    async def test_another_site_is_403(self, http: httpx.AsyncClient) -> None:
        assert await handed_over(http, HANDOVER | {"instanceId": "other"}) == (403, "other_site")

    async def test_a_warehouse_hears_which_field_is_wrong(self, http: httpx.AsyncClient) -> None:
        status, text = await handed_over(http, HANDOVER | {"trackingLink": "http://a.example"})

        assert (status, text) == (400, "malformed: trackingLink: Value error, must be an https link")

    async def test_without_an_idempotency_key_it_is_400(self, http: httpx.AsyncClient) -> None:
        status, text = await handed_over(http, Idempotency_Key="")

        assert status == 400
        assert text.startswith("malformed: Idempotency-Key")

    async def test_over_the_limit_is_413(self, http: httpx.AsyncClient) -> None:
        assert await handed_over(http, {"a": "x" * MAX_BODY_BYTES}) == (413, "too_large")

    async def test_without_a_broker_it_is_503(self, http: httpx.AsyncClient, log: MemoryPublisher) -> None:
        log.available = False

        assert await handed_over(http) == (503, "not_durable")


class TestInside:
    async def test_alive_is_not_ready(self, inside: httpx.AsyncClient, log: MemoryPublisher) -> None:
        """A restart would not bring the broker back, so an outage must not cause one."""
        log.available = False

        assert (await inside.get("/healthz")).status_code == 200
        assert (await inside.get("/readyz")).status_code == 503
        log.available = True
        assert (await inside.get("/readyz")).status_code == 200

    async def test_a_door_that_was_told_to_stop_takes_nothing_new(self, door: Door) -> None:
        app = create_internal_app(door.publisher, door.metrics, lambda: True)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as client:
            ready = await client.get("/readyz")

        assert (ready.status_code, ready.text) == (503, "stopping")

    async def test_every_answer_is_counted_by_its_code(
        self,
        http: httpx.AsyncClient,
        inside: httpx.AsyncClient,
        key: rsa.RSAPrivateKey,
        other_key: rsa.RSAPrivateKey,
    ) -> None:
        for body in (webhook({}, key), webhook({}, key), webhook({}, other_key), b"x"):
            await posted(http, body)

        text = (await inside.get("/metrics")).text

        answers = [line for line in text.splitlines() if line.startswith("orderline_ingest_answers_total")]
        assert {line.split('code="')[1].split('"')[0]: float(line.split()[-1]) for line in answers} == {
            "ok": 2,
            "bad_signature": 1,
            "malformed": 1,
        }

    async def test_the_reason_that_is_not_told_is_counted(
        self, http: httpx.AsyncClient, inside: httpx.AsyncClient, other_key: rsa.RSAPrivateKey
    ) -> None:
        await posted(http, webhook({}, other_key))

        assert 'reason="signature"' in (await inside.get("/metrics")).text
