"""`python -m streams dead-letters list | show | redrive`: records that could not be read or decided."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from ingest.admin import BrokerAway
from ingest.record import iso
from ingest.settings import KafkaSettings
from streams.commands.asking import SHOWN, ask, print_facts, print_table, reviewed, say_more, tally
from streams.commands.options import Moment, choosing_again, or_json, together
from streams.leaving import run_command
from streams.letter_box import Letter, RecordGone, Resender, letters
from streams.outbox import Outbox
from streams.outbox_redrives import Redrive
from streams.pause import FLOW_OF_TOPIC, LIFECYCLE, PAUSABLE

UNEXPECTED = "unexpected"

Redrives = dict[str, Redrive]


@click.group("dead-letters")
def dead_letters() -> None:
    """Dead letters: records of the log that could not be read or decided, kept whole.

    Reads the topic of dead letters at KAFKA_BOOTSTRAP_SERVERS and, for what was sent again, the
    outbox at OUTBOX_URL or in DATA_DIR. A letter is named by where its record lies, such as payments/3/17.
    """


_filters = together(
    click.option("--flow", type=click.Choice(PAUSABLE), help="Only of topics that this flow reads."),
    click.option("--reason", help="Only with this reason, such as unexpected or not_json."),
    click.option("--fingerprint", help="Only those that failed in the same way at the same place."),
    click.option("--site", metavar="INSTANCE_ID", help="Only of this site."),
    click.option("--since", type=Moment(), help="Only what failed at this time (ISO 8601) or later."),
    or_json,
)


@dead_letters.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@_filters
def list_letters(limit: int, as_json: bool, **asked: Any) -> None:
    """Show the newest dead letters, newest first, and which were sent again."""
    found, redrives = _read()
    fits = [one for one in found if _fits(one, **asked)]
    _show(list(reversed(fits))[:limit], redrives, as_json=as_json)
    if len(fits) > limit:
        click.echo(f"The newest {limit} of {len(fits)}; --limit shows more.", err=True)


@dead_letters.command("show")
@click.argument("place")
@or_json
def show(place: str, as_json: bool) -> None:
    """Show the dead letter of the record at PLACE, with its headers; never its payload."""
    found, redrives = _read()
    one = next((letter for letter in found if letter.place == place), None)
    if one is None:
        raise click.ClickException(f"No dead letter is of {place}. `dead-letters list` shows their places.")
    headers = {name: value.decode("utf-8", "replace") for name, value in one.headers}
    facts = _facts(one, redrives) | {"headers": headers, "bytes": len(one.value or b"")}
    print_facts(facts, as_json=as_json)


@dead_letters.command("redrive")
@click.argument("places", nargs=-1)
@choosing_again("PLACES")
@_filters
def redrive(
    places: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    yes: bool,
    limit: int | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Put records back on their topics: those at these PLACES, or all that fit the filters, oldest first.

    Shows the plan and asks before it sends many. Each goes at most once; should it fail again, it
    becomes a dead letter of its own. Name places, a filter, or --all.
    """
    if not (places or everything or any(asked.values())):
        raise click.UsageError("Name places such as payments/3/17, a filter such as --reason, or --all.")
    found, redrives = _read()
    fitting = [
        one
        for one in found
        if _fits(one, **asked) and (not places or one.place in places) and not _is_sent(one, redrives)
    ]
    limit = None if places else limit
    plan = fitting[:limit]
    if not as_json:
        _show_plan(plan, redrives)
    if plan and not dry_run:
        reviewed(len(plan), "dead letters", yes=yes, as_json=as_json)
        plan = _send(plan)
        redrives = _read()[1]
    if as_json:
        _show(plan, redrives, as_json=True)
    verb = "would be sent" if dry_run else "were sent"
    click.echo(
        tally(len(plan), len(fitting), limit, f"records {verb} again to where they came from"), err=True
    )
    if missing := set(places) - {one.place for one in plan}:
        raise click.ClickException(
            f"No dead letter that fits, sent before, or gone: {', '.join(sorted(missing))}."
        )


def _send(plan: Sequence[Letter]) -> list[Letter]:
    """Send what was shown; what somebody else sent meanwhile, or what is gone, is left out."""

    async def send(outbox: Outbox) -> list[Letter]:
        sent = []
        async with Resender(KafkaSettings(), outbox) as resender:
            for one in plan:
                try:
                    if await resender.send(one):
                        sent.append(one)
                except RecordGone as gone:
                    click.echo(str(gone), err=True)
        return sent

    try:
        return ask(send, stopped="Stopped. What was sent is sent; the same command sends the rest.")
    except BrokerAway as away:
        raise click.ClickException(str(away)) from away


def _read() -> tuple[list[Letter], Redrives]:
    redrives = ask(lambda outbox: outbox.redrives())
    try:
        return run_command(lambda _: letters(KafkaSettings()), stopped="Stopped."), redrives
    except BrokerAway as away:
        raise click.ClickException(str(away)) from away


def _fits(
    one: Letter,
    *,
    flow: str | None,
    reason: str | None,
    fingerprint: str | None,
    site: str | None,
    since: datetime | None,
) -> bool:
    return (
        flow in (None, _flow(one))
        and reason in (None, one.reason)
        and fingerprint in (None, one.fingerprint)
        and site in (None, one.site)
        and (since is None or one.at >= since)
    )


def _flow(one: Letter) -> str:
    return FLOW_OF_TOPIC.get(one.source.topic, LIFECYCLE)


def _is_sent(one: Letter, redrives: Redrives) -> bool:
    known = redrives.get(one.place)
    return known is not None and known.done_at is not None


def _show(found: Sequence[Letter], redrives: Redrives, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_facts(one, redrives) for one in found], indent=2))
        return
    if not found:
        click.echo("No dead letters fit.")
        return
    table = Table(
        "place", "failed (UTC)", "reason", "error", "fingerprint", "site", "redriven (UTC)", box=None
    )
    for one in found:
        known = redrives.get(one.place)
        sent = f"{known.done_at:%Y-%m-%d %H:%M:%S}" if known and known.done_at else ""
        at = f"{one.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(one.place, at, one.reason, one.error, one.fingerprint, one.site, sent)
    print_table(table)


def _show_plan(plan: Sequence[Letter], redrives: Redrives) -> None:
    _show(plan[:SHOWN], redrives, as_json=False)
    say_more(len(plan))


def _facts(one: Letter, redrives: Redrives) -> dict[str, Any]:
    known = redrives.get(one.place)
    sent = known.done_at if known else None
    return {
        "place": one.place,
        "flow": _flow(one),
        "site": one.site,
        "event_type": one.event_type,
        "reason": one.reason,
        "error": one.error,
        "fingerprint": one.fingerprint,
        "failed_at": iso(one.at),
        "received_at": iso(one.received_at) if one.received_at else None,
        "redriven_at": iso(sent) if sent else None,
        "next_step": _next_step(one, is_sent=sent is not None),
    }


def _next_step(one: Letter, *, is_sent: bool) -> str | None:
    if is_sent:
        return None
    if one.reason == UNEXPECTED:
        return f"A bug: mend it at {one.error}, start the new build, then redrive."
    return (
        "The record itself is broken. Mend who writes it; redrive only if this build now reads such records."
    )
