"""The flows, from a signed webhook to a message or a fulfillment at Wix, or a POST to the receiver."""

import pytest

from sandbox.stories.told_now import NAMES
from sandbox.verdict import not_once, not_told
from sandbox.witness import Rows, text_of, until
from tests.journey.conftest import PATIENCE_SECONDS, Journey, member_of, the_one

pytestmark = pytest.mark.journey


async def test_every_story_comes_to_its_end_exactly_once(journey: Journey) -> None:
    stories = [journey.story(name) for name in NAMES]

    await journey.teller.tell_all(stories, at_once=6)
    await journey.everything_counted()

    ends = [end for story in stories for end in story.expected]
    theirs = {member_of(story) for story in stories}
    received = await journey.witness.received()
    messages = [one for one in received["messages"] if one["participant"].get("memberId") in theirs]
    orders = {end.order_id for end in ends}
    fulfillments = [one for one in received["fulfillments"] if one["orderId"] in orders]
    changes = [one for one in received["access"] if one["orderId"] in orders]
    assert not_once(ends, messages, fulfillments) == []
    assert not_told(ends, changes) == []
    assert set(journey.teller.answers) == {"200"}


async def test_payment_without_its_id_is_put_aside_and_nobody_is_written_to(journey: Journey) -> None:
    story = journey.story("payment_without_id")
    known = await journey.witness.report("dead_letters", site=story.instance_id)

    async def put_aside() -> Rows:
        rows = await journey.witness.report("dead_letters", site=story.instance_id)
        return [row for row in rows if row not in known]

    await journey.teller.tell(story)
    letter = the_one(await until("the dead letter", put_aside, seconds=PATIENCE_SECONDS))
    assert (letter["topic"], letter["reason"]) == ("payments", "missing_field")
    assert await journey.messages_to(member_of(story)) == []


class TestPaymentNotice:
    async def test_member_gets_one_message_about_a_payment(self, journey: Journey) -> None:
        """F1: payment, Get Order, Get Member, Query Email Subscriptions, conversation, message."""
        story = await journey.tell("bought_by_member")

        message = the_one(await journey.messages_to(member_of(story)))
        assert message["instanceId"] == story.instance_id
        assert message["participant"] == {"memberId": member_of(story)}
        assert message["body"]["message"]["direction"] == "BUSINESS_TO_PARTICIPANT"
        assert message["body"]["message"]["visibility"] == "BUSINESS_AND_PARTICIPANT"
        assert "Monthly Unlimited" in text_of(message)
        assert "45" in text_of(message)

    async def test_site_that_writes_to_contacts_asks_for_the_contacts_address(self, journey: Journey) -> None:
        """F2: only the contact's address is subscribed, so a message means that it was the one asked for."""
        story = await journey.tell("bought_by_contact")

        message = the_one(await journey.messages_to(member_of(story)))
        assert "Year Pass" in text_of(message)

    async def test_outcome_keeps_the_proof_of_consent(self, journey: Journey) -> None:
        story = await journey.tell("bought_by_member")

        (end,) = [end for end in story.expected if end.is_message]
        effect = (await journey.witness.effects(end.order_id))[end.key]
        assert "SUBSCRIBED" in str(effect["consent"])
        assert effect["ref"] in text_of(the_one(await journey.messages_to(member_of(story))))


class TestPurchaseNotice:
    @pytest.mark.parametrize("name", ["free_plan", "offline_plan", "only_purchase_notices"])
    async def test_purchase_without_a_payment_notice_is_written_about(
        self, journey: Journey, name: str
    ) -> None:
        """F3: Order Created (Purchased, if it was a draft), address, subscription, template, message."""
        story = await journey.tell(name)

        (end,) = [end for end in story.expected if end.is_message]
        assert end.ref_line in text_of(the_one(await journey.messages_to(member_of(story))))


class TestFulfillment:
    async def test_warehouse_hands_over_and_the_fulfillment_has_its_tracking_number(
        self, journey: Journey
    ) -> None:
        """F4: the handover's items and tracking; what List Fulfillments then says is what is recorded."""
        story = await journey.tell("shipped_late")

        (parcel,) = [end for end in story.expected if end.is_fulfillment]
        made = the_one(await journey.witness.fulfillments(parcel.order_id))
        tracking = made["body"]["trackingInfo"]
        assert tracking["trackingNumber"] == parcel.tracking_number
        assert await journey.wix_id(parcel) == made["fulfillmentId"]

    async def test_site_without_a_warehouse_fulfills_on_approval(self, journey: Journey) -> None:
        story = await journey.tell("shipped_at_once")

        (end,) = [end for end in story.expected if end.is_fulfillment]
        made = the_one(await journey.witness.fulfillments(end.order_id))
        assert await journey.wix_id(end) == made["fulfillmentId"]

    async def test_two_parcels_are_two_fulfillments(self, journey: Journey) -> None:
        story = await journey.tell("shipped_in_two_parcels")

        ends = [end for end in story.expected if end.is_fulfillment]
        made = await journey.witness.fulfillments(ends[0].order_id)
        numbers = [one["body"]["trackingInfo"]["trackingNumber"] for one in made]
        assert numbers == [end.tracking_number for end in ends]

    async def test_what_the_warehouse_mixed_up_is_left_to_a_person(self, journey: Journey) -> None:
        """The second parcel under one tracking number, and the second use of a key, each with its reason."""
        story = await journey.tell("label_printed_twice")
        (end,) = [end for end in story.expected if end.state == "failed"]

        async def refused() -> Rows:
            rows = await journey.witness.report("handovers", outcome="refused")
            return [row for row in rows if row["order_id"] == end.order_id]

        (parcel,) = await until("the second use of the key", refused, seconds=PATIENCE_SECONDS)
        assert parcel["reason"] == "key_reused"
        effect = (await journey.witness.effects(end.order_id))[end.key]
        assert (effect["outcome"], effect["reason"]) == ("failed", "tracking_number_in_use")
        assert effect["next_step"]

    @pytest.mark.parametrize(
        "name", ["canceled_before_shipped_at_once", "canceled_before_shipping", "digital"]
    )
    async def test_canceled_and_digital_orders_are_never_fulfilled(self, journey: Journey, name: str) -> None:
        story = await journey.tell(name)
        await journey.everything_counted()

        assert await journey.witness.fulfillments(story.expected[0].order_id) == []

    async def test_ledger_says_that_a_shipped_order_is_fulfilled(self, journey: Journey) -> None:
        story = await journey.tell("shipped_late")
        order_id = story.expected[0].order_id

        async def fulfilled() -> Rows:
            rows = await journey.witness.report("orders", kind="store", search=order_id)
            return [row for row in rows if row["state"] == "fulfilled"]

        (order,) = await until("the order is fulfilled in the ledger", fulfilled, seconds=30)
        assert order["order_id"] == order_id


class TestAccess:
    async def test_subscription_is_told_of_once_for_each_change_and_in_order(self, journey: Journey) -> None:
        """F5: start, pause and resumption; each is several webhooks, and one signed POST."""
        story = await journey.tell("paused_and_resumed")

        order_id = story.expected[0].order_id
        received = (await journey.witness.received())["access"]
        told = [one for one in received if one["orderId"] == order_id]
        assert [one["body"]["type"] for one in told] == ["access.granted", "access.revoked", "access.granted"]
        assert [one["body"]["data"]["change"] for one in told] == ["started", "paused", "resumed"]
        assert {one["body"]["data"]["memberId"] for one in told} == {member_of(story)}
