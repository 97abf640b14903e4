"""Counts of requests go into the outbox once their minute is over: the worker's own, and the commands'.

The worker's go whole when it stops.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from streams.outbox import Outbox, OutboxAway
from streams.quota_counts import QuotaCount, QuotaCounts
from streams.quota_share import CommandQuota

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
# So many counts share a commit: others wait for it.
BATCH = 500


@contextlib.asynccontextmanager
async def kept(
    counts: QuotaCounts, outbox: Outbox, *, look_seconds: float = LOOK_SECONDS
) -> AsyncIterator[None]:
    """Keep what is counted within the block. A killed worker's last minute is lost, no other."""
    keeping = asyncio.create_task(_keep(counts, outbox, look_seconds))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        with contextlib.suppress(OutboxAway):
            await _note(counts, outbox, whole=True)


async def keep_commands(
    shared: CommandQuota, outbox: Outbox, *, limit: int, look_seconds: float = LOOK_SECONDS
) -> None:
    """Tell of what commands and upkeep on this machine asked for, until cancelled.

    They write it down where they count it, so nobody's last minute is lost. `limit` is what Wix
    allows a site.
    """
    while True:
        try:
            known = await asyncio.to_thread(shared.known, limit=limit)
            for batch in _batches(known):
                await outbox.note_quota(batch)
                await asyncio.to_thread(shared.forget, batch)
        except (OutboxAway, OSError) as error:
            log.warning("requests of commands are told later: %s", error)
        await asyncio.sleep(look_seconds)


async def _keep(counts: QuotaCounts, outbox: Outbox, look_seconds: float) -> None:
    while True:
        await asyncio.sleep(look_seconds)
        try:
            await _note(counts, outbox)
        except OutboxAway as away:
            log.warning("%s", away)


async def _note(counts: QuotaCounts, outbox: Outbox, *, whole: bool = False) -> None:
    for batch in _batches(counts.known(whole=whole)):
        await outbox.note_quota(batch)
        counts.forget(batch)


def _batches(known: list[QuotaCount]) -> list[list[QuotaCount]]:
    return [known[begin : begin + BATCH] for begin in range(0, len(known), BATCH)]
