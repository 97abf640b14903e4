"""News that the outbox recorded, such as outcomes, are sent to the ledger: acknowledged, then marked."""

import asyncio
import logging
from collections.abc import Callable

from analytics.lifecycle import LifecycleRow
from streams.effect import HandoverRefused, MadeDue, Outcome
from streams.lifecycle import (
    from_handover_refused,
    from_made_due,
    from_outcome,
    from_pause,
    from_quota,
)
from streams.meters import Meters
from streams.outbox import Outbox, OutboxAway
from streams.outbox_unsent import Unsent
from streams.pause import FlowChange
from streams.quota_counts import QuotaCount
from streams.rows import RowPublisher

log = logging.getLogger(__name__)

BATCH = 500
IDLE_SECONDS = 0.25
AWAY_SECONDS = 5.0


class OutcomeSender:
    """A crash between ack and mark sends the same rows again, with the same ids: they merge.

    `tell` hears of each change once it is sent.
    """

    def __init__(
        self,
        outbox: Outbox,
        publisher: RowPublisher,
        meters: Meters,
        tell: Callable[[Unsent], None] = lambda one: None,
    ) -> None:
        self._tell = tell
        self._outbox = outbox
        self._publisher = publisher
        self._meters = meters

    async def run(self) -> None:
        """Send for ever; cancel it to end it."""
        while True:
            try:
                sent = await self.send()
            except OutboxAway as error:
                log.warning("%s", error)
                await asyncio.sleep(AWAY_SECONDS)
            else:
                if not sent:
                    await asyncio.sleep(IDLE_SECONDS)

    async def send(self) -> int:
        """Send what is unsent now, up to a batch; returns how many rows that were."""
        unsent = await self._outbox.unsent(BATCH)
        if not unsent:
            return 0
        await self._publisher.rows([_row(one) for _, one in unsent])
        await self._outbox.mark_sent([id_ for id_, _ in unsent])
        for _, one in unsent:
            if isinstance(one, Outcome):
                self._meters.outcome(one)
            self._tell(one)
        return len(unsent)


def _row(one: Unsent) -> LifecycleRow:
    match one:
        case Outcome():
            return from_outcome(one)
        case MadeDue():
            return from_made_due(one)
        case HandoverRefused():
            return from_handover_refused(one)
        case FlowChange():
            return from_pause(one)
        case QuotaCount():
            return from_quota(one)
