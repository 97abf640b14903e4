"""`python -m streams flows list | resume`: which flows a bug has paused, and how one goes on."""

import json

import click
from rich.table import Table

from ingest.record import iso
from streams.commands.asking import ask, print_table
from streams.commands.options import or_json
from streams.pause import PAUSABLE, Paused


@click.group("flows")
def flows() -> None:
    """Flows: which are running, and which a bug has paused.

    Two records or effects that fail by the same bug are given up; the third is held and pauses its
    flow: nothing more is lost to the bug. A newer build (BUILD_VERSION) goes on by itself.
    """


@flows.command("list")
@or_json
def list_flows(as_json: bool) -> None:
    """Show every flow; exits with 3 if one is paused, so that a script can tell."""
    paused = {one.flow: one for one in ask(lambda outbox: outbox.paused())}
    if as_json:
        click.echo(json.dumps([_facts(flow, paused.get(flow)) for flow in PAUSABLE], indent=2))
    else:
        _print(paused)
    if paused:
        raise SystemExit(3)


@flows.command("resume")
@click.argument("name", type=click.Choice(PAUSABLE), metavar="NAME")
def resume(name: str) -> None:
    """Let the paused flow NAME go on: what it held is tried again.

    The bug's count begins anew: if it is still there, two more are given up before the flow
    pauses again. Better start a build without it.
    """
    if not ask(lambda outbox: outbox.resume(name)):
        raise click.ClickException(f"{name} is not paused. `flows list` shows which are.")
    click.echo(f"{name} goes on; workers notice within a second.", err=True)


def _facts(flow: str, paused: Paused | None) -> dict[str, str | None]:
    if paused is None:
        return {"flow": flow, "state": "running"}
    return {
        "flow": flow,
        "state": "paused",
        "since": iso(paused.at),
        "build": paused.build,
        "fingerprint": paused.fingerprint,
        "error": paused.error,
        "first_held": paused.place,
    }


def _print(paused: dict[str, Paused]) -> None:
    table = Table("flow", "state", "since (UTC)", "build", "error", "fingerprint", box=None)
    table.add_column("first held", overflow="fold")
    for flow in PAUSABLE:
        one = paused.get(flow)
        facts = (
            ("paused", f"{one.at:%Y-%m-%d %H:%M:%S}", one.build, one.error, one.fingerprint, one.place)
            if one
            else ("running",)
        )
        table.add_row(flow, *facts)
    print_table(table)
    if paused:
        click.echo("Start a build that mends the bug, or: python -m streams flows resume NAME", err=True)
