"""Nobody is written to who doesn't want it, or about what isn't so."""

import pytest

from tests.journey.conftest import Journey, member_of

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("name", ["unsubscribed", "bounced", "no_address"])
async def test_who_can_not_or_will_not_be_mailed_is_not(journey: Journey, name: str) -> None:
    story = await journey.tell(name)
    await journey.everything_counted()

    assert await journey.messages_to(member_of(story)) == []


@pytest.mark.parametrize("name", ["declined", "trial_then_failed_card", "refunded_before_we_looked"])
async def test_declined_and_refunded_payments_are_never_written_about(journey: Journey, name: str) -> None:
    story = await journey.tell(name)
    order_id = story.webhooks[0].body["entityId"]
    await journey.timeline(order_id, at_least=len(story.webhooks))
    await journey.everything_counted()

    assert await journey.messages_to(member_of(story)) == []


async def test_refund_after_the_message_sends_no_second_one(journey: Journey) -> None:
    story = await journey.tell("refunded")
    await journey.timeline(story.expected[0].order_id, at_least=len(story.webhooks))
    await journey.everything_counted()

    assert len(await journey.messages_to(member_of(story))) == 1
