"""`python -m tests.streams.noting_writer URL NAME`: writes names into an outbox's file, one by one."""

import asyncio
import sys

from streams.outbox_schema import GROUPS
from streams.outbox_writer import Turn, Writer
from tests.streams.made_effects import NOW

MANY = 300


class Note:
    """A job that writes one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, turn: Turn) -> None:
        turn.connection.execute(GROUPS.insert().values(name=self._name, noted_at=NOW))


async def written(url: str, name: str, times: int = MANY) -> None:
    """Write `name` that often, each with a number, each in a turn of its own."""
    writer = Writer(url)
    await writer.open()
    for number in range(times):
        await writer.do(Note(f"{name}-{number}"))
    await writer.close()


if __name__ == "__main__":
    print("begins", flush=True)
    asyncio.run(written(sys.argv[1], sys.argv[2]))
