"""Which processes are killed, and who starts them again."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from random import Random

from sandbox.broker import REFUSALS, EmbeddedBroker
from sandbox.system import System

BROKER = "broker"
LOOK_SECONDS = 0.1
# Every one finds another moment of its transactions.
LEAST_LEDGERS = 5
# A supervisor waits a moment before it starts again what ended by itself.
RESTART_SECONDS = 1.0


def planned_kills(rng: Random, kills: int, workers: Sequence[str]) -> list[str]:
    """Whom to kill, one after the other: each process as far as there are so many, the broker least."""
    ledgers = max(kills // 4, min(LEAST_LEDGERS, kills // 2))
    planned = ["ledger", BROKER, "ingest", *workers]
    planned += ["ledger"] * (ledgers - 1) + [BROKER] * (kills // 10 - 1) + ["ingest"] * (kills // 5 - 1)
    planned += [workers[number % len(workers)] for number in range(kills - len(planned))]
    planned = planned[:kills]
    rng.shuffle(planned)
    return planned


class Supervisor:
    """Starts again what does not run, as compose does; kills what it is told to.

    `kills` counts them by room; `ended` counts rooms that ended by themselves, with their exit codes.
    """

    def __init__(self, system: System, broker: EmbeddedBroker, rooms: Sequence[str]) -> None:
        self._system, self._broker, self._rooms = system, broker, tuple(rooms)
        self.kills: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    async def run(self) -> None:
        """See to it that everything runs, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_broker())
            for name in self._rooms:
                group.create_task(self._keep(name))

    async def kill(self, name: str) -> None:
        """End a process at once (`kill -9`), as soon as there is one."""
        while not self._runs(name):  # noqa: ASYNC110 - a process that starts
            await asyncio.sleep(LOOK_SECONDS)
        if name == BROKER:
            self._broker.kill()
        else:
            self._system.kill(name)
        self.kills[name] += 1

    async def _keep(self, name: str) -> None:
        while True:
            room = self._system.rooms[name]
            if room.exit_code is not None:
                self.ended[f"{name}: {room.exit_code}"] += 1
                await asyncio.sleep(RESTART_SECONDS)
            if not room.is_running():
                self._system.launch(name)
            await asyncio.sleep(LOOK_SECONDS)

    async def _keep_broker(self) -> None:
        while True:
            if not self._broker.is_running():
                # Killed while it starts, it says that it did not get ready.
                with contextlib.suppress(*REFUSALS):
                    await asyncio.to_thread(self._broker.start)
            await asyncio.sleep(LOOK_SECONDS)

    def _runs(self, name: str) -> bool:
        return self._broker.is_running() if name == BROKER else self._system.rooms[name].is_running()
