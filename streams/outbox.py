"""Outbox: effects that are due, claimed, done; kept in SQLite, or in PostgreSQL for many machines.

Every method is one transaction, durable when it returns, and may be called again after a failure.
`OutboxAway` means that the database gave no answer: wait and call again.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from streams import (
    outbox_circuits,
    outbox_claims,
    outbox_forgotten,
    outbox_intake,
    outbox_leases,
    outbox_notes,
    outbox_pauses,
    outbox_people,
    outbox_redrives,
    outbox_unsent,
)
from streams.change import Change, Circuit, Held, Listed, Wanted
from streams.effect import Decision, State
from streams.outbox_away import OutboxAway
from streams.outbox_claims import Claiming, Errand, Picked, Terms
from streams.outbox_forgotten import Scrubbed
from streams.outbox_redrives import Redrive
from streams.outbox_unsent import Unsent
from streams.outbox_writer import Turn, Writer
from streams.pause import Bug, Paused, this_build
from streams.procedure import Ready
from streams.quota_counts import QuotaCount
from streams.settings import OutboxSettings

__all__ = ["Errand", "Outbox", "OutboxAway", "Picked"]


class Outbox:
    """The worker's memory of what is to be done at Wix.

    `clock` replaces the database's own clock, which all workers on one outbox share.
    """

    def __init__(self, settings: OutboxSettings, *, clock: Callable[[], datetime] | None = None) -> None:
        self._writer = Writer(settings.url, clock=clock)
        self._terms = Terms(
            site_lease=settings.site_lease,
            read_back_after=settings.read_back_after,
            build=this_build(settings.build_version),
        )
        self._payloads_kept = settings.payloads_kept
        self._news = asyncio.Event()

    @property
    def site_lease(self) -> timedelta:
        """How long a worker keeps a site without renewing."""
        return self._terms.site_lease

    async def open(self, *, create: bool = True) -> None:
        """Connect, and bring the tables up to date; with `create` False an SQLite file must be there.

        Raises:
            OutboxAway: the database can't be reached.
            SchemaTooNew: a newer build wrote it.
        """
        await self._writer.open(create=create)

    async def close(self) -> None:
        """Finish what was asked and let go of the database; may be called twice."""
        await self._writer.close()

    async def record(self, decision: Decision) -> int:
        """Write one decision down; returns how many effects are new. See `record_many`."""
        return await self.record_many([decision])

    async def record_many(self, decisions: Sequence[Decision]) -> int:
        """Write decisions down, all or none; returns how many effects are new.

        An effect that is there already stays as it is. A mark suppresses its effect, now or when it comes.
        A handover whose key was used before adds nothing; with another body it becomes a refusal to send.

        Raises:
            Unreadable: an id that no database can keep; the record belongs to the dead letters.
        """
        if not any(one.effects or one.marks or one.handover for one in decisions):
            return 0

        def job(turn: Turn) -> int:
            return sum(outbox_intake.record(turn, decision) for decision in decisions)

        added = await self._writer.do(job)
        self.wake()
        return added

    def wake(self) -> None:
        """End `wait_for_news`: there may be something to do."""
        self._news.set()

    async def wait_for_news(self, timeout_seconds: float) -> None:
        """Return when something was recorded here, on `wake`, or after the time; others are silent."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._news.wait()
        self._news.clear()

    async def unsent(self, limit: int = 500) -> list[tuple[int, Unsent]]:
        """The oldest news that the log doesn't have yet, each with the id for `mark_sent`."""
        return await self._writer.do(lambda turn: outbox_unsent.unsent(turn, limit))

    async def mark_sent(self, ids: Sequence[int]) -> None:
        """The log has acknowledged these."""
        await self._writer.do(lambda turn: outbox_unsent.mark_sent(turn, ids))

    async def note_quota(self, counts: Sequence[QuotaCount]) -> None:
        """Have the counts of minutes that are over sent to the ledger."""

        def job(turn: Turn) -> None:
            for one in counts:
                outbox_unsent.write(turn, one)

        await self._writer.do(job)

    async def note_group(self, group: str) -> None:
        """Remember that the consumer group has committed before."""
        await self._writer.do(lambda turn: outbox_intake.note_group(turn, group))

    async def knows_group(self, group: str) -> bool:
        """Whether the group was noted, by any worker, ever."""
        return await self._writer.do(lambda turn: outbox_intake.knows_group(turn, group))

    async def pick(self, errand: Errand) -> list[Picked]:
        """Lease sites that have something ready and hand out their first effects, in order."""
        return await self._writer.do(lambda turn: outbox_claims.pick(turn, errand, self._terms))

    async def renew(self, owner: str, sites: Sequence[str]) -> set[str]:
        """Prolong leases; returns the sites that are still the owner's."""
        lease = self._terms.site_lease
        return await self._writer.do(lambda turn: outbox_leases.renew(turn, owner, sites, lease))

    async def release(
        self, owner: str, sites: Collection[str], calls: Mapping[str, int] | None = None
    ) -> None:
        """Let other workers have the sites at once, and know of the last minute's `calls` there."""
        await self._writer.do(lambda turn: outbox_leases.release(turn, owner, sites, calls))

    async def lease(self, owner: str, name: str) -> bool:
        """Take, for as long as a site's lease, what one worker at a time may do; False if another has it."""
        lease = self._terms.site_lease
        return await self._writer.do(lambda turn: outbox_leases.lease(turn, owner, name, lease))

    async def note(self, name: str, body: Mapping[str, Any] | None) -> None:
        """Remember a small document under a name; None forgets it."""
        await self._writer.do(lambda turn: outbox_notes.write(turn, name, body))

    async def noted(self, name: str) -> Mapping[str, Any] | None:
        """What was noted under the name, by any worker."""
        return await self._writer.do(lambda turn: outbox_notes.read(turn, name))

    async def forget_site(self, site: str) -> Scrubbed:
        """Take away everything of a site, and take nothing of it up any more."""
        return await self._writer.do(lambda turn: outbox_forgotten.forget_site(turn, site))

    async def forget_person(self, site: str, order_ids: Collection[str], ids: Collection[str]) -> Scrubbed:
        """Empty what effects of a person's orders were made from; what is not done yet is not done."""
        return await self._writer.do(lambda turn: outbox_forgotten.forget_person(turn, site, order_ids, ids))

    async def claim(
        self, owner: str, wanted: Held, ready: Ready, lasts: timedelta, *, calls: int = 0
    ) -> Held | None:
        """Claim before the one call; None if the effect or its site is no longer the owner's.

        `calls` are the site's requests of the last minute: who has the site next must know.
        """
        by = Claiming(owner=owner, lasts=lasts, calls=calls)
        return await self._writer.do(lambda turn: outbox_claims.claim(turn, wanted, ready, by, self._terms))

    async def settle(self, known: Held, to: Change) -> bool:
        """Record what came of it; False if the effect has moved on and nothing was recorded."""
        return await self._writer.do(lambda turn: outbox_claims.settle(turn, known, to, self._terms))

    async def note_bug(self, bug: Bug) -> bool:
        """Whether what the bug failed on must be held; if not, it may be given up. See `streams.pause`."""
        return await self._writer.do(lambda turn: outbox_pauses.note(turn, bug, self._terms.build))

    async def paused(self) -> list[Paused]:
        """The flows that are paused for this build."""
        return await self._writer.do(lambda turn: outbox_pauses.in_force(turn, self._terms.build))

    async def resume(self, flow: str) -> bool:
        """Let a paused flow go on; False if it was not paused."""
        resumed = await self._writer.do(lambda turn: outbox_pauses.resume(turn, flow))
        self.wake()
        return resumed

    async def open_circuits(self) -> list[Circuit]:
        """Sites that failed several times running, and are probed."""
        return await self._writer.do(outbox_circuits.open_circuits)

    async def prune(self, limit: int = 500) -> int:
        """Empty what old final effects were made from, up to `limit` of them; returns how many."""
        return await self._writer.do(lambda turn: outbox_people.prune(turn, self._payloads_kept, limit))

    async def begin_redrive(self, place: str) -> Redrive:
        """Write down that a dead letter is about to be sent again; tells if that was begun before."""
        return await self._writer.do(lambda turn: outbox_redrives.begin(turn, place))

    async def end_redrive(self, place: str) -> None:
        """The log has the record."""
        await self._writer.do(lambda turn: outbox_redrives.end(turn, place))

    async def redrives(self) -> dict[str, Redrive]:
        """Every dead letter that was ever sent again, by its place."""
        return await self._writer.do(outbox_redrives.known)

    async def counts(self) -> dict[State, int]:
        """How many effects stand in each state."""
        return await self._writer.do(outbox_people.counts)

    async def listing(self, wanted: Wanted, limit: int = 100) -> list[Listed]:
        """The newest effects that fit, newest first."""
        return await self._writer.do(lambda turn: outbox_people.listing(turn, wanted, limit))

    async def show(self, key: str) -> Listed | None:
        """One effect by its key."""
        found = await self.listing(Wanted(key=key), limit=1)
        return found[0] if found else None

    async def redrive(self, wanted: Wanted, *, dry_run: bool = False) -> list[Listed]:
        """Give all failed effects that fit another try, oldest first; returns them as they stood."""
        again = await self._writer.do(lambda turn: outbox_people.redrive(turn, wanted, dry_run=dry_run))
        self.wake()
        return again
