"""What becomes of a payment or a purchase: asked, decided and sent at the sandbox Wix."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from streams import reason
from streams.effect import Effect
from streams.notice import NoticeProcedure
from streams.procedure import Claim, Done, Fail, Ready, Suppress
from streams.settings import FlowSettings
from streams.sites import Sites
from streams.wix.client import WixClient
from streams.wix.errors import AppRemoved, WixBusy, WixRefused, WixUnreachable
from streams.wix.inbox import NewMessage
from tests.streams.wix_site import (
    CONTACT,
    CONTACTS_ADDRESS,
    MEMBER,
    MEMBERS_ADDRESS,
    NOW,
    PLAN_ORDER,
    SITE,
    SandboxSite,
    a_contact,
    a_member,
    a_payment_notice,
    a_plan_order,
    a_purchase_notice,
    a_subscription,
    sandbox_site,
)

SENDING = {"method": "POST", "path": "/inbox/v2/messages"}
FOR_NOTHING = {"duration": {"cycleFrom": 1}, "price": {"total": "0", "currency": "EUR"}}
BAD_CHANNEL = {
    "message": "bad",
    "details": {
        "validationError": {
            "fieldViolations": [{"field": "message.targetChannels", "description": "is unknown"}]
        }
    },
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SandboxSite]:
    with sandbox_site(tmp_path) as running:
        yield running


@pytest.fixture
async def wix(site: SandboxSite) -> AsyncIterator[WixClient]:
    async with WixClient(site.settings()) as client:
        yield client


@pytest.fixture
def notices(wix: WixClient) -> NoticeProcedure:
    return procedure(wix)


def procedure(wix: WixClient, **settings: Any) -> NoticeProcedure:
    flows = FlowSettings(_env_file=None, **settings)
    return NoticeProcedure(wix, Sites(flows), flows)


async def ready(notices: NoticeProcedure, effect: Effect) -> Ready:
    prepared = await notices.prepare(effect, now=NOW)
    assert isinstance(prepared, Ready), prepared
    return prepared


def text_of(message: dict[str, Any]) -> str:
    return str(message["body"]["message"]["content"]["basic"]["items"][0]["text"])


class TestPayment:
    async def test_a_paying_member_gets_one_message_with_amount_plan_and_reference(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        effect = a_payment_notice()

        done = await notices.act(effect, await ready(notices, effect))

        [message] = site.messages
        assert done.wix_id == message["messageId"]
        assert message["participant"] == {"memberId": MEMBER}
        assert "Hello Dana" in text_of(message)
        assert "€9.08 for Studio Pass" in text_of(message)
        assert text_of(message).splitlines()[-1] == f"Ref. {effect.ref}"
        assert message["body"]["message"]["targetChannels"] == ["EMAIL"]
        assert message["body"]["sendNotifications"] is True

    async def test_the_claim_holds_ids_and_no_address(self, notices: NoticeProcedure) -> None:
        prepared = await ready(notices, a_payment_notice())

        assert set(prepared.claim) == {"conversation_id", "participant_kind", "participant_id"}
        assert prepared.claim["participant_id"] == MEMBER
        assert "example.com" not in repr(prepared)
        assert "Dana" not in repr(prepared)

    async def test_consent_is_recorded_as_wix_answered_it(self, notices: NoticeProcedure) -> None:
        prepared = await ready(notices, a_payment_notice())

        assert prepared.consent is not None
        assert prepared.consent.subscription_status == "SUBSCRIBED"
        assert prepared.consent.deliverability_status == "VALID"
        assert prepared.consent.asked_at == NOW

    async def test_an_order_that_wix_does_not_know_is_for_a_person(self, notices: NoticeProcedure) -> None:
        effect = a_payment_notice()
        unknown = Effect(
            key=effect.key,
            flow=effect.flow,
            instance_id=SITE,
            order_id="99999999-9999-4999-8999-999999999999",
            event_id=effect.event_id,
            event_at=effect.event_at,
            payload=effect.payload,
        )

        found = await notices.prepare(unknown, now=NOW)

        assert isinstance(found, Fail)
        assert found.reason == reason.ORDER_NOT_FOUND


class TestAddress:
    """Who is asked for the address, and whose consent counts."""

    @pytest.mark.parametrize(
        ("first", "unsubscribed", "sent"),
        [
            ("member", MEMBERS_ADDRESS, False),
            ("member", CONTACTS_ADDRESS, True),
            ("contact", CONTACTS_ADDRESS, False),
            ("contact", MEMBERS_ADDRESS, True),
        ],
    )
    async def test_payment_address_picks_whose_address_is_asked_about(
        self, site: SandboxSite, wix: WixClient, first: str, unsubscribed: str, *, sent: bool
    ) -> None:
        site.seed(subscriptions=[a_subscription(unsubscribed, "UNSUBSCRIBED")])

        found = await procedure(wix, payment_address=first).prepare(a_payment_notice(), now=NOW)

        assert isinstance(found, Ready) is sent

    async def test_the_participant_is_the_member_also_when_the_contact_gave_the_address(
        self, site: SandboxSite, wix: WixClient
    ) -> None:
        notices, effect = procedure(wix, payment_address="contact"), a_payment_notice()

        await notices.act(effect, await ready(notices, effect))

        assert [one["participant"] for one in site.messages] == [{"memberId": MEMBER}]

    async def test_a_member_without_an_address_falls_back_to_the_contact(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.seed(members=[{"member": a_member(loginEmail="********")}])
        site.seed(subscriptions=[a_subscription(MEMBERS_ADDRESS, "UNSUBSCRIBED")])

        await ready(notices, a_payment_notice())

    async def test_a_buyer_who_is_only_a_contact_is_written_to_as_a_contact(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        guest = "77777777-7777-4777-8777-777777777777"
        site.seed(
            planOrders=[{"order": a_plan_order(buyer={"contactId": guest})}],
            contacts=[{"contact": a_contact(id=guest)}],
        )
        effect = a_payment_notice()

        await notices.act(effect, await ready(notices, effect))

        assert [one["participant"] for one in site.messages] == [{"contactId": guest}]

    async def test_a_merged_contact_is_written_to_under_the_id_it_has_now(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        merged = "77777777-7777-4777-8777-777777777777"
        site.seed(
            planOrders=[{"order": a_plan_order(buyer={"contactId": CONTACT})}],
            contacts=[{"contact": a_contact(id=merged), "mergedFrom": [CONTACT]}],
        )

        prepared = await ready(notices, a_payment_notice())

        assert prepared.claim["participant_id"] == merged

    async def test_a_buyer_without_any_address_is_left_alone(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.seed(
            members=[{"member": a_member(loginEmail="")}],
            contacts=[{"contact": a_contact(primaryInfo={})}],
        )

        assert await notices.prepare(a_payment_notice(), now=NOW) == Suppress(reason=reason.NO_ADDRESS)


class TestConsent:
    @pytest.mark.parametrize(
        ("subscription", "deliverability", "why"),
        [
            ("UNSUBSCRIBED", "VALID", reason.NOT_SUBSCRIBED),
            ("PENDING", "VALID", reason.NOT_SUBSCRIBED),
            ("NOT_SET", "VALID", reason.NOT_SUBSCRIBED),
            ("UNKNOWN", "VALID", reason.NOT_SUBSCRIBED),
            ("SUBSCRIBED", "BOUNCED", reason.UNDELIVERABLE),
            ("SUBSCRIBED", "SPAM_COMPLAINT", reason.UNDELIVERABLE),
            ("SUBSCRIBED", "INACTIVE", reason.UNDELIVERABLE),
        ],
    )
    async def test_only_subscribed_addresses_that_take_mail_are_mailed(
        self, site: SandboxSite, notices: NoticeProcedure, subscription: str, deliverability: str, why: str
    ) -> None:
        site.seed(subscriptions=[a_subscription(MEMBERS_ADDRESS, subscription, deliverability)])

        found = await notices.prepare(a_payment_notice(), now=NOW)

        assert isinstance(found, Suppress)
        assert found.reason == why
        assert found.consent is not None
        assert found.consent.subscription_status == subscription

    async def test_an_address_that_wix_has_no_subscription_for_is_not_mailed(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.seed(members=[{"member": a_member(loginEmail="new@example.com")}])

        found = await notices.prepare(a_payment_notice(), now=NOW)

        assert isinstance(found, Suppress)
        assert found.reason == reason.NOT_SUBSCRIBED
        assert found.consent is not None
        assert found.consent.subscription_status == "ABSENT"

    async def test_an_address_is_the_same_in_capitals(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.seed(members=[{"member": a_member(loginEmail="Dana@Example.com")}])

        await ready(notices, a_payment_notice())


class TestWhatWixSaysNow:
    async def test_an_old_event_mails_nobody_and_asks_nothing(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        found = await notices.prepare(a_payment_notice(age=timedelta(days=3, seconds=1)), now=NOW)

        assert found == Suppress(reason=reason.TOO_OLD)
        assert site.received["requests"] == 0

    async def test_payments_of_other_apps_are_left_to_them(self, notices: NoticeProcedure) -> None:
        found = await notices.prepare(a_payment_notice(app_id="another-app"), now=NOW)

        assert found == Suppress(reason=reason.OTHER_APP)

    async def test_a_site_may_switch_a_notice_off(self, wix: WixClient, tmp_path: Path) -> None:
        sites = tmp_path / "sites.toml"
        sites.write_text(f'[sites."{SITE}"]\npayment_notice = false\n')

        found = await procedure(wix, sites_file=sites).prepare(a_payment_notice(), now=NOW)

        assert found == Suppress(reason=reason.OFF_BY_SETTING)

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"status": "CANCELED"}, reason.CANCELED),
            ({"lastPaymentStatus": "REFUNDED"}, reason.REFUNDED),
        ],
    )
    async def test_an_order_that_fell_through_meanwhile_is_not_confirmed(
        self, site: SandboxSite, notices: NoticeProcedure, changed: dict[str, str], why: str
    ) -> None:
        site.seed(planOrders=[{"order": a_plan_order(**changed)}])

        assert await notices.prepare(a_payment_notice(), now=NOW) == Suppress(reason=why)

    async def test_an_app_that_was_removed_is_told_as_that(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        site.seed(sites=[{"installed": False}])

        with pytest.raises(AppRemoved):
            await notices.prepare(a_payment_notice(), now=NOW)


class TestPurchase:
    async def test_a_paid_online_order_is_covered_by_its_payment_notice(
        self, notices: NoticeProcedure
    ) -> None:
        found = await notices.prepare(a_purchase_notice(), now=NOW)

        assert found == Suppress(reason=reason.COVERED_BY_PAYMENT)

    async def test_it_is_sent_where_payment_notices_are_off(self, wix: WixClient, tmp_path: Path) -> None:
        sites = tmp_path / "sites.toml"
        sites.write_text(f'[sites."{SITE}"]\npayment_notice = false\n')

        await ready(procedure(wix, sites_file=sites), a_purchase_notice())

    @pytest.mark.parametrize(
        "changed",
        [
            {"type": "OFFLINE"},
            {"lastPaymentStatus": "PENDING"},
            {"pricing": {"singlePaymentUnlimited": True, "prices": []}},
            {"pricing": {"singlePaymentUnlimited": True, "prices": [FOR_NOTHING]}},
        ],
        ids=["offline", "in trial", "without a price", "free by a coupon"],
    )
    async def test_what_no_payment_notice_covers_is_confirmed(
        self, site: SandboxSite, notices: NoticeProcedure, changed: dict[str, Any]
    ) -> None:
        site.seed(planOrders=[{"order": a_plan_order(**changed)}])
        effect = a_purchase_notice()

        await notices.act(effect, await ready(notices, effect))

        [message] = site.messages
        assert "thank you for choosing Studio Pass" in text_of(message)

    async def test_an_order_that_still_shows_as_a_draft_is_looked_at_again(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        """A purchase was told, so this read came too soon; suppressing would lose the notice for good."""
        site.seed(planOrders=[{"order": a_plan_order(status="DRAFT", lastPaymentStatus="UNPAID")}])

        with pytest.raises(WixBusy):
            await notices.prepare(a_purchase_notice(), now=NOW)


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
        # Order, member, subscription, conversation, message: no refusal in between.
        assert site.received["requests"] - before == 5

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
        prepared = await ready(notices, effect)
        site.fault(**SENDING, after=True)

        with pytest.raises(WixUnreachable):
            await notices.act(effect, prepared)
        found = await notices.read_back(effect, Claim(called_at=NOW, facts=prepared.claim))

        assert found == Done(wix_id=site.messages[0]["messageId"])

    async def test_a_message_that_never_arrived_is_not_found(
        self, site: SandboxSite, notices: NoticeProcedure
    ) -> None:
        effect, other = a_payment_notice(), a_payment_notice()
        await notices.act(other, await ready(notices, other))
        prepared = await ready(notices, effect)
        site.fault(**SENDING)

        with pytest.raises(WixUnreachable):
            await notices.act(effect, prepared)

        assert await notices.read_back(effect, Claim(called_at=NOW, facts=prepared.claim)) is None

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


async def test_waiting_is_said_with_the_time_that_wix_asks_for(
    site: SandboxSite, notices: NoticeProcedure
) -> None:
    site.fault(path=f"/pricing-plans/v2/orders/{PLAN_ORDER}", status=429, headers={"Retry-After": "7"})

    with pytest.raises(WixBusy) as waiting:
        await notices.prepare(a_payment_notice(), now=NOW)

    assert waiting.value.retry_after == 7
