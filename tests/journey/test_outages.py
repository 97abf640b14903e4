"""A room that goes away takes nothing with it, and nothing is done twice when it comes back."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.stories.cast import seed_of_sites
from sandbox.stories.story import Expected, Seed, Story, Webhook
from sandbox.webhooks import post
from sandbox.witness import Rows, until
from tests.journey.conftest import Journey, member_of, the_one

pytestmark = pytest.mark.journey

SEND_MESSAGE = {"method": "POST", "path": "/inbox/v2/messages"}
CREATE_FULFILLMENT = {"method": "POST", "path": "*/create-fulfillment"}
PATIENCE_SECONDS = 45.0


def notice(story: Story) -> Expected:
    """The end of the one message that a story sends."""
    (end,) = [end for end in story.expected if end.is_message]
    return end


async def take(journey: Journey, story: Story) -> None:
    """Tell all steps of a story without waiting for what comes of them."""
    for step in story.steps:
        await journey.teller.take(step)


class TestWorkerKilled:
    @pytest.fixture(autouse=True)
    async def _worker_is_back(self, journey: Journey) -> AsyncIterator[None]:
        yield
        journey.system.start_room("worker")

    async def test_killed_between_the_call_and_its_outcome_sends_one_message(self, journey: Journey) -> None:
        """Wix has the message and its answer never arrives: the next worker asks Wix before it acts."""
        story = journey.story("bought_by_member")
        await journey.witness.faults({**SEND_MESSAGE, "after": True, "delaySeconds": 60})
        await take(journey, story)

        async def message() -> Rows:
            return await journey.messages_to(member_of(story))

        await until("the message at Wix", message, seconds=PATIENCE_SECONDS)
        journey.system.kill("worker")
        journey.system.start_room("worker")

        await journey.wait_for(*story.expected)
        assert the_one(await message())
        assert await journey.wix_id(notice(story)) == the_one(await message())["messageId"]

    async def test_killed_while_events_arrive_loses_none(self, journey: Journey) -> None:
        stories = [journey.story("free_plan") for _ in range(10)]
        for story in stories[:5]:
            await take(journey, story)
        journey.system.kill("worker")
        for story in stories[5:]:
            await take(journey, story)

        journey.system.start_room("worker")

        await journey.wait_for(*(notice(story) for story in stories))
        sent = [await journey.messages_to(member_of(story)) for story in stories]
        assert [len(messages) for messages in sent] == [1] * 10


class TestWixAway:
    async def test_lost_answers_are_asked_about_before_anything_is_done_again(self, journey: Journey) -> None:
        """The change is made, then the connection is cut: once for a message, once for a fulfillment."""
        mailed, shipped = journey.story("bought_by_member"), journey.story("shipped_at_once")
        await journey.witness.faults({**SEND_MESSAGE, "after": True}, {**CREATE_FULFILLMENT, "after": True})

        await journey.teller.tell_all([mailed, shipped], at_once=2)

        message = the_one(await journey.messages_to(member_of(mailed)))
        parcel = next(end for end in shipped.expected if end.is_fulfillment)
        made = the_one(await journey.witness.fulfillments(parcel.order_id))
        assert await journey.wix_id(notice(mailed)) == message["messageId"]
        assert await journey.wix_id(parcel) == made["fulfillmentId"]

    async def test_one_site_waits_for_a_failing_wix_and_the_others_do_not(self, journey: Journey) -> None:
        failing, throttled = journey.story("bought_by_contact"), journey.story("bought_by_member")
        well = journey.story("free_plan")
        read = {"method": "GET", "path": "/pricing-plans/v2/orders/"}
        # A read is tried three times: so its access fails once, and the notice that is asked for next.
        await journey.witness.faults(
            {**read, "path": f"{read['path']}{notice(failing).order_id}", "status": 503, "times": 6},
            {**read, "path": f"{read['path']}{notice(throttled).order_id}", "status": 429},
        )

        await take(journey, failing)
        await take(journey, throttled)
        await journey.teller.tell(well)

        assert await journey.messages_to(member_of(failing)) == []
        await journey.wait_for(*failing.expected, *throttled.expected)
        the_one(await journey.messages_to(member_of(failing)))
        the_one(await journey.messages_to(member_of(throttled)))

    async def test_effects_wait_until_wix_is_back(self, journey: Journey) -> None:
        story = journey.story("free_plan")
        journey.system.kill("wix")

        for webhook in story.webhooks:
            await journey.teller.take(webhook)

        async def waits() -> bool:
            effects = await journey.witness.effects(notice(story).order_id)
            return {effect["outcome"] for effect in effects.values()} == {"waiting"}

        await until("notice and access wait", waits, seconds=PATIENCE_SECONDS)
        journey.system.start_room("wix")
        # The sandbox Wix remembers nothing: it is given what it held.
        await journey.witness.seed(seed_of_sites(journey.system.sites))
        for step in story.steps:
            if isinstance(step, Seed):
                await journey.teller.take(step)
        await journey.wait_for(*story.expected)
        message = the_one(await journey.messages_to(member_of(story)))
        assert await journey.wix_id(notice(story)) == message["messageId"]


class TestBrokerStopped:
    async def test_ingest_refuses_within_wixs_patience_and_loses_nothing(self, journey: Journey) -> None:
        """503 while Kafka is away, 200 when it is back, and every webhook of both times comes to its end."""
        broker = journey.system.broker
        if broker is None:
            pytest.skip("the broker is KAFKA_BOOTSTRAP_SERVERS', which isn't ours to stop")
        before, during = journey.story("free_plan"), journey.story("bought_by_member")
        await journey.teller.tell(before)
        broker.stop()

        refused, seconds = await _refused(journey, during.webhooks[0])
        broker.start()
        await take(journey, during)

        assert refused == 503
        assert seconds < 1.25
        await journey.wait_for(*during.expected)
        the_one(await journey.messages_to(member_of(during)))
        await journey.everything_counted()


async def _refused(journey: Journey, webhook: Webhook) -> tuple[int, float]:
    jwt = journey.teller.signer.sign(webhook.event_type, webhook.body, instance_id=webhook.instance_id)
    async with httpx.AsyncClient() as http:
        since = time.monotonic()
        status = await post(http, journey.system.webhook_url, jwt)
        return status, time.monotonic() - since
