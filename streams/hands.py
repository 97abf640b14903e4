"""What a worker carries out with: the client of Wix, each site's quota, a procedure for every flow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from streams.access_procedure import AccessProcedure, granted_before
from streams.access_receiver import AccessReceiver, Endpoint
from streams.effect import ACCESS, FULFILLMENT, PAYMENT_NOTICE, PURCHASE_NOTICE
from streams.meters import Meters
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
from streams.wix.client import WixClient, wix_transport
from streams.wix.measured import MeasuredTransport


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
    meters: Meters | None = None,
) -> AsyncIterator[None]:
    """Carry out what is due within the block; what was begun is ended once `stop` is set.

    `owners` are read here unless they were before.
    """
    name, quota = worker_name(), Quota(wix.live_calls_per_minute)
    transport = _measured(quota, meters or Meters())
    counts = QuotaCounts(quota.take, worker=name, limit=wix.wix_calls_per_minute)
    async with (
        WixClient(wix, take=counts.take, transport=transport) as client,
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
            quota=quota,
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


def _measured(quota: Quota, meters: Meters) -> MeasuredTransport:
    meters.quota_used.set_function(quota.most_used)
    meters.quota_closed.set_function(quota.closed)

    def observe(api: str, method: str, status: str, seconds: float) -> None:
        meters.request_seconds.labels(api, method, status).observe(seconds)

    return MeasuredTransport(wix_transport(), observe)


@contextlib.asynccontextmanager
async def _receiver(access: Endpoint | None, wix: WixSettings) -> AsyncIterator[AccessReceiver | None]:
    """Who is told of changes of access. Claims are measured by Wix's calls, so it gets no more time."""
    if access is None:
        yield None
        return
    async with AccessReceiver(access, timeout_seconds=wix.wix_timeout_seconds) as receiver:
        yield receiver
