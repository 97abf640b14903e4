"""What Wix's lists say of one site, against what the ledger knows; the difference goes to `snapshots`.

From there the worker makes rows of it, and rows only: no flow reads that topic, so an import of
ten thousand old orders sends nobody a message.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analytics.lifecycle import ReconciledFacts, Shipment
from ingest.record import EventRecord, parse_time
from streams import snapshot
from streams.fields import moment, text
from streams.fulfill import Fulfiller
from streams.known import KnownOrder, difference, has_other_shipments
from streams.ledger_owner import LedgerOwner
from streams.lifecycle_upkeep import from_reconciled
from streams.reconcile_journal import Journal, Tally
from streams.rows import RowPublisher
from streams.wix import fulfillments, plan_orders, store_orders
from streams.wix.client import WixClient
from streams.wix.errors import NotFound
from streams.wix.listing import Page, changed_since, plan_orders_page, store_orders_page

SHIPPED = ("FULFILLED", "PARTIALLY_FULFILLED")
# Wix's lists hold no store orders that are being initialized, so their absence says nothing.
NEVER_LISTED = "INITIALIZED"

Json = Mapping[str, Any]
Tell = Callable[[Tally], None]


class SiteForgotten(Exception):
    """The ledger drops whatever is loaded of the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of one site. `gone` are orders that the ledger has and Wix no longer does."""

    site: str
    is_whole: bool
    tally: Tally
    gone: tuple[str, ...] = ()
    is_resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Compares sites, one call after another within each. `fulfill` None makes nothing due."""

    wix: WixClient
    owner: LedgerOwner
    publisher: RowPublisher
    folder: Path
    fulfill: Fulfiller | None = None
    tell: Tell = field(default=lambda tally: None)

    async def compare(self, site: str, since: datetime | None = None) -> Comparison:
        """Load what we don't know, or know differently; `since` leaves older changes alone.

        Stopped at any moment and called again, it goes on behind the last page it finished.

        Raises:
            SiteForgotten: nothing is loaded for it.
            WixError: Wix refused, or didn't answer.
            OwnerAway: nobody says what the ledger knows.
        """
        if await self.owner.is_forgotten(site):
            raise SiteForgotten
        # Before Wix is asked: what comes in meanwhile is then loaded once too often, never missed.
        known = await self.owner.orders(site)
        journal = Journal.opened(self.folder, site, since, now=datetime.now(UTC))
        is_resumed = journal.is_resumed
        if journal.stage == "plan":
            await self._plan_orders(site, since, known, journal)
        if journal.stage == "store":
            await self._store_orders(site, since, known, journal)
        gone = () if since else await self._gone(site, known, journal)
        if since is None:
            await self._tell_ledger(site, journal)
        journal.done()
        return Comparison(
            site=site, is_whole=since is None, tally=journal.tally, gone=gone, is_resumed=is_resumed
        )

    async def _plan_orders(
        self, site: str, since: datetime | None, known: Mapping[str, KnownOrder], journal: Journal
    ) -> None:
        cursor: str | None = journal.cursor
        while True:
            page = await plan_orders_page(self.wix, site, cursor)
            fresh = [order for order in page.orders if changed_since(order, since)]
            await self.publisher.snapshots(self._news(site, page, fresh, known, journal.tally))
            cursor = page.next
            journal.moved("plan" if cursor else "store", cursor, _ids(page.orders))
            self.tell(journal.tally)
            if cursor is None:
                return

    async def _store_orders(
        self, site: str, since: datetime | None, known: Mapping[str, KnownOrder], journal: Journal
    ) -> None:
        cursor: str | None = journal.cursor
        while True:
            page = await store_orders_page(self.wix, site, cursor, since=since)
            fresh = [order for order in page.orders if changed_since(order, since)]
            news = self._news(site, page, fresh, known, journal.tally)
            news += await self._shipments(site, fresh, known, journal.tally)
            await self.publisher.snapshots(news)
            if self.fulfill is not None:
                journal.tally.made_due += await self.fulfill.make_due(site, fresh)
            cursor = page.next
            journal.moved("store" if cursor else "gone", cursor, _ids(page.orders))
            self.tell(journal.tally)
            if cursor is None:
                return

    def _news(
        self,
        site: str,
        page: Page,
        orders: Iterable[Json],
        known: Mapping[str, KnownOrder],
        tally: Tally,
    ) -> list[EventRecord]:
        """The orders of a page that tell us something."""
        news = []
        for order in orders:
            tally.listed += 1
            tally.saw(moment(order, "createdDate"))
            found = difference(order, known.get(text(order, "id") or ""))
            if found is not None:
                tally.unknown += found == "unknown"
                tally.different += found == "different"
                news.append(snapshot.of_order(site, order, asked_at=page.asked_at))
        return news

    async def _shipments(
        self, site: str, orders: Iterable[Json], known: Mapping[str, KnownOrder], tally: Tally
    ) -> list[EventRecord]:
        """The fulfillments that we don't know; asked for a whole page of orders at a time."""
        asked = [order_id for order in orders if (order_id := _may_be_shipped(order, known))]
        if not asked:
            return []
        asked_at = datetime.now(UTC)
        listed = await fulfillments.list_for_orders(self.wix, site, asked)
        other = {
            order_id: shipments
            for order_id, shipments in listed.items()
            if has_other_shipments(shipments, known.get(order_id))
        }
        tally.shipments += len(other)
        return [_parcels(site, order_id, shipments, asked_at) for order_id, shipments in other.items()]

    async def _gone(self, site: str, known: Mapping[str, KnownOrder], journal: Journal) -> tuple[str, ...]:
        """Orders that only we know; each is asked for by its id, since a list may leave one out."""
        missing = [one for one in known.values() if one.order_id not in journal.seen]
        gone = [
            one.order_id for one in missing if one.status != NEVER_LISTED and await self._is_gone(site, one)
        ]
        journal.tally.gone = len(gone)
        return tuple(gone)

    async def _is_gone(self, site: str, order: KnownOrder) -> bool:
        get = plan_orders.get_order if order.kind == "plan" else store_orders.get_order
        try:
            await get(self.wix, site, order.order_id)
        except NotFound:
            return True
        return False

    async def _tell_ledger(self, site: str, journal: Journal) -> None:
        tally = journal.tally
        facts = ReconciledFacts(
            found=tally.listed,
            healed=tally.healed,
            gone=tally.gone,
            earliest_order_at=parse_time(tally.earliest_order_at),
        )
        await self.publisher.rows([from_reconciled(site, facts, began_at=journal.began_at)])


def _ids(orders: Iterable[Json]) -> list[str]:
    return [order_id for order in orders if (order_id := text(order, "id"))]


def _may_be_shipped(order: Json, known: Mapping[str, KnownOrder]) -> str | None:
    """The id of an order that has a fulfillment, at Wix or with us."""
    order_id = text(order, "id")
    ours = known.get(order_id or "")
    has_ours = ours is not None and bool(ours.shipments)
    return order_id if has_ours or text(order, "fulfillmentStatus") in SHIPPED else None


def _parcels(site: str, order_id: str, shipments: tuple[Shipment, ...], asked_at: datetime) -> EventRecord:
    return snapshot.of_shipments(site, order_id, shipments, asked_at=asked_at)
