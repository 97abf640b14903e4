"""What a worker carries out with: the client of Wix, each site's quota, a procedure for every flow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from streams.effect import FULFILLMENT, PAYMENT_NOTICE, PURCHASE_NOTICE
from streams.notice import NoticeProcedure
from streams.outbox import Outbox
from streams.procedure import Procedure
from streams.quota import Quota
from streams.quota_counts import QuotaCounts
from streams.quota_keeper import kept
from streams.runner import Runner, worker_name
from streams.settings import FlowSettings, WixSettings, WorkerSettings
from streams.shipment import ShipmentProcedure
from streams.sites import Sites
from streams.wix.client import WixClient


@contextlib.asynccontextmanager
async def at_work(
    outbox: Outbox, stop: asyncio.Event, *, wix: WixSettings, flows: FlowSettings, worker: WorkerSettings
) -> AsyncIterator[None]:
    """Carry out what is due within the block; what was begun is ended once `stop` is set."""
    name, quota = worker_name(), Quota(wix.live_calls_per_minute)
    counts = QuotaCounts(quota.take, worker=name, limit=wix.wix_calls_per_minute)
    async with WixClient(wix, take=counts.take) as client, kept(counts, outbox):
        runner = Runner(
            outbox,
            procedures(client, Sites(flows), flows),
            sites=worker.worker_sites,
            call_seconds=wix.wix_timeout_seconds,
            owner=name,
        )
        running = asyncio.create_task(runner.run(stop))
        running.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            stop.set()
            await running


def procedures(client: WixClient, sites: Sites, flows: FlowSettings) -> dict[str, Procedure]:
    """How the effects of each flow are carried out."""
    notice, shipment = NoticeProcedure(client, sites, flows), ShipmentProcedure(client, sites, flows)
    return {PAYMENT_NOTICE: notice, PURCHASE_NOTICE: notice, FULFILLMENT: shipment}
