"""Whether two bad sites slow down ninety-eight good ones: their waits in a calm run, and in a stormy one.

    python -m benchmarks.bad_sites [--rate 25] [--seconds 20]

Payment notices become due at a steady rate for 100 sites in turn, and one worker's runner carries them out
at the sandbox Wix. In the storm one site answers nothing but 429 and one nothing at all. The waits are those
of the other 98, from the moment that a notice is written down to the moment that Wix has accepted it.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import uvloop

from benchmarks._shops import Place, Wix, notice, shops, wix
from streams.effect import Decision
from streams.hands import at_work
from streams.outbox import Outbox
from streams.settings import FlowSettings, OutboxSettings, WorkerSettings

SITES = 100
LIMPING, SILENT = 0, 1
TIMES_CALM = 1.5
WARM_UP_SECONDS = 6.0
SETTLE_SECONDS = 20.0
# Longer than any call waits.
NEVER_SECONDS = 600.0
FOR_EVER = 1_000_000_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=25, help="notices a second, over all sites")
    parser.add_argument("--seconds", type=float, default=20, help="how long each run takes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as name, wix(folder := Path(name).resolve()) as at_wix:
        report = uvloop.run(compared(at_wix, folder, given.rate, given.seconds))
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["held"] else 1)


async def compared(at_wix: Wix, folder: Path, rate: float, seconds: float) -> dict[str, Any]:
    """Calm, then storm, with fresh orders and on one outbox; what both did to the good sites."""
    load = round(os.getloadavg()[0], 2)
    outbox = Outbox(OutboxSettings(_env_file=None, data_dir=folder / "ours", outbox_url=""))
    await outbox.open()
    stop, flows = asyncio.Event(), FlowSettings(_env_file=None)
    try:
        async with at_work(outbox, stop, wix=at_wix.settings, flows=flows, worker=WorkerSettings()):
            await _run(at_wix, outbox, 0, rate, WARM_UP_SECONDS)
            calm = await _run(at_wix, outbox, 1, rate, seconds)
            _break(at_wix)
            # The runner has met both sites' failures when it is timed.
            await _run(at_wix, outbox, 2, rate, WARM_UP_SECONDS)
            storm = await _run(at_wix, outbox, 3, rate, seconds)
    finally:
        await outbox.close()
    return judged(calm, storm, load)


def judged(calm: Sequence[float], storm: Sequence[float], load: float) -> dict[str, Any]:
    """Both runs' p95 of the good sites, and how many times the calm one the stormy one is."""
    quiet, loud = (statistics.quantiles(waits, n=100) for waits in (calm, storm))
    times = loud[94] / quiet[94]
    return {
        "load_before": load,
        "calm_p50_ms": round(1000 * quiet[49], 1),
        "calm_p95_ms": round(1000 * quiet[94], 1),
        "storm_p50_ms": round(1000 * loud[49], 1),
        "storm_p95_ms": round(1000 * loud[94], 1),
        "notices_calm": len(calm),
        "notices_storm": len(storm),
        "p95_times_calm": round(times, 2),
        "held": times <= TIMES_CALM and len(calm) == len(storm),
    }


def _break(at_wix: Wix) -> None:
    limping, silent = (shops(SITES)[number].paths for number in (LIMPING, SILENT))
    at_wix.fault(path=limping, status=429, body={"message": "Too many requests"}, times=FOR_EVER)
    at_wix.fault(path=silent, delaySeconds=NEVER_SECONDS, times=FOR_EVER)


async def _run(at_wix: Wix, outbox: Outbox, run: int, rate: float, seconds: float) -> list[float]:
    """How long each notice of a good site waited."""
    sites, count = shops(SITES), int(rate * seconds)
    places = [(sites[number % SITES], run * FOR_EVER // 1000 + number) for number in range(count)]
    await asyncio.to_thread(at_wix.seed, places)
    written = await _written(outbox, places, rate)
    good = {ref: at for ref, (at, shop) in written.items() if shop not in (LIMPING, SILENT)}
    accepted = await _accepted(at_wix, set(good))
    return [accepted[ref] - at for ref, at in good.items() if ref in accepted]


async def _written(outbox: Outbox, places: Sequence[Place], rate: float) -> dict[str, tuple[float, int]]:
    """When each was written down, and for which shop, by its reference."""
    written, begun = {}, time.perf_counter()
    for number, (shop, order) in enumerate(places):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        due = notice(shop, order)
        written[due.ref] = (time.time(), shop.number)
        await outbox.record(Decision(effects=(due,)))
    return written


async def _accepted(at_wix: Wix, wanted: set[str]) -> dict[str, float]:
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        messages = await asyncio.to_thread(at_wix.received, "messages")
        found = {_ref(one): datetime.fromisoformat(one["time"]).timestamp() for one in messages}
        if wanted <= found.keys() or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.5)


def _ref(message: dict[str, Any]) -> str:
    items = message["body"]["message"]["content"]["basic"]["items"]
    return "\n".join(item.get("text", "") for item in items).rpartition("Ref. ")[2].split()[0]


if __name__ == "__main__":
    main()
