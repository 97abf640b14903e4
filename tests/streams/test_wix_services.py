"""What else we ask of Wix: stores, fulfillments, people, consent, the inbox, the site itself."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from analytics.lifecycle import Line
from streams.plan_order import PlanOrder
from streams.wix import (
    contacts,
    email_subscriptions,
    fulfillments,
    inbox,
    members,
    plan_orders,
    sites,
    store_orders,
)
from streams.wix.client import WixClient
from streams.wix.errors import NotFound, WixRefused, WixUnreachable
from streams.wix.fulfillments import NewFulfillment, Tracking
from streams.wix.inbox import NewMessage, Participant
from streams.wix.order_query import OrderQuery
from tests.streams.event_records import PAYLOADS
from tests.streams.wix_site import (
    CONTACT,
    EBOOK,
    MEMBER,
    MEMBERS_ADDRESS,
    SHIRT,
    SITE,
    STORE_ORDER,
    SandboxSite,
    a_contact,
    a_member,
    a_store_order,
    sandbox_site,
)

MERGED = "33333333-3333-4333-8333-333333333334"
SECOND_ORDER = "55555555-5555-4555-8555-555555555556"
NOBODY = "99999999-9999-4999-8999-999999999990"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SandboxSite]:
    with sandbox_site(tmp_path) as running:
        yield running


@pytest.fixture
async def wix(site: SandboxSite) -> AsyncIterator[WixClient]:
    async with WixClient(site.settings()) as client:
        yield client


def number(value: int) -> str:
    return f"{value:012d}"


def documented(name: str) -> Any:
    return json.loads((PAYLOADS / "rest" / f"{name}.json").read_bytes())


class Wire:
    """Answers with what it is given, one after the other, and remembers what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "token"})
        self.asked.append(request)
        return httpx.Response(200, json=self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])

    def bodies(self) -> list[Any]:
        return [json.loads(one.content) for one in self.asked]


def wired(site: SandboxSite, wire: Wire) -> WixClient:
    return WixClient(site.settings(), transport=httpx.MockTransport(wire))


class TestStoreOrders:
    async def test_a_search_finds_what_fits_on_however_many_pages(
        self, site: SandboxSite, wix: WixClient
    ) -> None:
        for one in range(5):
            order_id = f"55555555-5555-4555-8555-{number(one)}"
            site.seed(storeOrders=[{"order": a_store_order(id=order_id, status="CANCELED")}])

        where = {"status": {"$eq": "CANCELED"}}
        found = [order async for order in store_orders.search_orders(wix, SITE, where=where, page=2)]

        assert len({order.id for order in found}) == len(found) == 5
        assert {order.status for order in found} == {"CANCELED"}

    async def test_a_cursor_is_sent_with_the_question_it_belongs_to(self, site: SandboxSite) -> None:
        wire = Wire({"orders": [], "metadata": {"cursors": {"next": "c"}}}, {"orders": []})
        async with wired(site, wire) as wix:
            assert [one async for one in store_orders.search_orders(wix, SITE, where={"a": 1})] == []

        first, second = (body["search"] for body in wire.bodies())
        assert first["filter"] == second["filter"] == {"a": 1}
        assert second["cursorPaging"] == {"limit": 100, "cursor": "c"}

    async def test_pages_in_a_circle_are_no_answer(self, site: SandboxSite) -> None:
        wire = Wire({"orders": [], "metadata": {"cursors": {"next": "c"}}})
        async with wired(site, wire) as wix:
            with pytest.raises(WixUnreachable):
                [one async for one in store_orders.search_orders(wix, SITE)]


