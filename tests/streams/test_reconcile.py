"""Reconcile: what Wix's lists have and the ledger hasn't is loaded, told apart, and never acted on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.lifecycle import ForgottenFacts
from ingest.settings import KafkaSettings
from streams.effect import State, immediate_key
from streams.fulfill import Fulfiller
from streams.lifecycle_upkeep import from_forgotten
from streams.meters import Meters
from streams.outcomes import OutcomeSender
from streams.reconcile import Comparison, SiteForgotten
from streams.rows import RowPublisher
from streams.settings import FlowSettings
from streams.sites import Sites
from streams.wix.errors import WixUnreachable
from streams.wix.order_query import PAGE
from tests.streams.on_the_log import make_topics
from tests.streams.town import Town
from tests.streams.wix_site import (
    PLAN_ORDER,
    SHIRT,
    SITE,
    STORE_ORDER,
    SandboxSite,
    a_plan_order,
    a_store_order,
    iso,
    sandbox_site,
)

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC)
LONG_AGO = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)
OLD_PLAN_ORDER = "77777777-7777-4777-8777-777777777777"
PARCEL = "88888888-8888-4888-8888-888888888888"


@pytest.fixture(scope="module")
def wix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxSite]:
    with sandbox_site(tmp_path_factory.mktemp("wix")) as site:
        yield site


@pytest.fixture
def town(kafka: KafkaSettings, wix: SandboxSite, tmp_path: Path) -> Iterator[Town]:
    """A Wix with a plan order, an old one and a store order, of which nobody here has heard."""
    make_topics(kafka)
    wix.begin_anew()
    wix.seed(planOrders=[{"order": an_old_order()}])
    town = Town(kafka, wix, tmp_path)
    yield town
    town.ledger.close()


def an_old_order(**changed: Any) -> dict[str, Any]:
    """From before the app was there."""
    return a_plan_order(id=OLD_PLAN_ORDER, createdDate=iso(LONG_AGO), updatedDate=iso(LONG_AGO)) | changed


async def compared(town: Town, since: datetime | None = None, **more: Any) -> Comparison:
    """The site compared, and what was found taken in."""
    async with town.reconciler(**more) as reconciler:
        result = await reconciler.compare(SITE, since)
    await town.absorb()
    return result


async def orders(town: Town) -> dict[str, dict[str, Any]]:
    found = await town.report("orders", kind="subscription") + await town.report("orders", kind="store")
    return {row["order_id"]: row for row in found}


class TestLoading:
    async def test_history_from_before_is_loaded_and_nobody_is_notified(self, town: Town) -> None:
        result = await compared(town)

        assert (result.tally.listed, result.tally.unknown, result.gone) == (3, 3, ())
        assert set(await orders(town)) == {PLAN_ORDER, OLD_PLAN_ORDER, STORE_ORDER}
        assert [row.kind for row in await town.rows() if row.kind == "effect"] == []
        assert town.wix.messages == [] == town.wix.fulfillments

    async def test_the_site_is_then_observed_from_its_oldest_order(self, town: Town) -> None:
        await compared(town)

        (site,) = await town.report("sites")
        assert datetime.fromisoformat(site["observed_from"]) == LONG_AGO

    async def test_what_is_known_already_is_not_loaded_again(self, town: Town) -> None:
        await compared(town)

        again = await compared(town)

        assert (again.tally.listed, again.tally.healed) == (3, 0)
        assert len([row for row in await town.rows() if row.what == "snapshot"]) == 3

    async def test_a_change_that_no_webhook_told_is_healed(self, town: Town) -> None:
        await compared(town)
        town.wix.seed(planOrders=[{"order": an_old_order(status="CANCELED", updatedDate=iso(NOW))}])

        healed = await compared(town)

        assert (healed.tally.unknown, healed.tally.different) == (0, 1)
        assert (await orders(town))[OLD_PLAN_ORDER]["status"] == "CANCELED"

    async def test_fulfillments_that_no_webhook_told_are_healed(self, town: Town) -> None:
        await compared(town)
        shipped = a_store_order(
            fulfillmentStatus="PARTIALLY_FULFILLED", updatedDate=iso(NOW + timedelta(minutes=1))
        )
        town.wix.seed(
            fulfillments=[{"orderId": STORE_ORDER, "fulfillments": [a_parcel()]}],
            storeOrders=[{"order": shipped}],
        )

        healed = await compared(town)
        again = await compared(town)

        assert (healed.tally.different, healed.tally.shipments) == (1, 1)
        assert (await orders(town))[STORE_ORDER]["state"] == "partially_fulfilled"
        assert (again.tally.different, again.tally.shipments) == (0, 0)

    async def test_what_wix_no_longer_has_is_told_and_kept(self, town: Town, wix: SandboxSite) -> None:
        await compared(town)
        wix.begin_anew()

        result = await compared(town)

        assert result.gone == (OLD_PLAN_ORDER,)
        assert OLD_PLAN_ORDER in await orders(town)

    async def test_with_a_since_older_changes_are_left_alone_and_the_site_is_not_called_loaded(
        self, town: Town
    ) -> None:
        result = await compared(town, NOW - timedelta(hours=1))

        assert result.tally.unknown == 2
        assert OLD_PLAN_ORDER not in await orders(town)
        assert [row.what for row in await town.rows() if row.what == "reconciled"] == []


class TestForgotten:
    async def test_nothing_is_loaded_of_a_site_that_is_forgotten(self, town: Town) -> None:
        await town.publish(from_forgotten(SITE, SITE, ForgottenFacts(scope="site"), at=NOW))
        await town.absorb()
        asked = town.wix.received["requests"]

        with pytest.raises(SiteForgotten):
            await compared(town)

        assert town.wix.received["requests"] == asked


class TestGoingOn:
    async def test_after_a_failure_it_goes_on_behind_the_last_page(self, town: Town) -> None:
        many = [a_plan_order(id=f"99999999-9999-4999-8999-{n:012d}") for n in range(PAGE + 5)]
        town.wix.seed(planOrders=[{"order": one} for one in many])
        town.wix.fault(method="POST", path="/ecom/v1/orders/search", status=503, times=9)
        with pytest.raises(WixUnreachable):
            await compared(town)
        asked = town.wix.received["requests"]
        town.wix.heal()

        result = await compared(town)

        # Neither page of plan orders is asked for again.
        assert town.wix.received["requests"] - asked < 4
        assert result.is_resumed
        assert (result.tally.listed, result.tally.unknown, result.gone) == (PAGE + 8, PAGE + 8, ())
        assert len(await orders(town)) == PAGE + 8

    async def test_a_page_that_was_half_written_down_is_asked_for_again(self, town: Town) -> None:
        town.wix.fault(method="POST", path="/ecom/v1/orders/search", status=503, times=9)
        with pytest.raises(WixUnreachable):
            await compared(town)
        town.wix.heal()
        (journal,) = (town.folder / "reconcile").iterdir()
        journal.write_text(journal.read_text() + '{"stage": "sto')

        result = await compared(town)

        assert (result.is_resumed, result.tally.listed) == (True, 3)
        assert list((town.folder / "reconcile").iterdir()) == []


class TestFulfill:
    async def test_an_approved_order_that_no_webhook_told_gets_its_fulfillment_due_once(
        self, town: Town
    ) -> None:
        async with town.outbox() as outbox:
            flows = FlowSettings(_env_file=None, fulfillment_policy="immediate")
            fulfiller = Fulfiller(outbox, Sites(flows), flows.fulfillment_max_age)

            first = await compared(town, fulfill=fulfiller)
            second = await compared(town, fulfill=fulfiller)

            found = await outbox.show(immediate_key(SITE, STORE_ORDER))
            async with RowPublisher(town.kafka) as publisher:
                await OutcomeSender(outbox, publisher, Meters()).send()
        await town.absorb()
        assert (first.tally.made_due, second.tally.made_due) == (1, 0)
        assert found is not None
        assert found.held.state is State.DUE
        (effects,) = await town.report("effects", flow="fulfillment")
        assert (effects["due"], effects["open"]) == (1, 1)

    async def test_where_the_warehouse_tells_nothing_is_made_due(self, town: Town) -> None:
        async with town.outbox() as outbox:
            flows = FlowSettings(_env_file=None)
            result = await compared(town, fulfill=Fulfiller(outbox, Sites(flows), flows.fulfillment_max_age))
        assert result.tally.made_due == 0


def a_parcel() -> dict[str, Any]:
    return {"id": PARCEL, "createdDate": iso(NOW), "lineItems": [{"id": SHIRT, "quantity": 2}]}
