"""Wix's throttle: so many calls a minute for each app instance."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

from sandbox.wix_api.clock import Clock
from sandbox.wix_api.refusal import refused

_WINDOW = timedelta(minutes=1)


class Quota:
    """Counts the calls of the last minute, by the sandbox's clock."""

    def __init__(self, *, per_minute: int, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._calls: dict[str, deque[datetime]] = defaultdict(deque)

    def take(self, instance_id: str) -> None:
        """Count one call.

        Raises:
            Refusal: 429, and the call is not counted. Wix documents no Retry-After, so none is sent.
        """
        now = self._clock.now()
        calls = self._calls[instance_id]
        while calls and calls[0] <= now - _WINDOW:
            calls.popleft()
        if len(calls) >= self._per_minute:
            raise refused(429, "RESOURCE_EXHAUSTED", "Too many requests from this app instance")
        calls.append(now)

    def forget(self) -> None:
        """Begin to count anew."""
        self._calls.clear()
