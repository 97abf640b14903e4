"""The sandbox's clock: the machine's, moved by an offset that a person may set."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _machine_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Tells the sandbox's time. Tokens, quotas and all dates in answers go by it."""

    def __init__(self, source: Callable[[], datetime] = _machine_time) -> None:
        self._source = source
        self._last_sequence = 0
        self.offset = timedelta()

    def now(self) -> datetime:
        """The sandbox's present, aware, UTC."""
        return self._source() + self.offset

    def sequence(self) -> int:
        """Microseconds since 1970, higher with every call: message ids and event sequences."""
        self._last_sequence = max(int(self.now().timestamp() * 1_000_000), self._last_sequence + 1)
        return self._last_sequence


def instant(moment: datetime) -> str:
    """A date as Wix answers it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
