"""What becomes of a payment or a purchase: asked, decided and sent at the sandbox Wix."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from streams import reason
from streams.effect import Effect
from streams.notice import NoticeProcedure
from streams.procedure import Fail, Suppress
from streams.wix.client import WixClient
from streams.wix.errors import AppRemoved, WixBusy
from tests.streams.doubt import ready
from tests.streams.notices import text_of, with_choices
from tests.streams.wix_site import (
    MEMBER,
    NOW,
    PLAN_ORDER,
    SITE,
    SandboxSite,
    a_payment_notice,
    a_plan_order,
    a_purchase_notice,
)

FOR_NOTHING = {"duration": {"cycleFrom": 1}, "price": {"total": "0", "currency": "EUR"}}


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
        found = await with_choices(wix, tmp_path, "payment_notice = false").prepare(
            a_payment_notice(), now=NOW
        )

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
        notices = with_choices(wix, tmp_path, "payment_notice = false")

        prepared = await ready(notices, a_purchase_notice())

        assert prepared.claim["participant_id"] == MEMBER

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


async def test_waiting_is_said_with_the_time_that_wix_asks_for(
    site: SandboxSite, notices: NoticeProcedure
) -> None:
    site.fault(path=f"/pricing-plans/v2/orders/{PLAN_ORDER}", status=429, headers={"Retry-After": "7"})

    with pytest.raises(WixBusy) as waiting:
        await notices.prepare(a_payment_notice(), now=NOW)

    assert waiting.value.retry_after == 7
