"""What becomes of an approved order or a handover: asked, decided and created at the sandbox Wix."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.lifecycle import Line
from streams import reason
from streams.effect import Effect
from streams.procedure import Claim, Done, Fail, Ready, Suppress
from streams.settings import FlowSettings
from streams.shipment import ShipmentProcedure
from streams.sites import Sites
from streams.wix.client import WixClient
from streams.wix.errors import WixBusy, WixRefused, WixUnreachable
from tests.streams.doubt import in_doubt, ready
from tests.streams.wix_site import (
    EBOOK,
    NOW,
    SHIRT,
    SITE,
    STORE_ORDER,
    SandboxSite,
    a_handover,
    a_line,
    a_store_order,
    an_immediate_fulfillment,
    iso,
)

ANOTHER_ORDER = "99999999-9999-4999-8999-999999999999"
CREATING = {"method": "POST", "path": "*/create-fulfillment"}


@pytest.fixture
def handovers(wix: WixClient) -> ShipmentProcedure:
    """A site that ships when its warehouse tells, which is what sites do by default."""
    return procedure(wix)


@pytest.fixture
def at_once(wix: WixClient) -> ShipmentProcedure:
    """A site that ships as soon as an order is approved."""
    return procedure(wix, fulfillment_policy="immediate")


def procedure(wix: WixClient, **settings: Any) -> ShipmentProcedure:
    flows = FlowSettings(_env_file=None, **settings)
    return ShipmentProcedure(wix, Sites(flows), flows)


async def carried_out(shipments: ShipmentProcedure, effect: Effect) -> Done:
    done = await shipments.act(effect, await ready(shipments, effect))
    return await shipments.confirm(effect, done)


class TestHandover:
    async def test_what_left_is_created_with_its_tracking_number_and_what_wix_lists_is_kept(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        done = await carried_out(handovers, a_handover())

        [made] = site.fulfillments
        assert made["orderId"] == STORE_ORDER
        assert made["body"]["lineItems"] == [{"id": SHIRT, "quantity": 1}]
        assert made["body"]["trackingInfo"]["trackingNumber"] == "12345"
        assert made["body"]["trackingInfo"]["shippingProvider"] == "fedex"
        [shipment] = done.shipments
        assert done.wix_id == made["fulfillmentId"] == shipment.id
        assert shipment.lines == (Line(id=SHIRT, quantity=1),)
        # Wix makes the links of carriers it knows; only its list tells.
        assert shipment.tracking_link is not None
        assert shipment.tracking_link.startswith("https://www.fedex.com/")

    async def test_what_is_kept_is_all_that_wix_lists_afterwards(self, handovers: ShipmentProcedure) -> None:
        effect = a_handover()
        done = await handovers.act(effect, await ready(handovers, effect))
        other = await carried_out(handovers, a_handover(key="box-2", tracking_number="67890"))

        confirmed = await handovers.confirm(effect, done)

        assert [one.id for one in confirmed.shipments] == [done.wix_id, other.wix_id]
        assert confirmed.wix_id == done.wix_id

    async def test_without_lines_it_is_all_that_is_left_to_ship(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        await carried_out(handovers, a_handover())

        await carried_out(handovers, a_handover([], key="box-2", tracking_number="67890"))

        assert site.fulfillments[1]["body"]["lineItems"] == [{"id": SHIRT, "quantity": 1}]

    async def test_the_same_items_under_the_same_tracking_number_are_one_fulfillment(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        """A warehouse that tells twice, with two keys."""
        first = await carried_out(handovers, a_handover())

        second = await carried_out(handovers, a_handover(key="box-1-again"))

        assert second.wix_id == first.wix_id
        assert len(site.fulfillments) == 1

    async def test_a_tracking_number_in_use_elsewhere_is_for_a_person(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        site.seed(storeOrders=[{"order": a_store_order(id=ANOTHER_ORDER)}])
        await carried_out(handovers, a_handover(order_id=ANOTHER_ORDER))
        effect = a_handover()

        with pytest.raises(WixRefused) as refused:
            await handovers.act(effect, await ready(handovers, effect))

        assert refused.value.reason == reason.TRACKING_NUMBER_IN_USE
        assert refused.value.next_step is not None
        assert len(site.fulfillments) == 1

    async def test_a_tracking_number_with_other_items_is_for_a_person(
        self, handovers: ShipmentProcedure
    ) -> None:
        await carried_out(handovers, a_handover())
        effect = a_handover([{"id": EBOOK, "quantity": 1}], key="box-2")

        with pytest.raises(WixRefused) as refused:
            await handovers.act(effect, await ready(handovers, effect))

        assert refused.value.reason == reason.TRACKING_NUMBER_IN_USE

    @pytest.mark.parametrize(
        "lines",
        [
            [{"id": SHIRT, "quantity": 3}],
            [{"id": "00000000-0000-0000-0000-000000000009", "quantity": 1}],
            [{"id": SHIRT, "quantity": 1}, {"id": SHIRT, "quantity": 1}],
        ],
        ids=["more than were ordered", "of another order", "a line twice"],
    )
    async def test_items_that_wix_does_not_take_are_for_the_warehouse(
        self, site: SandboxSite, handovers: ShipmentProcedure, lines: list[dict[str, Any]]
    ) -> None:
        effect = a_handover(lines)

        with pytest.raises(WixRefused) as refused:
            await handovers.act(effect, await ready(handovers, effect))

        assert refused.value.reason == reason.ITEMS_REFUSED
        assert "new Idempotency-Key" in str(refused.value.next_step)
        assert site.fulfillments == []

    async def test_carrier_that_wix_does_not_know_needs_a_link(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        effect = a_handover()
        unknown = replace(effect, payload={**effect.payload, "shipping_provider": "Pedal & Post"})

        with pytest.raises(WixRefused) as refused:
            await handovers.act(unknown, await ready(handovers, unknown))

        assert refused.value.reason == reason.TRACKING_REFUSED
        assert "trackingLink" in str(refused.value.next_step)
        assert site.fulfillments == []

    async def test_items_that_are_fulfilled_already_are_not_fulfilled_again(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        """Named, it is the warehouse's mistake; where all that is left was meant, that is nothing."""
        await carried_out(handovers, a_handover([{"id": SHIRT, "quantity": 2}]))
        named = a_handover([{"id": SHIRT, "quantity": 1}], key="box-2", tracking_number="67890")
        rest = a_handover([], key="box-3", tracking_number="54321")

        with pytest.raises(WixRefused) as refused:
            await handovers.act(named, await ready(handovers, named))

        assert refused.value.reason == reason.ITEMS_REFUSED
        assert await handovers.prepare(rest, now=NOW) == Suppress(reason=reason.ALREADY_FULFILLED)
        assert len(site.fulfillments) == 1

    @pytest.mark.parametrize("order_id", [ANOTHER_ORDER, "../orders", "", "%2e%2e"])
    async def test_an_order_that_wix_does_not_know_is_for_a_person(
        self, handovers: ShipmentProcedure, order_id: str
    ) -> None:
        found = await handovers.prepare(a_handover(order_id=order_id), now=NOW)

        assert isinstance(found, Fail)
        assert found.reason == reason.ORDER_NOT_FOUND


