"""What the ledger's internal port tells: what it lacks, how far it is behind; and what its watchdog asks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from analytics.ledger import PartitionSample
from ingest.topics import ORDER_LIFECYCLE
from streams.alert import of_stale_data
from streams.alerting import Alerts
from streams.ledger_seat import LedgerSeat
from streams.meters import LedgerMeters
from streams.running import has_partitions
from streams.settings import AlertSettings
from streams.staleness import Staleness
from streams.stall import Reading


class LedgerState:
    """Hears of every look at the log, and says what is stale. `seat` is set once the file is ours."""

    def __init__(self, app: Any, meters: LedgerMeters, alerts: Alerts, settings: AlertSettings) -> None:
        self._app = app
        self._meters = meters
        self._alerts = alerts
        self._staleness = Staleness(after=settings.stale_after, heard_at=datetime.now(UTC))
        self.seat: LedgerSeat | None = None

    def reading(self) -> Reading:
        """Whether rows are read, and what waits on purpose."""
        is_reading = self.seat is not None and has_partitions(self._app)
        return Reading(
            mine=frozenset({(ORDER_LIFECYCLE.name, 0)} if is_reading else ()),
            is_waiting=self.seat is not None and self.seat.is_waiting,
            is_rebalancing=bool(self._app.started and self._app.rebalancing),
        )

    @property
    def read_to(self) -> int:
        """Up to where the file holds the rows, without asking it: it may be what hangs."""
        return (self.seat and self.seat.read_to) or 0

    def saw(self, now: datetime, samples: Sequence[PartitionSample], read_to: int) -> None:
        """The log's ends, what the worker has committed, and the ledger's own position."""
        self._staleness.saw(now, samples, read_to)
        for one in samples:
            if one.topic == ORDER_LIFECYCLE.name and one.end is not None:
                self._meters.lag.labels(one.topic, str(one.partition)).set(max(0, one.end - read_to))

    def look(self, now: datetime) -> None:
        """Let a person hear when reports are stale."""
        what = self._staleness.verdict(now)
        self._meters.stale.set(bool(what))
        if what:
            self._alerts.tell(of_stale_data(what, self._staleness.after, now))

    async def missing(self) -> list[str]:
        """What keeps reports from being true of now, a line each."""
        lacking = []
        if self.seat is None:
            lacking.append("no_file: waiting for the DuckDB file; no reports are answered")
        if not has_partitions(self._app):
            lacking.append("no_partitions: waiting for Kafka; reports are answered from what is there")
        if what := self._staleness.verdict(datetime.now(UTC)):
            lacking.append(f"stale: {what}; reports are answered from what is there")
        return lacking
