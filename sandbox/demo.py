"""The whole product on one machine with stories to watch: `python -m sandbox demo`."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import randrange

import click
import httpx
from pydantic import ValidationError
from rich.console import Console
from rich.live import Live

from sandbox.broker import REFUSALS
from sandbox.failures import said
from sandbox.live import Seen, plain, summary
from sandbox.once import run_once, telling
from sandbox.ports import Ports, near_defaults
from sandbox.room import RoomNotReady
from sandbox.stories.history import DAYS
from sandbox.stories.library import SEED, library
from sandbox.stories.story import Story
from sandbox.stories.telling import Teller
from sandbox.system import System, stopping_on_signals
from sandbox.webhooks import NotDelivered
from sandbox.witness import StillWaiting, Witness

LOOK_SECONDS = 1.0
LINE_SECONDS = 5.0
PAST_AT_ONCE = 6
SEEDS = 2**31

EXPECTED_FAILURES = (*REFUSALS, RoomNotReady, StillWaiting, NotDelivered, httpx.HTTPError, OSError)


@dataclass(frozen=True, slots=True)
class Past:
    """How much history is told before what happens now."""

    days: int
    subscriptions: int
    orders: int


class Show:
    """Tells stories to a running system for as long as it is let, and keeps the summary up to date."""

    def __init__(self, system: System, past: Past, *, seed: int, pace: float) -> None:
        self._system, self._past, self._seed, self._pace = system, past, seed, pace
        self._seen = Seen()

    async def run(self) -> None:
        """The first story, the days before, then the fixed set again and again with new people."""
        async with telling(self._system) as (teller, witness, _), asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch(teller, witness))
            try:
                await self._tell(teller)
            finally:
                watching.cancel()

    async def _tell(self, teller: Teller) -> None:
        for number in count():
            first_round = number == 0
            stories = library(
                datetime.now(UTC),
                seed=self._seed + number,
                subscriptions=self._past.subscriptions if first_round else 0,
                store_orders=self._past.orders if first_round else 0,
                days=self._past.days,
            )
            first, *others = stories.now
            # Without a pause in the first round: whoever watches wants to see a message soon.
            await self._tell_one(teller, first, pace=0 if first_round else self._pace)
            if stories.past:
                self._seen.telling = (
                    f"{self._past.days} days of {len(stories.past)} orders at {len(stories.sites)} sites"
                )
                await teller.tell_past(stories.past, at_once=PAST_AT_ONCE)
            for story in others:
                await self._tell_one(teller, story, pace=self._pace)

    async def _tell_one(self, teller: Teller, story: Story, *, pace: float) -> None:
        self._seen.telling = f"{story.name.replace('_', ' ')}: {story.title}"
        await teller.tell(story, pause_seconds=pace)

    async def _watch(self, teller: Teller, witness: Witness) -> None:
        console = Console()
        if not console.is_terminal:
            while True:
                await asyncio.sleep(LINE_SECONDS)
                await self._seen.look(teller, witness)
                console.print(plain(self._seen), soft_wrap=True, highlight=False)
        with Live(summary(self._seen, self._system), console=console, auto_refresh=False) as live:
            while True:
                await self._seen.look(teller, witness)
                live.update(summary(self._seen, self._system), refresh=True)
                await asyncio.sleep(LOOK_SECONDS)


@contextmanager
def _explained() -> Iterator[None]:
    """Expected failures become one message and exit code 1; Ctrl-C is no failure."""
    try:
        yield
    except* KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    except* EXPECTED_FAILURES as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise click.ClickException(said(first)) from None
    except* ValidationError as wrong:
        faults = [fault for error in wrong.exceptions for fault in _faults(error)]
        raise click.UsageError(f"Settings that can't be used: {'; '.join(faults)}.") from None


def _faults(error: BaseException) -> list[str]:
    """Each setting that can't be read, without its value: it may be a secret."""
    found = error.errors() if isinstance(error, ValidationError) else []
    return [f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in found]


@click.command("demo")
@click.option("--once", is_flag=True, help="Tell a fixed set in a temporary folder, judge it, stop.")
@click.option("--json", "as_json", is_flag=True, help="With --once: one JSON object on stdout.")
@click.option(
    "--days",
    type=click.IntRange(14, 390),
    default=DAYS,
    show_default=True,
    help="How far the history reaches back.",
)
@click.option("--subscriptions", default=100, show_default=True, help="How many plan orders in the history.")
@click.option("--orders", default=300, show_default=True, help="How many store orders in the history.")
@click.option("--pace", default=1.0, show_default=True, help="Seconds between two webhooks of a story.")
@click.option("--seed", type=int, help="Which people and ids [default: new ones; --once: always the same].")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Where to keep data.",
)
@click.option("--ingest-port", type=int, help="[default: 8000, or the next that is free]")
@click.option("--reports-port", type=int, help="[default: 8100, or the next that is free]")
@click.option("--wix-port", type=int, help="[default: 8200, or the next that is free]")
@click.option("--dashboard-port", type=int, help="[default: 8501, or the next that is free]")
@click.option("--kafka-port", type=int, help="[default: 9092, or the next that is free]")
def command(
    once: bool,
    as_json: bool,
    days: int,
    subscriptions: int,
    orders: int,
    pace: float,
    seed: int | None,
    data_dir: Path,
    **ports: int | None,
) -> None:
    """Start every room as a process of its own and tell order stories until Ctrl-C.

    Starts Kafka (unless KAFKA_BOOTSTRAP_SERVERS names one), the sandbox Wix, ingest, worker, ledger, a
    warehouse and the dashboard, each with a log under DATA_DIR/logs. Exit code 1 when a room doesn't
    start or something doesn't come out as a story expects.
    """
    fixed = {name.removesuffix("_port"): port for name, port in ports.items()}
    with stopping_on_signals(), _explained():
        chosen = near_defaults(**fixed)
        if once:
            sys.exit(run_once(chosen, seed=SEED if seed is None else seed, as_json=as_json))
        first_seed = randrange(SEEDS) if seed is None else seed  # noqa: S311 – ids of made-up people
        _show(chosen, data_dir, Past(days, subscriptions, orders), seed=first_seed, pace=pace)


def _show(ports: Ports, data_dir: Path, past: Past, *, seed: int, pace: float) -> None:
    sites = library(datetime.now(UTC)).sites
    # Slow enough that a page is drawn from one version, quick enough to be watched.
    with System(data_dir, sites=sites, ports=ports, environment={"SNAPSHOT_SECONDS": "5"}) as system:
        click.echo(f"Starting every room; their logs are in {system.data_dir / 'logs'}", err=True)
        system.start()
        asyncio.run(Show(system, past, seed=seed, pace=pace).run())
