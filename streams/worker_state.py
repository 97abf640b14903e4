"""What the worker's internal port tells: what it lacks, its gauges, and what its watchdog should know."""

import contextlib
from typing import Any

from streams.change import Wanted
from streams.effect import State
from streams.holding import Hold
from streams.meters import Meters
from streams.outbox import Outbox, OutboxAway
from streams.pause import PAUSABLE
from streams.reason import UNAUTHORIZED
from streams.running import has_partitions
from streams.stall import Place, Reading
from streams.watchdog import Watchdog

_UNAUTHORIZED = Wanted(state=State.WAITING, reason=UNAUTHORIZED)
_NO_CREDENTIALS = (
    "unauthorized: Wix does not accept our token on some site, and its effects wait. Check WIX_APP_ID and "
    "WIX_APP_SECRET (python -m streams doctor); nothing is lost, and nothing needs to be redriven"
)


class WorkerState:
    """Asks those who know whenever it is asked. `watchdog` and `is_outbox_open` are set once they are so."""

    def __init__(self, app: Any, outbox: Outbox, meters: Meters, hold: Hold, prefix: str) -> None:
        self._app = app
        self._outbox = outbox
        self._meters = meters
        self._hold = hold
        self._prefix = prefix
        self.watchdog: Watchdog | None = None
        self.is_outbox_open = False

    def reading(self) -> Reading:
        """Which partitions are read, and what waits on purpose."""
        places = self._assigned()
        return Reading(
            mine=frozenset(places),
            held=self._hold.held_topics,
            is_waiting=self._hold.is_waiting,
            is_rebalancing=bool(self._app.started and self._app.rebalancing),
        )

    async def missing(self) -> list[str]:
        """What keeps it from doing all of its work, a line each."""
        lacking = []
        if self.watchdog is not None and self.watchdog.broker_away:
            lacking.append(f"broker_away: {self.watchdog.broker_away}")
        if not has_partitions(self._app):
            lacking.append("no_partitions: waiting for Kafka or for this group's turn")
        return lacking + await self._missing_of_outbox()

    async def _missing_of_outbox(self) -> list[str]:
        if not self.is_outbox_open:
            return ["outbox_away: its database has not answered since the start"]
        try:
            paused = [f"flow_paused: {one}" for one in await self._outbox.paused()]
            has_waiting = bool(await self._outbox.listing(_UNAUTHORIZED, limit=1))
        except OutboxAway as error:
            return [f"outbox_away: {error}"]
        return [*paused, *([_NO_CREDENTIALS] if has_waiting else [])]

    async def refresh(self) -> None:
        """Bring the gauges up to date."""
        if self.is_outbox_open:
            await self._ask_outbox()
        self._set_lag()
        if self.watchdog is not None:
            self._meters.still_seconds.set(self.watchdog.still_seconds)

    async def _ask_outbox(self) -> None:
        with contextlib.suppress(OutboxAway):
            counts = await self._outbox.counts()
            for state in State:
                self._meters.effects.labels(state.value).set(counts.get(state, 0))
            paused = {one.flow for one in await self._outbox.paused()}
            for flow in PAUSABLE:
                self._meters.paused.labels(flow).set(flow in paused)
            self._meters.probed_sites.set(len(await self._outbox.open_circuits()))

    def _set_lag(self) -> None:
        for (topic, number), place in self._assigned().items():
            consumer = self._app.consumer
            end, done = consumer.highwater(place), consumer._committed_offset.get(place)
            if end is not None and done is not None:
                self._meters.lag.labels(topic, str(number)).set(max(0, end - done))

    def _assigned(self) -> dict[Place, Any]:
        """Partitions by their topic's name without prefix."""
        if not has_partitions(self._app):
            return {}
        return {
            (place.topic.removeprefix(self._prefix), place.partition): place
            for place in self._app.consumer.assignment()
        }
