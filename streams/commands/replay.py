"""`python -m streams replay rederive | rebuild`: with a progress bar, its rate and the time left.

0 done · 1 it can't be done, or `--check` found differences · 2 used wrongly · 130 stopped: run it again
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import click

from analytics.ledger import LedgerNotWritten, Share
from analytics.packing import pack
from ingest.admin import BrokerAway
from ingest.record import iso
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS
from streams import rebuild, replay
from streams.commands.options import Moment
from streams.forgotten import who_is_forgotten
from streams.hand_over import hand_over
from streams.leaving import STOPPED, run_command
from streams.ledger_seat import failed_path, next_path, ready_path
from streams.replay_journal import ReplayJournal, Stopped
from streams.replay_progress import progress
from streams.running import COMMAND_SECONDS, Refusal, topics_present, until_stopped, watched
from streams.settings import LedgerProcessSettings, ReportsSettings

NAMES = [topic.name for topic in EVENT_TOPICS]
OWNER_SECONDS = 120.0
# What comes in meanwhile is loaded as well, until so little is left that the owner can do it.
NEARLY_ALL = 20_000
GOES_ON = "Stopped. The same command goes on where this one was."
AGAIN = "Then run the same command again: it goes on where this one was."

Work = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


@click.group()
def replay_group() -> None:
    """Make rows, or the whole ledger, again. No replay can reach Wix or a customer."""


@replay_group.command("rederive")
@click.option("--from", "begin", type=Moment(), help="Only events received at or after this time.")
@click.option("--to", "end", type=Moment(), help="Only events received before this time.")
@click.option(
    "--topic", "topics", type=click.Choice(NAMES), multiple=True, help="Only this topic; may be repeated."
)
@click.option("--site", help="Only this site (instanceId).")
def rederive_command(
    begin: datetime | None, end: datetime | None, topics: tuple[str, ...], site: str | None
) -> None:
    """Event topics → rows: again by this build's mapping, onto order-lifecycle.

    Stopped at any moment, the same command goes on where it was.
    """
    if begin and end and begin >= end:
        raise click.UsageError(
            f"--from {iso(begin)} is not before --to {iso(end)}: no event lies in between."
        )
    stretch = replay.Stretch(topics=topics or tuple(NAMES), begin=begin, end=end, site=site)
    _run(lambda stop: _rederive(KafkaSettings(), LedgerProcessSettings(), stretch, stop))


@replay_group.command("rebuild")
@click.option("--check", is_flag=True, help="Change nothing: compare a rebuilt ledger with the one in use.")
@click.option("--anew", is_flag=True, help="Don't go on with a rebuild that was stopped.")
def rebuild_command(check: bool, anew: bool) -> None:
    """order-lifecycle → a new ledger file, put in place by the ledger's owner (or here, if none runs).

    Stopped at any moment, the same command goes on where it was.
    """
    settings = LedgerProcessSettings()
    if check:
        _run(lambda stop: _check(KafkaSettings(), settings, stop))
    else:
        _run(lambda stop: _rebuild(KafkaSettings(), settings, stop, anew=anew))


async def _rederive(
    kafka: KafkaSettings, settings: LedgerProcessSettings, stretch: replay.Stretch, stop: asyncio.Event
) -> None:
    await topics_present(kafka, wait_seconds=COMMAND_SECONDS)
    await _tell_oldest(kafka, stretch)
    offsets = await replay.stretch_offsets(kafka, stretch)
    folder = settings.data_dir / "replay"
    journal = ReplayJournal.opened(folder, stretch, offsets.begins, offsets.ends)
    if journal.is_resumed:
        click.echo("Going on where this re-derive was stopped.", err=True)
    forgotten = await who_is_forgotten(kafka)
    with progress("records", journal.records) as tell:
        result = await replay.rederive(kafka, stretch, journal, forgotten=forgotten, stop=stop, tell=tell)
    click.echo(f"{result.records} records gave {result.rows} rows.")
    if result.forgotten:
        click.echo(f"{result.forgotten} rows were left out: their site is forgotten.")
    for reason, times in result.unreadable.most_common():
        click.echo(f"{times} records gave none: {reason}. The worker has put them among the dead letters.")


async def _tell_oldest(kafka: KafkaSettings, stretch: replay.Stretch) -> None:
    """From when on events are there: what is older is no longer on the log, and its rows stay as they are."""
    oldest = await replay.oldest_events(kafka, stretch.topics)
    if not oldest:
        return
    told = ", ".join(f"{topic} {moment:%Y-%m-%d %H:%M}" for topic, moment in sorted(oldest.items()))
    click.echo(f"Events are on the log from (UTC): {told}.", err=True)
    lost = [topic for topic, moment in oldest.items() if stretch.begin and stretch.begin < moment]
    if lost:
        click.echo(f"Nothing older can be re-derived of: {', '.join(sorted(lost))}.", err=True)


async def _rebuild(
    kafka: KafkaSettings, settings: LedgerProcessSettings, stop: asyncio.Event, *, anew: bool
) -> None:
    await topics_present(kafka, wait_seconds=COMMAND_SECONDS)
    topic_id, path = await rebuild.log_id(kafka), settings.path
    building = next_path(path)
    ledger, offset = await rebuild.begun(building, topic_id, share=_share(settings), anew=anew)
    try:
        end = await rebuild.rows_end(kafka)
        if offset:
            click.echo(f"Going on at row {offset}, where this rebuild was stopped.", err=True)
        with progress("rows", end - offset) as tell:
            await rebuild.fill(ledger, kafka, topic_id, upto=end, stop=stop, tell=tell)
        while (later := await rebuild.rows_end(kafka)) - end > NEARLY_ALL:
            end = later
            await rebuild.fill(ledger, kafka, topic_id, upto=end, stop=stop)
    finally:
        await asyncio.to_thread(ledger.close)
    # Whoever was forgotten is in no block of the new file.
    await asyncio.to_thread(pack, building)
    failed_path(path).unlink(missing_ok=True)
    rebuild.settled(building)
    building.replace(ready_path(path))
    who = await until_stopped(hand_over(path, wait_seconds=OWNER_SECONDS), stop)
    if who is None:
        raise Refusal(f"Stopped waiting for the owner of {path}. It takes the new ledger when it looks next.")
    by = "by its owner" if who == "owner" else "here; no process had it open"
    click.echo(f"{path} was made again from {end} rows and put in place {by}.")


def _share(settings: LedgerProcessSettings) -> Share:
    return Share(memory=settings.rebuild_memory, threads=settings.ledger_threads)


async def _check(kafka: KafkaSettings, settings: LedgerProcessSettings, stop: asyncio.Event) -> None:
    # It asks the ledger's owner over HTTP, which the other replays have no business with.
    from streams.comparing import check, told

    await topics_present(kafka, wait_seconds=COMMAND_SECONDS)
    with progress("rows", 0) as tell:
        comparing = check(
            kafka,
            settings.path,
            ReportsSettings(),
            share=_share(settings),
            stop=stop,
            tell=tell,
            expect=tell.expect,
        )
        verdict = await until_stopped(comparing, stop)
    if verdict is None:
        raise Stopped
    click.echo(told(verdict))
    if verdict.differences:
        sys.exit(1)


def _run(work: Work) -> None:
    try:
        run_command(lambda stop: watched(KafkaSettings(), work(stop)), stopped=GOES_ON)
    except (Refusal, BrokerAway) as error:
        raise click.ClickException(str(error)) from None
    except LedgerNotWritten as error:
        raise click.ClickException(f"{error} {AGAIN}") from None
    except OSError as error:
        raise click.ClickException(
            f"How far it has come could not be written down: {error}. "
            f"Make room on that disk, or name another with DATA_DIR or LEDGER_PATH. {AGAIN}"
        ) from None
    except Stopped:
        click.echo(GOES_ON, err=True)
        sys.exit(STOPPED)
