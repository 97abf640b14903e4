"""`python -m streams replay rederive | rebuild`: with a progress bar, its rate and the time left."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ingest.record import parse_time
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS
from streams import replay
from streams.running import Refusal, topics_present
from streams.settings import LedgerProcessSettings

NAMES = [topic.name for topic in EVENT_TOPICS]
OWNER_SECONDS = 60.0


class Moment(click.ParamType):
    """An ISO 8601 time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """A time in UTC, or a usage error."""
        moment = value if isinstance(value, datetime) else parse_time(value)
        if moment is None:
            self.fail(
                f"{value!r} is no ISO 8601 time, such as 2026-11-01 or 2026-11-01T08:30:00Z", param, ctx
            )
        return moment.astimezone(UTC)


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
    """Event topics → rows: again by this build's mapping, onto order-lifecycle."""
    stretch = replay.Stretch(topics=topics or tuple(NAMES), begin=begin, end=end, site=site)
    _run(_rederive(KafkaSettings(), stretch))


@replay_group.command("rebuild")
def rebuild_command() -> None:
    """order-lifecycle → a new ledger file, put in place by the ledger's owner (or here, if none runs)."""
    _run(_rebuild(KafkaSettings(), LedgerProcessSettings()))


async def _rederive(kafka: KafkaSettings, stretch: replay.Stretch) -> None:
    await topics_present(kafka)
    offsets = await replay.stretch_offsets(kafka, stretch)
    with _progress("records", offsets.records) as tell:
        result = await replay.rederive(kafka, stretch, offsets, tell=tell)
    click.echo(f"{result.records} records gave {result.rows} rows.")
    for reason, times in result.unreadable.most_common():
        click.echo(f"{times} records gave none: {reason}. The worker has put them among the dead letters.")


async def _rebuild(kafka: KafkaSettings, settings: LedgerProcessSettings) -> None:
    await topics_present(kafka)
    end = await replay.rows_end(kafka)
    with _progress("rows", end) as tell:
        await replay.rebuild(kafka, settings.path, end, tell=tell)
    who = await replay.hand_over(settings.path, wait_seconds=OWNER_SECONDS)
    by = "by its owner" if who == "owner" else "here; no process had it open"
    click.echo(f"{settings.path} was made again from {end} rows and put in place {by}.")


def _run(work: object) -> None:
    try:
        asyncio.run(work)  # type: ignore[arg-type]  # a coroutine of ours
    except Refusal as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _progress(what: str, total: int) -> Iterator[replay.Tell]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
        bar.update(task, completed=total)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("–/s" if speed is None else f"{speed:,.0f}/s")
