"""What can't be read goes to the dead letters, and what comes behind it doesn't wait."""

import base64
import json

import pytest
from kafka import KafkaProducer

from sandbox.witness import Rows, until
from tests.journey.conftest import Journey, member_of, the_one

pytestmark = pytest.mark.journey

# name, key, value, headers
UNDECODABLE = [
    ("no headers", b"site", b"{}", []),
    ("no key", None, b"{}", [("event-id", b"1")]),
    ("no JSON", b"site", b"\xff\xfe", [("event-type", b"x")]),
]


@pytest.mark.parametrize(
    ("name", "key", "value", "headers"), UNDECODABLE, ids=[row[0] for row in UNDECODABLE]
)
async def test_undecodable_record_is_a_dead_letter_and_the_next_one_is_handled(
    journey: Journey, name: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]]
) -> None:
    topic = f"{journey.system.topic_prefix}plan-orders"
    story = journey.story("free_plan")
    producer = KafkaProducer(bootstrap_servers=journey.system.bootstrap)
    try:
        # Every partition gets one, so that one of them lies before the story's own records.
        written = [
            producer.send(topic, key=key, value=value, headers=headers, partition=partition).get(10)
            for partition in producer.partitions_for(topic)
        ]
    finally:
        producer.close()

    await journey.teller.tell(story)

    the_one(await journey.messages_to(member_of(story)))
    places = {("plan-orders", record.partition, record.offset) for record in written}

    async def dead() -> Rows | None:
        rows = await journey.witness.report("dead_letters", limit=1000)
        found = [row for row in rows if (row["topic"], row["partition"], row["offset"]) in places]
        return found if len(found) == len(places) else None

    assert await until("the dead letters", dead, seconds=30)
    await journey.everything_counted()


# A webhook's body, and how ingest answers it.
BAD_WEBHOOKS = [
    ("truncated", b"eyJhbGciOiJSUzI1NiJ9.e30", 400),
    ("not a token", b"\xff\xfe\x00", 400),
    ("too large", b"x" * (2 * 1024 * 1024), 413),
]


@pytest.mark.parametrize(("name", "body", "status"), BAD_WEBHOOKS)
async def test_bad_webhook_gets_a_named_answer(journey: Journey, name: str, body: bytes, status: int) -> None:
    answer = await journey.http.post(journey.system.webhook_url, content=body)

    assert answer.status_code == status


async def test_forged_webhook_reaches_nobody(journey: Journey) -> None:
    story = journey.story("free_plan")
    webhook = story.webhooks[0]
    signed = journey.teller.signer.sign(webhook.event_type, webhook.body, instance_id=webhook.instance_id)
    header, claims, signature = signed.split(b".")
    forged = json.loads(base64.urlsafe_b64decode(claims + b"=="))
    forged["exp"] += 1
    altered = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=")

    answer = await journey.http.post(
        journey.system.webhook_url, content=b".".join((header, altered, signature))
    )

    assert (answer.status_code, answer.text) == (401, "bad_signature")
    await journey.everything_counted()
    assert await journey.messages_to(member_of(story)) == []
