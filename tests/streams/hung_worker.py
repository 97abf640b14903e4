"""A worker whose purchase notices hang on a record: `blocked` its loop, or `waiting` for what never comes.

Run as a script; the settings are the worker's.
"""

import asyncio
import sys
import threading
from collections.abc import Sequence
from typing import Any

from ingest.topics import PLAN_ORDERS
from streams import due
from streams.__main__ import main
from streams.agents import FlowDesk
from streams.dead_letter import RawRecord


def block(record: Any) -> None:
    """The loop stands still, as in an endless loop or a lock that nobody lets go of."""
    threading.Event().wait()


async def wait(self: FlowDesk, records: Sequence[RawRecord]) -> None:
    """The loop goes on; only this agent never ends."""
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "blocked":
        due._DECIDERS[PLAN_ORDERS.name] = block  # type: ignore[assignment] # it never returns
    else:
        FlowDesk.handle = wait  # type: ignore[method-assign] # a build that hangs
    main(["worker"])
