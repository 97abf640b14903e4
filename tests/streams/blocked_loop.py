"""An event loop under a watchdog of one second. Run as a script: `blocked` blocks it, `busy` only works."""

import asyncio
import logging
import sys
import time
from datetime import timedelta

from streams.watchdog import Watchdog


async def work(how: str) -> None:
    """Ends by itself when the watchdog has looked often enough to have found a hang."""
    looks: list[float] = []
    watchdog = Watchdog(
        timedelta(seconds=1),
        loop=asyncio.get_running_loop(),
        on_look=lambda: looks.append(time.monotonic()),
    )
    with watchdog.watching():
        if how == "blocked":
            time.sleep(60)  # noqa: ASYNC251 - a loop that is really blocked
        while len(looks) < 25:  # noqa: ASYNC110 - a loop that only works
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(work(sys.argv[1]))
