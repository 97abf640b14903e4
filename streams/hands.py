"""What a worker carries out with: the client of Wix, each site's quota, a procedure for every flow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from streams.access_procedure import AccessProcedure, granted_before
from streams.access_receiver import AccessReceiver, Endpoint
from streams.effect import ACCESS, FULFILLMENT, PAYMENT_NOTICE, PURCHASE_NOTICE
from streams.notice import NoticeProcedure
from streams.outbox import Outbox
from streams.owners import Owners, read
from streams.procedure import Procedure
from streams.quota import Quota
from streams.quota_counts import QuotaCounts
from streams.quota_keeper import kept
from streams.runner import Runner, worker_name
from streams.settings import FlowSettings, WixSettings, WorkerSettings
from streams.shipment import ShipmentProcedure
from streams.wix.client import WixClient


@contextlib.asynccontextmanager
async def at_work(
    outbox: Outbox,
    stop: asyncio.Event,
    *,
    wix: WixSettings,
    flows: FlowSettings,
    worker: WorkerSettings,
    owners: Owners | None = None,
    access: Endpoint | None = None,
) -> AsyncIterator[None]:
    """Carry out what is due within the block; what was begun is ended once `stop` is set.

    `owners` are read here unless they were before.
    """
    name, quota = worker_name(), Quota(wix.live_calls_per_minute)
    counts = QuotaCounts(quota.take, worker=name, limit=wix.wix_calls_per_minute)
    async with (
        WixClient(wix, take=counts.take) as client,
        _receiver(access, wix) as receiver,
        kept(counts, outbox),
    ):
        changes = AccessProcedure(client, receiver, granted_before(outbox))
        runner = Runner(
            outbox,
            {**procedures(client, owners or read(flows), flows), ACCESS: changes},
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


def procedures(client: WixClient, owners: Owners, flows: FlowSettings) -> dict[str, Procedure]:
    """How the effects of each flow at Wix are carried out."""
    notice = NoticeProcedure(client, owners.sites, flows, owners.templates)
    shipment = ShipmentProcedure(client, owners.sites, flows)
    return {PAYMENT_NOTICE: notice, PURCHASE_NOTICE: notice, FULFILLMENT: shipment}


@contextlib.asynccontextmanager
async def _receiver(access: Endpoint | None, wix: WixSettings) -> AsyncIterator[AccessReceiver | None]:
    """Who is told of changes of access. Claims are measured by Wix's calls, so it gets no more time."""
    if access is None:
        yield None
        return
    async with AccessReceiver(access, timeout_seconds=wix.wix_timeout_seconds) as receiver:
        yield receiver
