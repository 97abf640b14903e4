"""`python -m streams doctor`: looks at everything that must be right, and says what isn't."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.settings import KafkaSettings
from streams.commands.plan_orders.options import GUID
from streams.commands.plan_orders.run import say_waiting
from streams.doctor.access import check_access
from streams.doctor.finding import Finding, Verdict, is_well, wrong
from streams.doctor.keys import check_credentials, check_key, no_site
from streams.doctor.log import check_log
from streams.doctor.rooms import check_outbox, check_reports, check_worker, sites_known
from streams.doctor.wix import TEST, check_site, send_test
from streams.quota_share import QUOTA_FILE, CommandQuota
from streams.settings import (
    AccessSettings,
    KeySettings,
    OutboxSettings,
    ReportsSettings,
    WixSettings,
    WorkerSettings,
)
from streams.settings_help import settings_help
from streams.wix.patient import PatientClient

SETTINGS = (
    KafkaSettings,
    WixSettings,
    KeySettings,
    OutboxSettings,
    WorkerSettings,
    ReportsSettings,
    AccessSettings,
)
PIPED_WIDTH = 400
# Without --site, so many of the known ones are asked about.
MOST_SITES = 3

_COLORS = {Verdict.OK: "green", Verdict.WRONG: "bold red", Verdict.SKIPPED: "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """Everything that is looked at."""

    kafka: KafkaSettings
    wix: WixSettings
    keys: KeySettings
    outbox: OutboxSettings
    worker: WorkerSettings
    reports: ReportsSettings
    access: AccessSettings


@click.command("doctor", epilog=settings_help(SETTINGS))
@click.option("--site", "sites", type=GUID, multiple=True, help="Instance id; else those the ledger knows.")
@click.option("--send-test-to", "member_id", type=GUID, help="Send this member a test message.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of lines.")
def doctor(sites: tuple[str, ...], member_id: str | None, as_json: bool) -> None:
    """Look at keys, Wix, the log and our processes, and say what is wrong and what to do.

    It changes nothing, unless told --send-test-to. Permissions are tried out by calls that read, or
    that name an order or a conversation which nobody has. Exit code 1 if anything is wrong; what could
    not be looked at, such as permissions before the app is on a site, is named at the end and is no fault.
    """
    if member_id and len(sites) > 1:
        raise click.UsageError("--send-test-to goes to a member of one site: say --site once.")
    findings = asyncio.run(_examined(_ward(), sites, member_id))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        _print(findings)
    sys.exit(0 if is_well(findings) else 1)


async def _examined(ward: Ward, sites: Sequence[str], member_id: str | None) -> list[Finding]:
    findings = [check_key(ward.keys), check_credentials(ward.wix)]
    if is_well(findings[1:]):
        findings += await _at_wix(ward, sites, member_id)
    findings += await asyncio.to_thread(check_log, ward.kafka)
    findings += [await check_access(ward.access)]
    findings += [await check_outbox(ward.outbox), await check_worker(ward.worker.worker_internal_port)]
    return findings + await check_reports(ward.reports)


async def _at_wix(ward: Ward, sites: Sequence[str], member_id: str | None) -> list[Finding]:
    given = list(sites) or ([ward.wix.wix_site_id] if ward.wix.wix_site_id else [])
    known = given or (await sites_known(ward.reports))[:MOST_SITES]
    if not known:
        missing = wrong(TEST, "Nothing was sent: no site is known.", "Say --site INSTANCE_ID.")
        return [no_site(), *([missing] if member_id else [])]
    findings = [one for site in known for one in await _at_site(ward, site, None)]
    if member_id:
        findings += await _at_site(ward, known[0], member_id)
    return findings


async def _at_site(ward: Ward, site: str, member_id: str | None) -> list[Finding]:
    """What Wix says of one site, or what came of a test message there."""
    quota = CommandQuota(ward.outbox.data_dir / QUOTA_FILE, ward.wix.wix_command_calls_per_minute)
    # With a key, the site is named beside it.
    settings = ward.wix.model_copy(update={"wix_site_id": site})
    async with PatientClient(settings, take=quota.take, tell=say_waiting) as wix:
        if member_id:
            return [await send_test(wix, site, member_id)]
        return await check_site(wix, site)


def _ward() -> Ward:
    return Ward(
        kafka=KafkaSettings(),
        wix=WixSettings(),
        keys=KeySettings(),
        outbox=OutboxSettings(),
        worker=WorkerSettings(),
        reports=ReportsSettings(),
        access=AccessSettings(),
    )


def _print(findings: Sequence[Finding]) -> None:
    table = Table(show_header=False, box=None)
    for one in findings:
        told = f"{one.found}\n→ {one.remedy}" if one.remedy else one.found
        # Text, not markup: what is found may hold brackets.
        table.add_row(Text(one.verdict.value, style=_COLORS[one.verdict]), Text(one.about), Text(told))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)
    click.echo(closing(findings), err=True)


def closing(findings: Sequence[Finding]) -> str:
    """How it stands, in a line; what could not be looked at is neither right nor wrong, but named."""
    number = sum(one.verdict is Verdict.WRONG for one in findings)
    skipped = [one.about for one in findings if one.verdict is Verdict.SKIPPED]
    if not skipped:
        return f"{number} wrong." if number else "Nothing is wrong."
    unknown = f"Not looked at: {', '.join(skipped)}."
    return f"{number} wrong. {unknown}" if number else f"Nothing is wrong as far as was looked. {unknown}"
