"""The fixed set of stories told to the end on a fresh system, and judged: the demo's `--once`."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console

from sandbox.memory import PeakMemory
from sandbox.ports import Ports
from sandbox.stories.cast import seed_of_sites
from sandbox.stories.library import Library, library
from sandbox.stories.telling import Teller
from sandbox.system import System
from sandbox.verdict import Verdict, page_status, verdict
from sandbox.warehouse import PackingList
from sandbox.webhooks import Signer
from sandbox.witness import TIMEOUT_SECONDS, StillWaiting, Witness, until

SUBSCRIPTIONS = 12
STORE_ORDERS = 24
AT_ONCE = 6
# From the last effect until its row is in a version of the ledger that readers see.
VERDICT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run of the fixed set came to; `seconds` is what the telling took."""

    answers: dict[str, int]
    verdict: Verdict
    page: int
    seconds: float

    @property
    def wrong(self) -> list[str]:
        """In words, everything that is not as it should be."""
        said = list(self.verdict.wrong)
        said += [f"{n} deliveries answered {answer}" for answer, n in self.answers.items() if answer != "200"]
        if self.page != 200:
            said.append(f"the dashboard answered {self.page or 'nothing'}, not 200")
        return said


def run_once(ports: Ports, *, seed: int, as_json: bool) -> int:
    """Tell the fixed set and print what came of it; 0 only if all of it is as expected.

    The data lies in a temporary folder, which is removed when all is green and kept otherwise.
    """
    console = Console(stderr=True, highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="orderline-demo-"))
    begun = time.monotonic()
    stories = library(datetime.now(UTC), seed=seed, subscriptions=SUBSCRIPTIONS, store_orders=STORE_ORDERS)
    # A prefix of its own, so that a broker that was there before shows nothing of other runs.
    environment = {"TOPIC_PREFIX": f"{folder.name}."}
    system = System(folder, sites=stories.sites, ports=ports, environment=environment)
    with PeakMemory() as memory, system:
        console.print(f"Starting every room; their logs are in {folder / 'logs'}")
        system.start()
        ready = time.monotonic()
        console.print(f"Ready after {ready - begun:.1f} s; telling {len(stories.stories)} stories")
        told = asyncio.run(_tell(system, stories))
    seconds = {"start": ready - begun, "stories": told.seconds, "total": time.monotonic() - begun}
    _print(told, seconds, system.dashboard_url, memory.megabytes, as_json=as_json)
    if told.wrong:
        for line in told.wrong:
            console.print(f"not as expected: {line}", style="red", soft_wrap=True)
        console.print(f"Data and logs are kept in {folder}")
        return 1
    shutil.rmtree(folder)
    console.print("Everything came out as the stories expect.", style="green")
    return 0


@asynccontextmanager
async def telling(system: System) -> AsyncIterator[tuple[Teller, Witness, httpx.AsyncClient]]:
    """A teller and a witness of a running system, whose sites are known to Wix."""
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
        witness = Witness(http, wix_url=system.wix_url, reports_url=system.reports_url)
        teller = Teller(
            http,
            witness,
            signer=Signer(system.data_dir),
            webhook_url=system.webhook_url,
            packing_list=PackingList(system.data_dir),
        )
        await witness.seed(seed_of_sites(system.sites))
        yield teller, witness, http


async def _tell(system: System, stories: Library) -> Told:
    begun = time.monotonic()
    async with telling(system) as (teller, witness, http):
        async with asyncio.TaskGroup() as group:
            group.create_task(teller.tell_all(stories.now, at_once=AT_ONCE))
            group.create_task(teller.tell_past(stories.past, at_once=AT_ONCE))
        seconds = time.monotonic() - begun
        return Told(
            answers=dict(teller.answers),
            verdict=await _settled(witness, stories),
            page=await page_status(http, system.dashboard_url),
            seconds=seconds,
        )


async def _settled(witness: Witness, stories: Library) -> Verdict:
    """The verdict, as soon as nothing is wrong any more, or the last one when the time is over."""

    async def faultless() -> Verdict | None:
        found = await verdict(witness, stories.stories)
        return None if found.wrong else found

    try:
        return await until("a faultless end", faultless, seconds=VERDICT_SECONDS)
    except StillWaiting:
        return await verdict(witness, stories.stories)


def _print(told: Told, seconds: dict[str, float], dashboard: str, memory_mb: int, *, as_json: bool) -> None:
    figures: dict[str, Any] = {
        "posted": sum(told.answers.values()),
        "answers": told.answers,
        **told.verdict.figures,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "dashboard": dashboard,
        "memory_mb": memory_mb,
    }
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name.replace('_', ' '):24}{json.dumps(value)}")
