"""What a rebalance drops from the agents' queues is not waited for.

Before it hands partitions over, Faust empties the queues and waits for every record that an agent has
begun with. Where two agents read one topic, a record that the one is through with and that is dropped
before the other began counts as begun and would never be finished: the worker would wait for ever,
and the group with it until the broker throws the worker out. Nothing of it is committed, so whoever
reads next begins there.
"""

from collections.abc import Iterable
from typing import Any

from mode.utils.queues import FlowControlEvent


class LettingGo(FlowControlEvent):
    """The flow control of one app. Private API of Faust, whose version is pinned."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    def clear(self) -> None:
        """Empty all queues, and forget that any of it was begun."""
        unacked = self._app.consumer.unacked
        queues: Iterable[Any] = self._queues
        for queue in queues:
            for event in queue._queue:
                unacked.discard(event.message)
        super().clear()
