"""Carries out what is due: leases sites, works many side by side, each site's effects in order."""

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from streams.carry import Carrier, seconds, utc_now
from streams.change import Held
from streams.outbox import Errand, Outbox
from streams.outbox_away import OutboxAway
from streams.outbox_circuits import FAILURES
from streams.procedure import Procedure
from streams.quota import Quota
from streams.setback import Backoff

_LOG = logging.getLogger(__name__)

# How soon effects that another process recorded, or whose time has come, are noticed.
POLL_SECONDS = 1.0
# How long calls under way may take to finish once the worker is told to stop.
STOP_SECONDS = 5.0
# How soon after one look for work the next may begin.
PICK_SECONDS = 0.01
AWAY_SECONDS = 1.0
# Payloads of old final effects are emptied a few at a time.
PRUNE_SECONDS = 600.0
PRUNE_PAUSE_SECONDS = 0.5
PRUNE_BATCH = 500


def worker_name() -> str:
    """A name that no other worker has, now or later."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


class Runner:
    """One worker's hands. Several runners on one outbox are safe: a site has one of them at a time.

    `procedures` by flow; effects of other flows are left to builds that know them. `call_seconds`
    is the longest single call, by which claims are measured. `quota` is what the procedures' client
    takes from; it goes with the sites. `now` is the time that procedures decide by.
    """

    def __init__(
        self,
        outbox: Outbox,
        procedures: Mapping[str, Procedure],
        *,
        sites: int = 32,
        call_seconds: float = 10.0,
        backoff: Backoff | None = None,
        owner: str | None = None,
        quota: Quota | None = None,
        poll_seconds: float = POLL_SECONDS,
        stop_seconds: float = STOP_SECONDS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._outbox = outbox
        self._procedures = procedures
        self._capacity = sites
        self._call_seconds = call_seconds
        self._backoff = backoff or Backoff()
        self._owner = owner or worker_name()
        self._quota = quota or Quota()
        self._poll_seconds = poll_seconds
        self._stop_seconds = stop_seconds
        self._now = now
        self._hands: dict[str, asyncio.Task[None]] = {}
        # Sites whose task is past its reads: a call may be under way.
        self._calling: set[str] = set()
        # Sites that ran out of quota or were told to wait, and until when; their lease is kept.
        self._resting: dict[str, float] = {}
        self._released: set[str] = set()
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish or let go within seconds. Never raises for a bad effect."""
        watch = asyncio.create_task(self._wake_on(stop))
        beside = [watch, asyncio.create_task(self._renew()), asyncio.create_task(self._prune())]
        try:
            while not stop.is_set():
                began = seconds()
                pause = self._poll_seconds if await self._pick() else AWAY_SECONDS
                await self._outbox.wait_for_news(pause)
                # News that come together are looked at together.
                await asyncio.sleep(max(0.0, began + PICK_SECONDS - seconds()))
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._let_go()

    async def _pick(self) -> bool:
        """Take up what is ready, as far as there are hands; False if the outbox is away."""
        self._wake_rested()
        errand = Errand(
            owner=self._owner,
            flows=tuple(self._procedures),
            in_hand=(*self._hands, *self._resting),
            released=tuple(self._released),
            calls=self._used(self._released),
            sites=self._capacity - len(self._hands),
        )
        try:
            picked = await self._outbox.pick(errand)
        except OutboxAway as away:
            _LOG.warning("%s", away)
            return False
        self._released.difference_update(errand.released)
        for one in picked:
            self._released.discard(one.site)
            if one.spent is not None:
                self._quota.adopt(one.site, one.spent.calls, age_seconds=one.spent.age_seconds)
            work = self._work(one.site, one.effects)
            self._hands[one.site] = asyncio.create_task(work, name=f"site {one.site}")
        return True

    async def _work(self, site: str, effects: list[Held]) -> None:
        failures = 0
        try:
            for held in effects:
                if self._stopping or failures >= FAILURES:
                    break
                rest, has_failed = await self._carry(site, held)
                failures = failures + 1 if has_failed else 0
                if rest > 0:
                    self._resting[site] = seconds() + rest
                    break
        except OutboxAway as away:
            _LOG.warning("%s", away)
            self._resting[site] = seconds() + AWAY_SECONDS
        except Exception:  # noqa: BLE001 - logged here; the other sites go on
            _LOG.exception("the runner has a bug; site %s is let go", site)
            self._resting[site] = seconds() + AWAY_SECONDS
        finally:
            del self._hands[site]
            if site not in self._resting:
                self._released.add(site)
            self._outbox.wake()

    async def _carry(self, site: str, held: Held) -> tuple[float, bool]:
        """How long the site should rest, in seconds, and whether Wix gave it no service."""
        carrier = Carrier(
            book=self._outbox,
            owner=self._owner,
            procedure=self._procedures[held.effect.flow],
            held=held,
            now=self._now,
            backoff=self._backoff,
            call_seconds=self._call_seconds,
            on_call=lambda: self._calling.add(site),
            calls=lambda: self._quota.used(site),
        )
        try:
            return await carrier.carry(), carrier.site_failed
        finally:
            self._calling.discard(site)

    def _wake_rested(self) -> None:
        now = seconds()
        rested = [site for site, until in self._resting.items() if until <= now]
        for site in rested:
            del self._resting[site]
            self._released.add(site)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._outbox.site_lease.total_seconds() / 3)
            sites = {*self._hands, *self._resting}
            if not sites:
                continue
            try:
                lost = sites - await self._outbox.renew(self._owner, sorted(sites))
            except OutboxAway as away:
                _LOG.warning("%s", away)
            else:
                # Its claims are refused from now on; what is under way is asked after by the new holder.
                if lost:
                    _LOG.warning("lost the lease of %d sites", len(lost))

    async def _prune(self) -> None:
        while True:
            try:
                pruned = await self._outbox.prune(PRUNE_BATCH)
            except OutboxAway:  # said by those whose work it holds up
                pruned = 0
            # Between batches those who carry out get their turn.
            await asyncio.sleep(PRUNE_PAUSE_SECONDS if pruned == PRUNE_BATCH else PRUNE_SECONDS)

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._outbox.wake()

    async def _let_go(self) -> None:
        """Reads are dropped at once, calls may finish within `stop_seconds`, what is left is in doubt."""
        self._stopping = True
        sites = {*self._hands, *self._resting, *self._released}
        for site, task in self._hands.items():
            if site not in self._calling:
                task.cancel()
        for cut in (False, True):
            tasks = list(self._hands.values())
            if cut:
                for task in tasks:
                    task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=self._stop_seconds)
        with suppress(OutboxAway):
            await self._outbox.release(self._owner, sites, self._used(sites))

    def _used(self, sites: Iterable[str]) -> dict[str, int]:
        return {site: self._quota.used(site) for site in sites}