class TestFulfillments:
    SHIRT_ALONE = NewFulfillment(
        lines=(Line(id=SHIRT, quantity=1),), tracking_number="12345", shipping_provider="fedex"
    )

    async def test_one_is_created_changed_and_deleted(self, site: SandboxSite, wix: WixClient) -> None:
        created = await fulfillments.create(wix, SITE, STORE_ORDER, self.SHIRT_ALONE)
        changed = await fulfillments.update(
            wix, SITE, STORE_ORDER, created.fulfillment_id, Tracking(number="67890", provider="ups")
        )
        listed = await fulfillments.list_for_order(wix, SITE, STORE_ORDER)
        left = await fulfillments.delete(wix, SITE, STORE_ORDER, created.fulfillment_id)

        assert changed == listed
        assert changed[0].tracking_number == "67890"
        assert left == ()

    async def test_the_documented_change_is_sent(self, site: SandboxSite) -> None:
        asked, wire = documented("update_fulfillment.request"), Wire(documented("update_fulfillment.answer"))
        wanted = asked["fulfillment"]["trackingInfo"]
        async with wired(site, wire) as wix:
            tracking = Tracking(number=wanted["trackingNumber"], link=wanted["trackingLink"])
            (shipment,) = await fulfillments.update(wix, SITE, STORE_ORDER, NOBODY, tracking)

        assert wire.bodies() == [asked]
        assert wire.asked[0].url.path == f"/ecom/v1/fulfillments/{NOBODY}/orders/{STORE_ORDER}"
        assert shipment.tracking_number == "45782"

    async def test_several_orders_are_listed_at_once(self, site: SandboxSite, wix: WixClient) -> None:
        site.seed(storeOrders=[{"order": a_store_order(id=SECOND_ORDER)}])
        await fulfillments.create(wix, SITE, STORE_ORDER, self.SHIRT_ALONE)

        found = await fulfillments.list_for_orders(wix, SITE, [STORE_ORDER, SECOND_ORDER])

        assert {order_id: len(shipments) for order_id, shipments in found.items()} == {
            STORE_ORDER: 1,
            SECOND_ORDER: 0,
        }

    async def test_in_bulk_one_may_fail_and_the_other_not(self, site: SandboxSite, wix: WixClient) -> None:
        too_many = NewFulfillment(lines=(Line(id=EBOOK, quantity=99),))
        site.seed(storeOrders=[{"order": a_store_order(id=SECOND_ORDER)}])

        good, bad = await fulfillments.create_in_bulk(
            wix, SITE, {STORE_ORDER: [self.SHIRT_ALONE], SECOND_ORDER: [too_many]}
        )

        assert (good.order_id, good.is_success, len(good.shipments)) == (STORE_ORDER, True, 1)
        assert (bad.order_id, bad.is_success, bad.shipments) == (SECOND_ORDER, False, ())
        assert bad.code

    async def test_the_documented_bulk_call(self, site: SandboxSite) -> None:
        asked = documented("bulk_create_fulfillments.request")
        wire = Wire(documented("bulk_create_fulfillments.answer"))
        new = {
            order["orderId"]: [
                NewFulfillment(
                    lines=tuple(Line(**line) for line in parcel["lineItems"]),
                    tracking_number=parcel["trackingInfo"]["trackingNumber"],
                    shipping_provider=parcel["trackingInfo"]["shippingProvider"],
                )
                for parcel in order["fulfillments"]
            ]
            for order in asked["ordersWithFulfillments"]
        }
        async with wired(site, wire) as wix:
            results = await fulfillments.create_in_bulk(wix, SITE, new)

        assert wire.bodies() == [asked]
        assert [(one.order_id, one.is_success) for one in results] == [(order_id, True) for order_id in new]


class TestPeople:
    async def test_every_member_is_listed_once(self, site: SandboxSite, wix: WixClient) -> None:
        ids = {f"22222222-2222-4222-8222-{number(one)}" for one in range(5)}
        site.seed(members=[{"member": a_member(id=one)} for one in ids])

        found = [member async for member in members.list_members(wix, SITE, page=2)]

        assert {member.id for member in found} == {*ids, MEMBER}
        assert len(found) == 6
        assert found[0].email == MEMBERS_ADDRESS

    async def test_a_merged_contact_is_the_one_it_was_merged_into(
        self, site: SandboxSite, wix: WixClient
    ) -> None:
        site.seed(contacts=[{"contact": a_contact(), "mergedFrom": [MERGED]}])

        merged, itself = [await contacts.get_contact(wix, SITE, one) for one in (MERGED, CONTACT)]

        assert (merged.id, merged.is_merged) == (CONTACT, True)
        assert (itself.id, itself.is_merged) == (CONTACT, False)


class TestConsent:
    async def test_what_an_owner_of_an_address_said_is_noted(self, site: SandboxSite, wix: WixClient) -> None:
        said = await email_subscriptions.upsert(
            wix, SITE, MEMBERS_ADDRESS, subscription_status="UNSUBSCRIBED"
        )
        found = await email_subscriptions.query(wix, SITE, MEMBERS_ADDRESS)

        assert said.subscription_status == found.subscription_status == "UNSUBSCRIBED"

    async def test_a_link_to_unsubscribe_can_be_had(self, wix: WixClient) -> None:
        assert (await email_subscriptions.unsubscribe_link(wix, SITE, MEMBERS_ADDRESS)).startswith("http")


