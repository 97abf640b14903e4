"""Wix delivers more than once and in any order; neither changes what is sent or what is counted."""

from datetime import UTC, datetime

import pytest

from sandbox.stories.story import Seed, Webhook
from sandbox.witness import JsonObject, Rows, until
from tests.journey.conftest import Journey, member_of, the_one

pytestmark = pytest.mark.journey

# What differs between two orders that lived the same life.
IDENTITY = {"order_id", "number", "customer", "event_id", "age_hours", "known_at", "detail", "next_cursor"}


async def test_duplicates_and_backwards_delivery_send_one_message(journey: Journey) -> None:
    story = await journey.tell("delivered_twice_and_backwards")
    await journey.everything_counted()

    message = the_one(await journey.messages_to(member_of(story)))
    (end,) = [end for end in story.expected if end.is_message]
    assert await journey.wix_id(end) == message["messageId"]


@pytest.mark.parametrize("name", ["paused_and_resumed", "trial_then_failed_card", "shipped_late"])
async def test_reports_are_the_same_in_whatever_order_events_arrive(journey: Journey, name: str) -> None:
    now = datetime.now(UTC)
    in_order, shuffled = journey.story(name, now=now), journey.story(name, now=now)

    for step in in_order.steps:
        if isinstance(step, Seed | Webhook):
            await journey.teller.take(_at(step, now))
    steps = [step for step in shuffled.steps if isinstance(step, Seed)]
    webhooks = [_at(step, now) for step in shuffled.webhooks]
    for step in [*steps, *reversed(webhooks), *webhooks]:
        await journey.teller.take(step)
    await journey.everything_counted()

    assert await _life(journey, in_order.webhooks) == await _life(journey, shuffled.webhooks)


def _at(step: Seed | Webhook, now: datetime) -> Seed | Webhook:
    """What happens now happens at the same moment for both."""
    if not (isinstance(step, Webhook) and step.happens_now):
        return step
    body = {**step.body, "eventTime": now.isoformat().replace("+00:00", "Z")}
    return Webhook(
        instance_id=step.instance_id, event_type=step.event_type, body=body, identity=step.identity
    )


async def _life(journey: Journey, webhooks: tuple[Webhook, ...]) -> tuple[Rows, Rows]:
    """An order's row and its timeline, without what names this one order."""
    order_id = webhooks[0].body["entityId"]
    events = {webhook.body["id"] for webhook in webhooks}

    async def told() -> Rows | None:
        rows = await journey.witness.report("order_timeline", order_id=order_id)
        return rows if events <= {row["event_id"] for row in rows} else None

    timeline = await until(f"all events of {order_id}", told, seconds=30)
    kind = "store" if "ecom" in webhooks[0].event_type else "subscription"
    orders = await journey.witness.report("orders", kind=kind, search=order_id)
    events_only = [row for row in timeline if not row["what"].startswith("effect_")]
    return [_bare(row) for row in orders], [_bare(row) for row in events_only]


def _bare(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if name not in IDENTITY}
