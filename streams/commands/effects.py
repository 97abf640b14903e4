"""`python -m streams effects list | show | redrive`: what a person sees of the outbox, and can mend."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from pydantic import TypeAdapter
from rich.table import Table

from streams.change import Circuit, Listed, Wanted
from streams.commands.asking import SHOWN, ask, print_facts, print_table, reviewed, say_more, tally
from streams.commands.options import Moment, choosing_again, or_json, together
from streams.effect import FLOWS, State
from streams.outbox import Outbox
from streams.reason import MEANINGS

# In one transaction: workers write between two of them, and databases limit a statement's parameters.
AT_ONCE = 500

_JSON: TypeAdapter[Any] = TypeAdapter(Any)


@click.group("effects")
def effects() -> None:
    """Effects: messages and fulfillments that were due, and what came of each.

    Reads the outbox at OUTBOX_URL, or DATA_DIR/outbox.sqlite (./data); the worker may be running.
    States: due, claimed, done, suppressed, waiting, doubtful (a call without a clear answer; Wix is
    asked before any second one), failed (needs a person).
    """


_filters = together(
    click.option("--flow", type=click.Choice(FLOWS), help="Only effects of this flow."),
    click.option("--reason", help="Only with this reason, such as not_subscribed or refused."),
    click.option("--fingerprint", help="Only failures of this kind."),
    click.option("--site", "instance_id", metavar="INSTANCE_ID", help="Only of this site."),
    click.option("--order", "order_id", metavar="ORDER_ID", help="Only of this order."),
    click.option("--since", type=Moment(), help="Only what changed at this time (ISO 8601) or later."),
    or_json,
)


@effects.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only in this state.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@_filters
def list_effects(state: str | None, since: datetime | None, limit: int, as_json: bool, **asked: Any) -> None:
    """Show the newest effects, newest first."""
    wanted = Wanted(**asked, since=since, state=State(state) if state else None)
    found = ask(lambda outbox: outbox.listing(wanted, limit))
    if as_json:
        click.echo(_as_json(found))
        return
    _print_table(found)
    if len(found) == limit:
        click.echo(f"The newest {limit}; --limit shows more.", err=True)


@effects.command("show")
@click.argument("key")
@or_json
def show(key: str, as_json: bool) -> None:
    """Show everything the outbox knows about the effect with this KEY, and how its site does."""

    async def look(outbox: Outbox) -> tuple[Listed | None, list[Circuit]]:
        return await outbox.show(key), await outbox.open_circuits()

    found, circuits = ask(look)
    if found is None:
        raise click.ClickException(f"No effect has the key {key}. `effects list` shows the keys there are.")
    facts = _facts(found) | {"site": _site(found, circuits)}
    print_facts(facts, as_json=as_json)


@effects.command("redrive")
@click.argument("keys", nargs=-1)
@choosing_again("KEYS")
@_filters
def redrive(
    keys: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    yes: bool,
    since: datetime | None,
    limit: int | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Try failed effects again: those with these KEYS, or all that fit the filters.

    Shows the plan and asks before it changes many. Only failed ones are touched; what is done is
    never repeated. Where a call may have reached Wix, Wix is asked first. Name keys, a filter, or --all.
    """
    if not (keys or everything or since or any(asked.values())):
        raise click.UsageError("Name effect keys, a filter such as --reason, or --all.")
    wanted = Wanted(**asked, since=since, keys=frozenset(keys) if keys else None)
    fitting = ask(lambda outbox: outbox.redrive(wanted, dry_run=True))
    limit = None if keys else limit
    plan = fitting[:limit]
    if plan and not as_json:
        _print_table(plan[:SHOWN])
        say_more(len(plan))
    again = plan if dry_run else _redriven(plan, yes=yes, as_json=as_json)
    if as_json:
        click.echo(_as_json(again))
    verb = "would be tried again" if dry_run else "will be tried again"
    click.echo(tally(len(again), len(fitting), limit, f"failed effects {verb}"), err=True)
    if keys and len(again) < len(set(keys)):
        fits = " that fits the filters" if since or any(asked.values()) else ""
        raise click.ClickException(f"{len(set(keys)) - len(again)} of the keys name no failed effect{fits}.")


def _redriven(plan: Sequence[Listed], *, yes: bool, as_json: bool) -> list[Listed]:
    """Exactly what was shown, as far as it still stands as failed."""
    if not plan:
        return []
    reviewed(len(plan), "failed effects", yes=yes, as_json=as_json)

    async def again(outbox: Outbox) -> list[Listed]:
        done: list[Listed] = []
        for begin in range(0, len(plan), AT_ONCE):
            shown = plan[begin : begin + AT_ONCE]
            done += await outbox.redrive(Wanted(keys=frozenset(one.held.effect.key for one in shown)))
        return done

    return ask(again)


def _print_table(found: Sequence[Listed]) -> None:
    if not found:
        click.echo("No effects fit.")
        return
    table = Table("state", "reason", "flow", "attempts", "changed (UTC)", "Wix's last answer", box=None)
    table.add_column("fingerprint", overflow="fold")
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
            _answer(one),
            one.fingerprint or "",
            held.effect.key,
            one.next_step or "",
        )
    print_table(table)


def _answer(one: Listed) -> str:
    request = f"request {one.request_id}" if one.request_id else None
    return " ".join(str(fact) for fact in (one.last_status, one.last_code, request) if fact)


def _site(found: Listed, circuits: Sequence[Circuit]) -> dict[str, Any]:
    """How the effect's site does, where that holds the effect up."""
    for circuit in circuits:
        if circuit.instance_id == found.held.effect.instance_id:
            facts: dict[str, Any] = _JSON.dump_python(circuit, mode="json")
            return {"state": "probed", "failures_running": facts["failures"], "probe_at": facts["probe_at"]}
    return {}


def _as_json(found: Sequence[Listed]) -> str:
    return json.dumps([_facts(one) for one in found], indent=2)


def _facts(one: Listed) -> dict[str, Any]:
    facts: dict[str, Any] = _JSON.dump_python(one, mode="json")
    held = facts.pop("held")
    facts["meaning"] = MEANINGS.get(one.reason) if one.reason else None
    return {**held.pop("effect"), **held, **facts}