class TestInbox:
    async def test_a_message_lies_in_the_conversation_it_was_sent_to(self, wix: WixClient) -> None:
        before = datetime.now(UTC) - timedelta(minutes=1)
        participant = Participant(kind="memberId", id=MEMBER)
        conversation = await inbox.get_or_create_conversation(wix, SITE, participant)
        message = NewMessage(preview="Hi", text="Hello there")
        sent = await inbox.send_message(wix, SITE, conversation.id, message, by_email=True)

        again = await inbox.get_conversation(wix, SITE, conversation.id)
        (found,) = [one async for one in inbox.list_messages(wix, SITE, conversation.id, since=before)]
        assert again == conversation
        assert (found.id, found.texts) == (sent.message_id, ("Hello there",))

    async def test_a_conversation_that_is_gone_is_not_found(self, wix: WixClient) -> None:
        with pytest.raises(NotFound):
            await inbox.get_conversation(wix, SITE, NOBODY)


class TestSite:
    async def test_where_it_does_business_and_when(self, wix: WixClient) -> None:
        found = await sites.get_properties(wix, SITE)

        assert found.name == "Demo Studio"
        assert (found.time_zone, found.currency, found.language) == ("Europe/Berlin", "EUR", "en")
        assert [one.open_day for one in found.open_periods][:2] == ["MONDAY", "TUESDAY"]
        assert {(one.open_time, one.close_time) for one in found.open_periods} == {("09:00", "17:00")}

    async def test_what_nobody_entered_is_none(self, site: SandboxSite) -> None:
        async with wired(site, Wire({"properties": {}})) as wix:
            found = await sites.get_properties(wix, SITE)

        assert (found.time_zone, found.open_periods, found.special_periods) == (None, (), ())

    async def test_our_app_on_it(self, wix: WixClient) -> None:
        found = await sites.get_instance(wix, SITE)

        assert (found.instance_id, found.site_name) == (SITE, "Demo Studio")
        assert "MEMBERS.MEMBER_READ" in found.permissions
        assert "pricing_plans" in found.wix_apps

    async def test_without_the_permission_it_is_refused(self, site: SandboxSite, wix: WixClient) -> None:
        site.seed(sites=[{"denied": ["SITE_PROPERTIES.VIEW"]}])

        with pytest.raises(WixRefused) as refused:
            await sites.get_properties(wix, SITE)

        assert refused.value.status == 403


class TestPages:
    """Lists by offset, which shift while they are read."""

    async def read(self, site: SandboxSite, wire: Wire) -> list[PlanOrder]:
        async with wired(site, wire) as wix:
            return [one async for one in plan_orders.list_orders(wix, SITE, page=2)]

    async def test_an_order_that_slid_onto_the_next_page_comes_once(self, site: SandboxSite) -> None:
        wire = Wire(page("a", "b", total=5), page("b", "c", total=5), page("d", total=5))

        assert [one.id for one in await self.read(site, wire)] == ["a", "b", "c", "d"]
        assert len(wire.asked) == 3

    async def test_an_answer_without_a_count_ends_with_its_first_short_page(self, site: SandboxSite) -> None:
        """One of Wix's own examples has no paging metadata."""
        wire = Wire(page("a", "b"), page("c"))

        assert [one.id for one in await self.read(site, wire)] == ["a", "b", "c"]
        assert len(wire.asked) == 2

    async def test_a_wix_that_ignores_the_offset_is_not_asked_for_ever(self, site: SandboxSite) -> None:
        assert [one.id for one in await self.read(site, Wire(page("a", "b", total=9)))] == ["a", "b"]

    async def test_filters_and_sorting_are_spelled_as_wix_spells_them(self, site: SandboxSite) -> None:
        wire = Wire(page())
        query = OrderQuery(
            buyer_ids=("b",),
            plan_ids=("p", "q"),
            order_statuses=("CANCELED", "ENDED"),
            payment_statuses=("PAID",),
            auto_renew_canceled=False,
            sort_by="endDate",
            field_set="FULL",
        )
        async with wired(site, wire) as wix:
            assert [one async for one in plan_orders.list_orders(wix, SITE, query)] == []

        assert sorted(wire.asked[0].url.params.multi_items()) == [
            ("autoRenewCanceled", "false"),
            ("buyerIds", "b"),
            ("fieldSet", "FULL"),
            ("limit", "50"),
            ("offset", "0"),
            ("orderStatuses", "CANCELED"),
            ("orderStatuses", "ENDED"),
            ("paymentStatuses", "PAID"),
            ("planIds", "p"),
            ("planIds", "q"),
            ("sorting.fieldName", "endDate"),
            ("sorting.order", "ASC"),
        ]


def page(*ids: str, total: int | None = None) -> dict[str, Any]:
    metadata = {} if total is None else {"pagingMetadata": {"total": total}}
    return {"orders": [{"id": one} for one in ids], **metadata}
