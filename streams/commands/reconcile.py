"""`python -m streams reconcile`: what Wix's lists say, against what the ledger knows.

0 compared · 1 a site could not be compared · 2 used wrongly · 3 Kafka, ledger or Wix away: run it again
"""

import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ingest.admin import BrokerAway
from ingest.settings import KafkaSettings
from streams.commands.asking import print_table
from streams.commands.options import Moment
from streams.commands.plan_orders.run import say_waiting
from streams.fulfill import Fulfiller
from streams.leaving import run_command
from streams.ledger_owner import LedgerOwner, OwnerAway
from streams.outbox import Outbox, OutboxAway
from streams.outbox_schema import SchemaTooNew
from streams.reconcile import Comparison
from streams.reconcile_journal import Tally
from streams.reconcile_run import Failed, ReconcilePlan, Result, compare_sites, reconciler
from streams.running import COMMAND_SECONDS, Refusal, topics_present
from streams.settings import FlowSettings, OutboxSettings, ReportsSettings, WixSettings
from streams.sites import Sites

GOES_ON = "Stopped. The same command goes on where this one was."
GONE_SHOWN = 10


class SomeFailed(click.ClickException):
    """At least one site was not compared."""


@click.command("reconcile")
@click.option("--site", "sites", multiple=True, metavar="INSTANCE_ID", help="This site; may be repeated.")
@click.option("--all", "is_all", is_flag=True, help="Every site that the ledger knows and has the app.")
@click.option("--since", type=Moment(), help="Only what changed at Wix at or after this time.")
@click.option("--fulfill", is_flag=True, help="Make immediate fulfillments due that no webhook asked for.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def reconcile(
    sites: tuple[str, ...], is_all: bool, since: datetime | None, fulfill: bool, as_json: bool
) -> None:
    """Load into the ledger what Wix's lists have and we don't, or have otherwise; nobody is notified.

    It also loads the history from before the app was installed. Stopped at any moment, the same
    command goes on where it was. It uses the requests that commands share; live work has its own.
    """
    if bool(sites) == is_all:
        raise click.UsageError("Say which sites: --site INSTANCE_ID, or --all.")
    plan = _plan()
    try:
        results = run_command(
            lambda _: _run(plan, sites, since, fulfill=fulfill, quiet=as_json), stopped=GOES_ON, at_once=True
        )
    except (Refusal, OutboxAway, SchemaTooNew) as error:
        raise click.ClickException(str(error)) from error
    except (BrokerAway, OwnerAway) as error:
        _leave(str(error), 3)
    except OSError as error:
        raise click.ClickException(
            f"How far it has come could not be written down in DATA_DIR: {error}. Make room there. "
            "Then run the same command again: it goes on where this one was."
        ) from error
    _show(results, as_json=as_json)
    _judge(results)


async def _run(
    plan: ReconcilePlan, sites: Sequence[str], since: datetime | None, *, fulfill: bool, quiet: bool
) -> list[Result]:
    await topics_present(plan.kafka, wait_seconds=COMMAND_SECONDS)
    wanted = sites or await _known_sites(plan)
    async with AsyncExitStack() as stack:
        fulfiller = await _fulfiller(stack) if fulfill else None
        tools = await stack.enter_async_context(reconciler(plan, fulfill=fulfiller, tell=say_waiting))
        return await compare_sites(tools, wanted, since, tell=_silent if quiet else _tell)


async def _known_sites(plan: ReconcilePlan) -> list[str]:
    async with LedgerOwner(plan.reports) as owner:
        return await owner.sites()


async def _fulfiller(stack: AsyncExitStack) -> Fulfiller:
    outbox, flows = Outbox(OutboxSettings()), FlowSettings()
    await outbox.open()
    stack.push_async_callback(outbox.close)
    return Fulfiller(outbox, Sites(flows), flows.fulfillment_max_age)


def _plan() -> ReconcilePlan:
    wix = WixSettings()
    plan = ReconcilePlan(
        kafka=KafkaSettings(), wix=wix, reports=ReportsSettings(), data_dir=OutboxSettings().data_dir
    )
    if not (wix.wix_app_id and wix.wix_app_secret.get_secret_value()):
        raise click.UsageError(
            "Set WIX_APP_ID and WIX_APP_SECRET: the ledger knows sites by the app's instance on them, "
            "which a site owner's API key doesn't speak for."
        )
    return plan


def _show(results: Sequence[Result], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"sites": [_as_json(one) for one in results]}, indent=2))
        return
    table = Table("site", "at Wix", "unknown", "different", "fulfillments", "gone", "made due", "")
    for one in results:
        table.add_row(*_cells(one))
    print_table(table)
    for one in results:
        if isinstance(one, Comparison) and one.gone:
            shown = ", ".join(one.gone[:GONE_SHOWN]) + (" …" if len(one.gone) > GONE_SHOWN else "")
            click.echo(f"gone at Wix, kept in the ledger ({one.site}): {shown}")


def _cells(one: Result) -> list[str]:
    if isinstance(one, Failed):
        return [one.site, *["–"] * 6, one.why]
    tally = one.tally
    numbers = (tally.listed, tally.unknown, tally.different, tally.shipments)
    gone = str(tally.gone) if one.is_whole else "–"
    noted = "went on from where it was stopped" if one.is_resumed else ""
    return [one.site, *map(str, numbers), gone, str(tally.made_due), noted]


def _as_json(one: Result) -> dict[str, Any]:
    if isinstance(one, Failed):
        return {"site": one.site, "error": one.why, "again": one.is_away}
    tally = one.tally
    return {
        "site": one.site,
        "found": tally.listed,
        "unknown": tally.unknown,
        "different": tally.different,
        "healed": tally.healed,
        "fulfillments": tally.shipments,
        "gone": list(one.gone) if one.is_whole else None,
        "made_due": tally.made_due,
        "earliest_order_at": tally.earliest_order_at,
        "is_resumed": one.is_resumed,
    }


def _judge(results: Sequence[Result]) -> None:
    failed = [one for one in results if isinstance(one, Failed)]
    if not failed:
        return
    told = f"{len(failed)} of {len(results)} sites were not compared; what was done stands."
    if all(one.is_away for one in failed):
        _leave(f"{told} Run it again: it goes on where it was.", 3)
    raise SomeFailed(told)


def _leave(why: str, code: int) -> None:
    click.echo(f"Error: {why}", err=True)
    sys.exit(code)


def _tell(site: str, tally: Tally) -> None:
    Console(stderr=True).print(
        f"{site}: {tally.listed} orders listed, {tally.healed} loaded", highlight=False
    )


def _silent(site: str, tally: Tally) -> None:
    """JSON is for programs."""
