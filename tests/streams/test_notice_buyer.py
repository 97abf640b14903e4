"""Who gets a notice: whose address is asked for, and whose consent counts."""

import pytest

from streams import reason
from streams.notice import NoticeProcedure
from streams.procedure import Ready, Suppress
from streams.wix.client import WixClient
from tests.streams.doubt import ready
from tests.streams.notices import procedure
from tests.streams.wix_site import (
    CONTACT,
    CONTACTS_ADDRESS,
    MEMBER,
    MEMBERS_ADDRESS,
    NOW,
    SandboxSite,
    a_contact,
    a_member,
    a_payment_notice,
    a_plan_order,
    a_subscription,
)


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

        prepared = await ready(notices, a_payment_notice())

        assert prepared.consent is not None
        assert prepared.consent.subscription_status == "SUBSCRIBED"

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

        prepared = await ready(notices, a_payment_notice())

        assert prepared.consent is not None
        assert prepared.consent.subscription_status == "SUBSCRIBED"
