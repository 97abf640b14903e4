"""Counts of requests go into the outbox once their minute is over, and whole when the worker stops."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from streams.outbox import Outbox, OutboxAway
from streams.quota_counts import QuotaCounts

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


async def _keep(counts: QuotaCounts, outbox: Outbox, look_seconds: float) -> None:
    while True:
        await asyncio.sleep(look_seconds)
        try:
            await _note(counts, outbox)
        except OutboxAway as away:
            log.warning("%s", away)


async def _note(counts: QuotaCounts, outbox: Outbox, *, whole: bool = False) -> None:
    known = counts.known(whole=whole)
    for begin in range(0, len(known), BATCH):
        batch = known[begin : begin + BATCH]
        await outbox.note_quota(batch)
        counts.forget(batch)
