"""`python -m streams forget`: a person or a site is forgotten, and what remains on the log is told.

0 forgotten · 1 Kafka, the ledger or the outbox is away, or has not obeyed yet · 2 used wrongly
130 stopped by Ctrl-C
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from rich.table import Table

from ingest.admin import BrokerAway
from ingest.settings import KafkaSettings
from streams.commands.asking import print_table
from streams.commands.plan_orders.run import confirmed
from streams.forget import Somebody, find_person, find_site, forget, has_obeyed
from streams.leaving import run_command
from streams.ledger_owner import LedgerOwner, OwnerAway
from streams.outbox import Outbox, OutboxAway
from streams.outbox_forgotten import Scrubbed
from streams.outbox_schema import SchemaTooNew
from streams.remains import Remains, remains
from streams.rows import RowPublisher
from streams.running import COMMAND_SECONDS, Refusal, topics_present, watched
from streams.settings import OutboxSettings, ReportsSettings

T = TypeVar("T")

OBEYED_SECONDS = 60.0
STOPPED = "Stopped. The same command does the rest."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is to be forgotten, and how."""

    site: str | None
    contact: str | None
    dry_run: bool
    yes: bool


@click.command("forget")
@click.option("--site", metavar="INSTANCE_ID", help="A whole site; with --contact, the site of the contact.")
@click.option(
    "--contact", metavar="CONTACT_ID", help="A person, with the member that belongs to the contact."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be forgotten, and what remains.")
@click.option("--yes", is_flag=True, help="Don't ask: what is forgotten can't be brought back.")
def forget_command(site: str | None, contact: str | None, dry_run: bool, yes: bool) -> None:
    """Forget a person (ids are masked, totals stay) or a site (its rows go) in ledger and outbox.

    Every later row obeys as well, also in a rebuild or re-derive.
    """
    if not (site or contact):
        raise click.UsageError("Who? Say --contact CONTACT_ID or --site INSTANCE_ID.")
    try:
        _forget(Asked(site=site, contact=contact, dry_run=dry_run, yes=yes))
    except (Refusal, BrokerAway, OwnerAway, OutboxAway, SchemaTooNew) as error:
        raise click.ClickException(str(error)) from error


def _forget(asked: Asked) -> None:
    kafka = KafkaSettings()
    everybody = _unless_stopped(_known(kafka, asked))
    _tell(everybody)
    if asked.dry_run:
        _unless_stopped(_tell_remains(kafka, everybody))
        return
    confirmed("This can't be taken back.", yes=asked.yes)
    _unless_stopped(_carried_out(kafka, everybody))


def _unless_stopped(work: Coroutine[Any, Any, T]) -> T:
    """A person answers between two of them, so that Ctrl-C there is not the event loop's."""
    return run_command(lambda _: work, stopped=STOPPED, at_once=True)


async def _known(kafka: KafkaSettings, asked: Asked) -> list[Somebody]:
    await topics_present(kafka, wait_seconds=COMMAND_SECONDS)
    async with LedgerOwner(ReportsSettings()) as owner:
        return await _found(owner, asked)


async def _carried_out(kafka: KafkaSettings, everybody: Sequence[Somebody]) -> None:
    await _done(kafka, everybody)
    async with LedgerOwner(ReportsSettings()) as owner:
        has_gone = await has_obeyed(owner, everybody, wait_seconds=OBEYED_SECONDS)
    await _tell_remains(kafka, everybody)
    if not has_gone:
        raise Refusal("The ledger still knows them: it obeys as soon as it has read the row. See its log.")
    click.echo("The ledger finds them no more. Its file's free space may hold traces until it is packed:")
    click.echo("  python -m streams replay rebuild")
    click.echo("Exports, backups and log files that you keep elsewhere are yours to delete.")


async def _found(owner: LedgerOwner, asked: Asked) -> list[Somebody]:
    if asked.contact is None:
        return [await find_site(owner, str(asked.site))]
    found = await find_person(owner, asked.contact, asked.site)
    if not found:
        raise Refusal(
            f"No site of the ledger has an order of {asked.contact}; nor has it of who was forgotten before. "
            "To have later rows obey all the same, name the site: --site."
        )
    return found


async def _done(kafka: KafkaSettings, everybody: Sequence[Somebody]) -> None:
    outbox = Outbox(OutboxSettings())
    await outbox.open()
    try:
        async with RowPublisher(kafka) as publisher:
            scrubbed = await watched(kafka, forget(publisher, outbox, everybody))
    finally:
        await outbox.close()
    for one, what in zip(everybody, scrubbed, strict=True):
        _tell_scrubbed(one, what)


def _tell(everybody: Sequence[Somebody]) -> None:
    for one in everybody:
        if one.contact is None:
            click.echo(f"site {one.site}: {one.rows} rows in the ledger")
        else:
            members = ", ".join(one.members) or "none known"
            click.echo(
                f"contact {one.contact} on site {one.site}: {len(one.order_ids)} orders; members: {members}"
            )


def _tell_scrubbed(one: Somebody, what: Scrubbed) -> None:
    verb = "taken out of" if one.contact is None else "emptied in"
    told = f"{what.effects} effects {verb} the outbox"
    if what.suppressed:
        told += f", {what.suppressed} of them suppressed before they were done"
    click.echo(f"{told}.")
    if what.in_doubt:
        click.echo(f"{what.in_doubt} calls to Wix are in doubt; forget once more when they are settled.")


async def _tell_remains(kafka: KafkaSettings, everybody: Sequence[Somebody]) -> None:
    sites = {one.site for one in everybody}
    ids = {an_id for one in everybody if one.contact is not None for an_id in one.ids}
    left: list[Remains] = await remains(kafka, sites, ids)
    table = Table("topic", "records", "until", title="What the log keeps: ids, no personal data")
    for one in left:
        table.add_row(one.topic, str(one.records), f"{one.until:%Y-%m-%d}" if one.until else "for ever")
    print_table(table)
