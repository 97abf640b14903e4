"""Upkeep: what one worker does beside the flows: sites' properties, and comparing with Wix's lists."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from ingest.admin import end_offsets
from ingest.topics import EVENT_TOPICS, SNAPSHOTS
from streams.ledger_owner import OwnerAway
from streams.outbox import Outbox, OutboxAway
from streams.reconcile import Comparison, Reconciler
from streams.reconcile_run import Failed, ReconcilePlan, Result, compare_sites, reconciler
from streams.running import ask_log
from streams.settings import UpkeepSettings
from streams.site_properties import SiteProperties
from streams.upkeep_schedule import Due, Seen, compared, due, looked

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
# What can't be done now, because the ledger or the outbox is away, is tried again after this.
AWAY_SECONDS = 60.0
# One worker does it for all; its lease is renewed with every beat, and three times while it lasts.
LEASE = "orderline.upkeep"
NOTE = "upkeep"
RENEWALS = 3

# Snapshots are our own: they say nothing about whether Wix reaches us.
FROM_OUTSIDE = [topic.name for topic in EVENT_TOPICS if topic is not SNAPSHOTS]

_SEEN: TypeAdapter[Seen] = TypeAdapter(Seen)


@dataclass(slots=True)
class Upkeep:
    """`run` goes on until it is cancelled; what it was doing then is gone on with by whoever is next."""

    outbox: Outbox
    plan: ReconcilePlan
    settings: UpkeepSettings
    me: str = field(default_factory=lambda: f"upkeep-{uuid4().hex[:12]}")

    async def run(self) -> None:
        """Look after each beat; a failure is logged once per kind and tried again.

        With a site owner's API key alone there is nothing to do: it doesn't speak for instances.
        """
        if not (self.plan.wix.wix_app_id and self.plan.wix.wix_app_secret.get_secret_value()):
            return
        said = ""
        async with reconciler(self.plan, tell=lambda until: None) as tools:
            properties = SiteProperties(self.outbox, tools.wix, tools.publisher, {})
            while True:
                pause = BEAT_SECONDS
                try:
                    await self.turn(tools, properties)
                    said = ""
                except (OwnerAway, OutboxAway) as error:
                    if str(error) != said:
                        log.info("upkeep waits: %s", error)
                    said, pause = str(error), AWAY_SECONDS
                except Exception:
                    log.exception("upkeep failed; it tries again")
                    pause = AWAY_SECONDS
                await asyncio.sleep(pause)

    async def turn(self, tools: Reconciler, properties: SiteProperties) -> None:
        """Do what is due now, unless another worker is at it."""
        if not await self.outbox.lease(self.me, LEASE):
            return
        async with self._leased():
            # Soon done; the other may take an hour.
            await properties.ask(await tools.owner.sites(), now=datetime.now(UTC))
            await self._compare(tools)

    async def _compare(self, tools: Reconciler) -> None:
        seen = await self._look()
        what = due(seen, self.settings, now=datetime.now(UTC))
        if what is None:
            return
        sites = await tools.owner.sites()
        results = await compare_sites(tools, sites, what.since, tell=lambda site, tally: None)
        _say(what, results)
        # One site that doesn't answer waits for the next night; if none does, it is not the sites.
        if results and all(isinstance(one, Failed) and one.is_away for one in results):
            raise OwnerAway(self.plan.reports.reports_url, "or Wix was away while sites were compared")
        await self._note(compared(seen, what, now=datetime.now(UTC)))

    async def _look(self) -> Seen:
        """How much came in from outside, as all workers remember it."""
        noted = await self.outbox.noted(NOTE)
        before = _SEEN.validate_python(noted) if noted else None
        ends = await ask_log(lambda: end_offsets(self.plan.kafka, FROM_OUTSIDE))
        seen = looked(
            before, sum(ends.values()), after_gap=self.settings.reconcile_after_gap, now=datetime.now(UTC)
        )
        if seen != before:
            await self._note(seen)
        return seen

    async def _note(self, seen: Seen) -> None:
        body: dict[str, Any] = _SEEN.dump_python(seen, mode="json")
        await self.outbox.note(NOTE, body)

    @contextlib.asynccontextmanager
    async def _leased(self) -> AsyncIterator[None]:
        """Keep the lease; if it is lost all the same, another does the same again, which does no harm."""
        renewing = asyncio.ensure_future(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.outbox.site_lease.total_seconds() / RENEWALS)
            with contextlib.suppress(OutboxAway):
                await self.outbox.renew(self.me, [LEASE])


def _say(what: Due, results: list[Result]) -> None:
    done = [one for one in results if isinstance(one, Comparison)]
    healed, gone = sum(one.tally.healed for one in done), sum(one.tally.gone for one in done)
    log.info(
        "compared %d of %d sites with Wix's lists (%s): %d orders loaded, %d gone at Wix",
        len(done),
        len(results),
        what.why,
        healed,
        gone,
    )
    for one in results:
        if not isinstance(one, Comparison):
            log.warning("site %s was not compared: %s", one.site, one.why)
