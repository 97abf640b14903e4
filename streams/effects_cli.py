"""`python -m streams effects list | show | redrive`: what a person sees of the outbox, and can mend."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import click
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from streams.change import Listed, Wanted
from streams.effect import FLOWS, State
from streams.outbox import Outbox
from streams.outbox_away import OutboxAway
from streams.outbox_schema import SchemaTooNew
from streams.settings import OutboxSettings

P = ParamSpec("P")
T = TypeVar("T")

PIPED_WIDTH = 400

_JSON: TypeAdapter[Any] = TypeAdapter(Any)


@click.group("effects")
def effects() -> None:
    """Effects: messages and fulfillments that were due, and what came of each.

    Reads the outbox at OUTBOX_URL, or DATA_DIR/outbox.sqlite (./data); the worker may be running.
    States: due, claimed, done, suppressed, waiting, doubtful (a call without a clear answer; Wix is
    asked before any second one), failed (needs a person).
    """


def _filters(command: Callable[P, T]) -> Callable[P, T]:
    options = (
        click.option("--flow", type=click.Choice(FLOWS), help="Only effects of this flow."),
        click.option("--reason", help="Only with this reason, such as not_subscribed or refused."),
        click.option("--site", "instance_id", metavar="INSTANCE_ID", help="Only of this site."),
        click.option("--order", "order_id", metavar="ORDER_ID", help="Only of this order."),
        click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True),
        click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of a table."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@effects.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only in this state.")
@_filters
def list_effects(state: str | None, limit: int, as_json: bool, **asked: str | None) -> None:
    """Show the newest effects, newest first."""
    wanted = _wanted(asked, state=State(state) if state else None)
    found = _ask(lambda outbox: outbox.listing(wanted, limit))
    if as_json:
        click.echo(_as_json(found))
        return
    _print_table(found)
    if len(found) == limit:
        click.echo(f"The newest {limit}; --limit shows more.", err=True)


@effects.command("show")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of a table.")
def show(key: str, as_json: bool) -> None:
    """Show everything the outbox knows about the effect with this KEY."""
    found = _ask(lambda outbox: outbox.show(key))
    if found is None:
        raise click.ClickException(f"No effect has the key {key}. `effects list` shows the keys there are.")
    if as_json:
        click.echo(json.dumps(_facts(found), indent=2))
        return
    table = Table(show_header=False, box=None)
    for name, value in _facts(found).items():
        if value not in (None, {}, ""):
            table.add_row(name.replace("_", " "), _in_words(value))
    _print(table)


@effects.command("redrive")
@click.argument("keys", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All failed effects that fit the filters.")
@click.option("--dry-run", is_flag=True, help="Show what would be tried again, and change nothing.")
@_filters
def redrive(
    keys: tuple[str, ...], everything: bool, dry_run: bool, limit: int, as_json: bool, **asked: str | None
) -> None:
    """Try failed effects again: those with these KEYS, or all that fit the filters.

    Only failed ones are touched; what is done is never repeated. Where a call may have reached Wix,
    Wix is asked first. Name keys, a filter, or --all.
    """
    if not (keys or everything or any(asked.values())):
        raise click.UsageError("Name effect keys, a filter such as --reason, or --all.")
    wanted = [_wanted(asked, key=key) for key in keys] or [_wanted(asked)]

    async def again(outbox: Outbox) -> list[Listed]:
        found = [await outbox.redrive(one, limit=limit, dry_run=dry_run) for one in wanted]
        return [each for some in found for each in some]

    found = _ask(again)
    if as_json:
        click.echo(_as_json(found))
    elif found:
        _print_table(found)
    verb = "would be tried again" if dry_run else "will be tried again"
    click.echo(f"{len(found)} failed effects {verb}.", err=True)
    if keys and len(found) < len(set(keys)):
        raise click.ClickException(f"{len(set(keys)) - len(found)} of the keys name no failed effect.")


def _wanted(asked: Mapping[str, str | None], *, key: str | None = None, state: State | None = None) -> Wanted:
    return Wanted(
        flow=asked["flow"],
        reason=asked["reason"],
        instance_id=asked["instance_id"],
        order_id=asked["order_id"],
        key=key,
        state=state,
    )


def _ask(question: Callable[[Outbox], Awaitable[T]]) -> T:
    """Open the outbox for one question; an outbox that is away becomes a sentence, not a traceback."""

    async def asked() -> T:
        outbox = Outbox(OutboxSettings())
        await outbox.open(create=False)
        try:
            return await question(outbox)
        finally:
            await outbox.close()

    try:
        return asyncio.run(asked())
    except (OutboxAway, SchemaTooNew) as error:
        raise click.ClickException(str(error)) from error


def _print_table(found: Sequence[Listed]) -> None:
    if not found:
        click.echo("No effects fit.")
        return
    table = Table("state", "reason", "flow", "attempts", "changed (UTC)", box=None)
    table.add_column("key", overflow="fold")
    table.add_column("next step")
    for one in found:
        held = one.held
        table.add_row(
            held.state,
            one.reason or "",
            held.effect.flow,
            str(held.attempts),
            f"{one.changed_at:%Y-%m-%d %H:%M:%S}",
            held.effect.key,
            one.next_step or "",
        )
    _print(table)


def _print(table: Table) -> None:
    # Piped, a table is as wide as it needs: keys are there to be copied.
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)


def _as_json(found: Sequence[Listed]) -> str:
    return json.dumps([_facts(one) for one in found], indent=2)


def _facts(one: Listed) -> dict[str, Any]:
    facts: dict[str, Any] = _JSON.dump_python(one, mode="json")
    held = facts.pop("held")
    return {**held.pop("effect"), **held, **facts}


def _in_words(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