class TestImmediate:
    async def test_all_that_needs_shipping_is_created_and_digital_goods_are_left_to_wix(
        self, site: SandboxSite, at_once: ShipmentProcedure
    ) -> None:
        done = await carried_out(at_once, an_immediate_fulfillment())

        [made] = site.fulfillments
        assert made["body"]["lineItems"] == [{"id": SHIRT, "quantity": 2}]
        assert [one.id for one in done.shipments] == [made["fulfillmentId"]]

    async def test_only_what_nobody_shipped_before_is_created(
        self, site: SandboxSite, at_once: ShipmentProcedure
    ) -> None:
        await carried_out(at_once, a_handover())

        await carried_out(at_once, an_immediate_fulfillment())

        assert site.fulfillments[1]["body"]["lineItems"] == [{"id": SHIRT, "quantity": 1}]

    async def test_a_site_with_a_warehouse_ships_nothing_at_once(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        found = await handovers.prepare(an_immediate_fulfillment(), now=NOW)

        assert found == Suppress(reason=reason.POLICY_HANDOVER)
        assert site.received["requests"] == 0

    async def test_the_policy_is_each_sites_own(self, wix: WixClient, tmp_path: Path) -> None:
        sites = tmp_path / "sites.toml"
        sites.write_text(f'[sites."{SITE}"]\nfulfillment = "immediate"\n')

        prepared = await procedure(wix, sites_file=sites).prepare(an_immediate_fulfillment(), now=NOW)

        assert isinstance(prepared, Ready)

    async def test_an_order_that_does_not_show_as_approved_yet_is_looked_at_again(
        self, site: SandboxSite, at_once: ShipmentProcedure
    ) -> None:
        site.seed(storeOrders=[{"order": a_store_order(status="INITIALIZED")}])

        with pytest.raises(WixBusy):
            await at_once.prepare(an_immediate_fulfillment(), now=NOW)


class TestWhatWixSaysNow:
    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"status": "CANCELED"}, reason.CANCELED),
            ({"status": "REJECTED"}, reason.CANCELED),
            ({"paymentStatus": "FULLY_REFUNDED"}, reason.REFUNDED),
            ({"fulfillmentStatus": "FULFILLED"}, reason.ALREADY_FULFILLED),
            (
                {"lineItems": [a_line(EBOOK, 1, preset="DIGITAL", shippable=False)]},
                reason.NOTHING_TO_SHIP,
            ),
            ({"createdDate": iso(NOW - timedelta(days=31))}, reason.TOO_OLD),
        ],
    )
    async def test_an_order_that_is_not_to_be_shipped_is_left_alone(
        self, site: SandboxSite, at_once: ShipmentProcedure, changed: dict[str, Any], why: str
    ) -> None:
        site.seed(storeOrders=[{"order": a_store_order(**changed)}])

        assert await at_once.prepare(an_immediate_fulfillment(), now=NOW) == Suppress(reason=why)
        assert await at_once.prepare(a_handover(), now=NOW) == Suppress(reason=why)

    async def test_a_partly_refunded_order_is_shipped(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        site.seed(storeOrders=[{"order": a_store_order(paymentStatus="PARTIALLY_REFUNDED")}])

        assert isinstance(await handovers.prepare(a_handover(), now=NOW), Ready)

    async def test_an_old_approval_asks_nothing(self, site: SandboxSite, at_once: ShipmentProcedure) -> None:
        found = await at_once.prepare(an_immediate_fulfillment(age=timedelta(days=31)), now=NOW)

        assert found == Suppress(reason=reason.TOO_OLD)
        assert site.received["requests"] == 0


class TestReadBack:
    """After a doubt: was it created?"""

    async def test_a_handover_whose_answer_was_lost_is_found_by_its_tracking_number(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        effect = a_handover()
        claim = await in_doubt(handovers, effect, site, **CREATING, after=True)

        found = await handovers.read_back(effect, claim)

        assert isinstance(found, Done)
        assert found.wix_id == site.fulfillments[0]["fulfillmentId"]

    async def test_a_handover_that_never_arrived_is_not_found(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        effect = a_handover(key="box-2", tracking_number="67890")
        await carried_out(handovers, a_handover())
        claim = await in_doubt(handovers, effect, site, **CREATING)

        assert await handovers.read_back(effect, claim) is None

    async def test_an_immediate_one_whose_answer_was_lost_is_found(
        self, site: SandboxSite, at_once: ShipmentProcedure
    ) -> None:
        effect = an_immediate_fulfillment()
        claim = await in_doubt(at_once, effect, site, **CREATING, after=True)

        found = await at_once.read_back(effect, claim)

        assert isinstance(found, Done)
        assert found.wix_id == site.fulfillments[0]["fulfillmentId"]

    async def test_an_immediate_one_that_never_arrived_is_not_found(
        self, site: SandboxSite, at_once: ShipmentProcedure
    ) -> None:
        effect = an_immediate_fulfillment()
        claim = await in_doubt(at_once, effect, site, **CREATING)

        assert await at_once.read_back(effect, claim) is None

    async def test_what_others_shipped_before_is_not_ours(
        self, site: SandboxSite, at_once: ShipmentProcedure
    ) -> None:
        """One of two shirts left an hour ago; whether the other did is the question."""
        old = {"id": ANOTHER_ORDER, "createdDate": iso(NOW - timedelta(hours=1))}
        old_shirt = old | {"lineItems": [{"id": SHIRT, "quantity": 1}]}
        site.seed(fulfillments=[{"orderId": STORE_ORDER, "fulfillments": [old_shirt]}])
        site.seed(storeOrders=[{"order": a_store_order()}])
        effect = an_immediate_fulfillment()
        claim = await in_doubt(at_once, effect, site, **CREATING)

        assert await at_once.read_back(effect, claim) is None

    async def test_an_immediate_one_is_done_when_nothing_is_left_to_ship(
        self, site: SandboxSite, at_once: ShipmentProcedure
    ) -> None:
        """Somebody shipped the order piece by piece while we were in doubt."""
        prepared = await ready(at_once, an_immediate_fulfillment())
        await carried_out(at_once, a_handover())
        last = await carried_out(at_once, a_handover(key="box-2", tracking_number="67890"))

        found = await at_once.read_back(
            an_immediate_fulfillment(), Claim(called_at=NOW, facts=prepared.claim)
        )

        assert isinstance(found, Done)
        assert found.wix_id == last.wix_id

    async def test_if_the_question_fails_it_is_neither_done_nor_undone(
        self, site: SandboxSite, handovers: ShipmentProcedure
    ) -> None:
        prepared = await ready(handovers, a_handover())
        site.fault(method="GET", path="/ecom/v1/fulfillments/*", status=503, times=3)

        with pytest.raises(WixUnreachable):
            await handovers.read_back(a_handover(), Claim(called_at=NOW, facts=prepared.claim))
