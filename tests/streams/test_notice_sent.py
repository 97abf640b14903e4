"""How a notice is sent, and how it is found again when nobody knows whether it was."""

import pytest

from streams.notice import NoticeProcedure
from streams.procedure import Claim, Done, Ready
from streams.wix.client import WixClient
from streams.wix.errors import WixRefused, WixUnreachable
from streams.wix.inbox import NewMessage
from tests.streams.doubt import in_doubt, ready
from tests.streams.notices import SENDING
from tests.streams.wix_site import (
    NOW,
    SITE,
    SandboxSite,
    a_payment_notice,
)

BAD_CHANNEL = {
    "message": "bad",
    "details": {
        "validationError": {
            "fieldViolations": [{"field": "message.targetChannels", "description": "is unknown"}]
        }
    },
}


class TestChannel:
    async def test_where_wix_refuses_the_channel_it_is_left_out_and_that_is_remembered(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.fault(**SENDING, status=400, body=BAD_CHANNEL)
        first, second = a_payment_notice(), a_payment_notice()

        await notices.act(first, await ready(notices, first))
        before = site.received["requests"]
        await notices.act(second, await ready(notices, second))

        assert ["targetChannels" in one["body"]["message"] for one in site.messages] == [False, False]
        # Order, member, subscription, conversation, link to unsubscribe, message: no refusal in between.
        assert site.received["requests"] - before == 6

    async def test_another_refusal_is_not_tried_again(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.fault(**SENDING, status=400, body={"message": "the inbox is closed"})
        effect = a_payment_notice()

        with pytest.raises(WixRefused):
            await notices.act(effect, await ready(notices, effect))

        assert site.messages == []


class TestReadBack:
    """After a doubt: was it sent?"""

    async def test_a_message_whose_answer_was_lost_is_found_by_its_reference(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        effect = a_payment_notice()
        claim = await in_doubt(notices, effect, site, **SENDING, after=True)

        found = await notices.read_back(effect, claim)

        assert found == Done(wix_id=site.messages[0]["messageId"])

    async def test_a_message_that_never_arrived_is_not_found(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        effect, other = a_payment_notice(), a_payment_notice()
        await notices.act(other, await ready(notices, other))
        claim = await in_doubt(notices, effect, site, **SENDING)

        assert await notices.read_back(effect, claim) is None

    async def test_it_is_found_behind_many_later_messages(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        """A page holds 30."""
        effect = a_payment_notice()
        prepared = await ready(notices, effect)
        sent = await notices.act(effect, prepared)
        later = Ready(request=NewMessage(preview="News", text="Ref. is a word, too"), claim=prepared.claim)
        for _ in range(35):
            await notices.act(effect, later)

        found = await notices.read_back(effect, Claim(called_at=NOW, facts=prepared.claim))

        assert found == Done(wix_id=sent.wix_id)

    async def test_a_customer_who_quotes_the_reference_did_not_send_it(
        self, wix: WixClient, notices: NoticeProcedure
    ) -> None:
        effect = a_payment_notice()
        prepared = await ready(notices, effect)
        sent = await notices.act(effect, prepared)
        reply = {
            "content": {"previewText": "Re", "basic": {"items": [{"text": f"Thanks\nRef. {effect.ref}"}]}},
            "direction": "PARTICIPANT_TO_BUSINESS",
            "visibility": "BUSINESS_AND_PARTICIPANT",
        }
        conversation = prepared.claim["conversation_id"]
        body = {"conversationId": conversation, "message": reply, "sendAs": "PARTICIPANT"}
        await wix.request(SITE, "POST", "/inbox/v2/messages", json=body)

        found = await notices.read_back(effect, Claim(called_at=NOW, facts=prepared.claim))

        assert found == Done(wix_id=sent.wix_id)

    async def test_it_is_found_in_the_conversation_that_the_claimed_one_was_merged_into(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        effect = a_payment_notice()
        prepared = await ready(notices, effect)
        sent = await notices.act(effect, prepared)
        gone = {**prepared.claim, "conversation_id": "88888888-8888-4888-8888-888888888888"}

        found = await notices.read_back(effect, Claim(called_at=NOW, facts=gone))

        assert found == Done(wix_id=sent.wix_id)

    async def test_if_the_question_fails_it_is_neither_done_nor_undone(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        effect = a_payment_notice()
        prepared = await ready(notices, effect)
        site.fault(method="GET", path="/inbox/v2/messages", status=500, times=3)

        with pytest.raises(WixUnreachable):
            await notices.read_back(effect, Claim(called_at=NOW, facts=prepared.claim))
