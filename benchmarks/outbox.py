"""How many effects a second the outbox takes on, claims and finishes, with a sync for every commit.

    python -m benchmarks.outbox [--effects 3000] [--sites 100] [--url postgresql://…]

Compares with the machine's own pace: how often a second it syncs a small write to the same disk.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from streams.effect import Decision, Effect, State
from streams.outbox import Outbox
from streams.procedure import Claim, Done, Ready
from streams.runner import Runner
from streams.settings import OutboxSettings

SYNCS = 300


class Nothing:
    """A procedure that makes no calls, so that only the outbox and the runner are measured."""

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready:
        return Ready(request=None)

    async def act(self, effect: Effect, ready: Ready) -> Done:
        return Done(wix_id="m")

    async def read_back(self, effect: Effect, claim: Claim) -> None:
        return None

    async def confirm(self, effect: Effect, done: Done) -> Done:
        return done


def syncs_a_second(folder: Path) -> float:
    """Small writes, each synced."""
    with (folder / "syncs").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
        return SYNCS / (time.perf_counter() - began)


async def measured(settings: OutboxSettings, effects: int, sites: int) -> dict[str, float]:
    outbox = Outbox(settings)
    await outbox.open()
    try:
        recorded = await _recorded(outbox, effects, sites)
        carried = await _carried(outbox, effects)
        return {"recorded": recorded, "carried_out": carried, "outcomes_sent": await _sent(outbox, effects)}
    finally:
        await outbox.close()


async def _recorded(outbox: Outbox, effects: int, sites: int) -> float:
    """As twelve partitions' agents do it side by side, one decision each."""
    waiting = iter([_effect(number, sites) for number in range(effects)])

    async def agent() -> None:
        for effect in waiting:
            await outbox.record(Decision(effects=(effect,)))

    began = time.perf_counter()
    await asyncio.gather(*(agent() for _ in range(12)))
    return effects / (time.perf_counter() - began)


async def _carried(outbox: Outbox, effects: int) -> float:
    stop, began = asyncio.Event(), time.perf_counter()
    runner = asyncio.create_task(Runner(outbox, {"bench": Nothing()}).run(stop))
    while (await outbox.counts())[State.DONE] < effects:
        await asyncio.wait([runner], timeout=0.1)
    took = time.perf_counter() - began
    stop.set()
    await runner
    return effects / took


async def _sent(outbox: Outbox, effects: int) -> float:
    began = time.perf_counter()
    while unsent := await outbox.unsent(500):
        await outbox.mark_sent([number for number, _ in unsent])
    return 2 * effects / (time.perf_counter() - began)


def _effect(number: int, sites: int) -> Effect:
    return Effect(
        key=f"bench:{number}",
        flow="bench",
        instance_id=f"site-{number % sites}",
        order_id=f"order-{number}",
        event_id=f"event-{number}",
        event_at=datetime.now(UTC),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--effects", type=int, default=3000)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument(
        "--url", default="", help="an empty PostgreSQL database; default: SQLite in a new folder"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        syncs = syncs_a_second(Path(folder))
        settings = OutboxSettings(data_dir=Path(folder), outbox_url=asked.url)
        rates = asyncio.run(measured(settings, asked.effects, asked.sites))
    a_second = {name: round(rate) for name, rate in rates.items()}
    ratios = {f"{name}_per_sync": round(rate / syncs, 2) for name, rate in rates.items()}
    print(json.dumps({"effects": asked.effects, "syncs": round(syncs), **a_second, **ratios}))


if __name__ == "__main__":
    main()
