"""How many flows a second one worker's runner carries out, and how many DBOS does with the same calls.

    python -m benchmarks.flows [--flows 3000] [--sites 500] [--without-dbos]

Every other flow is a payment notice (order, buyer, consent, conversation, link to unsubscribe, message),
every other a handover (order, fulfillment, what Wix then lists): four to five calls on average to the
sandbox Wix, which is a process of its own and adds no latency. Each claim and outcome is synced to disk.
DBOS does the same calls as steps of workflows on SQLite, in the same run; it is installed into a
throw-away environment, and is given as many flows at a time as suits it best.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import _dbos
from benchmarks._shops import Place, Shop, Wix, handover, notice, shops, wix
from streams.change import FINAL
from streams.effect import Decision, Effect
from streams.hands import at_work
from streams.outbox import Outbox
from streams.settings import FlowSettings, OutboxSettings, WorkerSettings

FLOWS_A_SECOND = 150
TIMES_DBOS = 3.0
WARM_UP = 200
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So many flows in so many seconds; CPU seconds are those of the process that carried them out."""

    flows: int
    seconds: float
    cpu_seconds: float

    @property
    def a_second(self) -> float:
        """The rate."""
        return self.flows / self.seconds


@dataclass(slots=True)
class Orders:
    """New orders for each run: a store order can be fulfilled once."""

    wix: Wix
    shops: list[Shop]
    count: int
    made: int = 0

    def fresh(self) -> list[Place]:
        """Orders nobody has seen: even numbers are of plans and were paid, odd ones were handed over."""
        numbers = range(self.made, self.made + self.count)
        self.made += self.count + self.count % 2
        places = [(self.shops[number // 2 % len(self.shops)], number) for number in numbers]
        self.wix.seed(places[::2])
        self.wix.seed(places[1::2], store=True)
        return places


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--flows", type=int, default=3000)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--without-dbos", action="store_true", help="only our own")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as name, wix(folder := Path(name).resolve()) as at_wix:
        report = measured(at_wix, folder, given)
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["held"] else 1)


def measured(at_wix: Wix, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Both paces, and what they are of the budgets."""
    orders = Orders(at_wix, shops(given.sites), WARM_UP + given.flows)
    places = orders.fresh()
    ours = uvloop.run(carried_out(at_wix, folder, places))
    accepted = len(at_wix.received("messages")) + len(at_wix.received("fulfillments"))
    report = {
        "flows": given.flows,
        "sites": given.sites,
        "load_before": round(os.getloadavg()[0], 2),
        "flows_a_second": round(ours.a_second),
        "cpu_ms_a_flow": round(1000 * ours.cpu_seconds / ours.flows, 2),
        "of_wanted_rate": round(ours.a_second / FLOWS_A_SECOND, 2),
        "accepted_by_wix": accepted,
        "held": ours.a_second >= FLOWS_A_SECOND and accepted == len(places),
    }
    return report if given.without_dbos else report | compared(at_wix, folder, orders, ours, report["held"])


def compared(at_wix: Wix, folder: Path, orders: Orders, ours: Pace, held: bool) -> dict[str, Any]:
    """How DBOS did with the same calls, and how many times that we do."""

    def places() -> list[tuple[str, str]]:
        return [(shop.site, shop.order(number)) for shop, number in orders.fresh()]

    theirs = _dbos.measured(at_wix.url, folder, places, WARM_UP)
    times = ours.a_second / theirs.a_second
    return {
        "dbos_version": theirs.version,
        "dbos_flows_a_second": round(theirs.a_second, 1),
        "dbos_side_by_side": theirs.side_by_side,
        "dbos_cpu_ms_a_flow": round(1000 * theirs.cpu_seconds / theirs.flows, 2),
        "times_dbos": round(times, 2),
        "held": held and times >= TIMES_DBOS,
    }


async def carried_out(at_wix: Wix, folder: Path, places: list[Place]) -> Pace:
    """Some to warm up, then all others, written down before and carried out by one runner."""
    outbox = Outbox(OutboxSettings(_env_file=None, data_dir=folder / "ours", outbox_url=""))
    await outbox.open()
    try:
        await _finished(at_wix, outbox, places[:WARM_UP])
        return await _finished(at_wix, outbox, places[WARM_UP:])
    finally:
        await outbox.close()


async def _finished(at_wix: Wix, outbox: Outbox, places: list[Place]) -> Pace:
    before = await _final(outbox)
    await outbox.record_many([Decision(effects=(_due(place),)) for place in places])
    stop, began, cpu = asyncio.Event(), time.perf_counter(), time.process_time()
    async with at_work(
        outbox, stop, wix=at_wix.settings, flows=FlowSettings(_env_file=None), worker=WorkerSettings()
    ):
        while await _final(outbox) < before + len(places):  # noqa: ASYNC110 - the outbox tells nobody
            await asyncio.sleep(LOOK_SECONDS)
        took, used = time.perf_counter() - began, time.process_time() - cpu
    return Pace(flows=len(places), seconds=took, cpu_seconds=used)


def _due(place: Place) -> Effect:
    shop, number = place
    return handover(shop, number) if number % 2 else notice(shop, number)


async def _final(outbox: Outbox) -> int:
    counts = await outbox.counts()
    return sum(counts[state] for state in FINAL)


if __name__ == "__main__":
    main()
