"""How commands ask the outbox and print what it answers: sentences where something is away, wide tables."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table

from streams.leaving import run_command
from streams.outbox import Outbox
from streams.outbox_away import OutboxAway
from streams.outbox_schema import SchemaTooNew
from streams.settings import OutboxSettings

T = TypeVar("T")

PIPED_WIDTH = 400
# Of a plan, which may be of thousands; a list has its --limit.
SHOWN = 50


def ask(question: Callable[[Outbox], Awaitable[T]], *, stopped: str = "Stopped.") -> T:
    """Open the outbox for one question; an outbox that is away becomes a sentence, not a traceback.

    `stopped` is what Ctrl-C is told.
    """

    async def asked(_: asyncio.Event) -> T:
        outbox = Outbox(OutboxSettings())
        await outbox.open(create=False)
        try:
            return await question(outbox)
        finally:
            await outbox.close()

    try:
        return run_command(asked, stopped=stopped)
    except (OutboxAway, SchemaTooNew) as error:
        raise click.ClickException(str(error)) from error


def print_table(table: Table) -> None:
    """Piped, a table is as wide as it needs: keys are there to be copied."""
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)


def print_facts(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Everything that is known of one thing; for people without what has no value."""
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        if value not in (None, {}, ""):
            words = json.dumps(value) if isinstance(value, Mapping | list) else str(value)
            table.add_row(name.replace("_", " "), words)
    print_table(table)


def say_more(number: int) -> None:
    """Of a plan of thousands the first lines say what it is; how many it is says the rest."""
    if number > SHOWN:
        click.echo(f"… and {number - SHOWN} more (--dry-run --json lists all).")


def tally(done: int, fitting: int, limit: int | None, what: str) -> str:
    """How many it were, and where `--limit` left some that fit, how to reach those."""
    if limit is None or fitting <= limit:
        return f"{done} {what}."
    return f"{done} of {fitting} {what}; run again or raise --limit."


def reviewed(number: int, what: str, *, yes: bool, as_json: bool) -> None:
    """Ask once before many are changed; one alone was named, and needs no question.

    Raises:
        click.Abort: the answer was no.
        click.UsageError: nobody can be asked, since stdout is for JSON.
    """
    if yes or number <= 1:
        return
    if as_json:
        raise click.UsageError(f"That is {number} {what}: look at them with --dry-run, then add --yes.")
    click.confirm(f"Try these {number} {what} again?", abort=True, err=True)
