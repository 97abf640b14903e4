"""`python -m streams`: the flows' processes and tools. Settings are read here and passed on."""

from typing import Any

import click
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from ingest.log_lines import LogSettings
from ingest.settings import KafkaSettings
from ingest.tracing import TraceSettings, tracing
from streams import logs
from streams.leaving import run_process
from streams.settings import (
    AccessSettings,
    AlertSettings,
    FlowSettings,
    KeySettings,
    LedgerProcessSettings,
    OutboxSettings,
    ReportsSettings,
    UpkeepSettings,
    WixSettings,
    WorkerSettings,
)
from streams.settings_faults import is_of_settings, unusable
from streams.settings_help import settings_help

WORKER_SETTINGS: tuple[type[BaseSettings], ...] = (
    KafkaSettings,
    WixSettings,
    OutboxSettings,
    FlowSettings,
    WorkerSettings,
    AccessSettings,
    AlertSettings,
    UpkeepSettings,
    ReportsSettings,
    LogSettings,
    TraceSettings,
)
LEDGER_SETTINGS: tuple[type[BaseSettings], ...] = (
    KafkaSettings,
    LedgerProcessSettings,
    AlertSettings,
    LogSettings,
)
DOCTOR_SETTINGS: tuple[type[BaseSettings], ...] = (KeySettings, ReportsSettings)
SUBCOMMANDS = {
    "replay": ("streams.commands.replay", "replay_group"),
    "reconcile": ("streams.commands.reconcile", "reconcile"),
    "forget": ("streams.commands.forget", "forget_command"),
    "effects": ("streams.commands.effects", "effects"),
    "dead-letters": ("streams.commands.dead_letters", "dead_letters"),
    "flows": ("streams.commands.flows", "flows"),
    "templates": ("streams.commands.templates", "templates"),
    "plan-orders": ("streams.commands.plan_orders.group", "plan_orders"),
    "doctor": ("streams.commands.doctor", "doctor"),
}


class Lazy(click.Group):
    """Imports the tools when they are asked for: a replay never loads the runner or Wix's client."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our own commands and the groups of other files."""
        return sorted({*super().list_commands(ctx), *SUBCOMMANDS})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load a group of another file."""
        if name not in SUBCOMMANDS:
            return super().get_command(ctx, name)
        module, attribute = SUBCOMMANDS[name]
        command: click.Command = getattr(__import__(module, fromlist=[attribute]), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; settings are read within, and a bad one ends it in a sentence."""
        try:
            return super().invoke(ctx)
        except ValidationError as error:
            if not is_of_settings(error):
                raise
            raise unusable(error) from None


@click.command(cls=Lazy, epilog=settings_help({*WORKER_SETTINGS, *LEDGER_SETTINGS, *DOCTOR_SETTINGS}))
def main() -> None:
    """The flows: read the log, decide, act at Wix, keep the ledger."""


@main.command(epilog=settings_help(WORKER_SETTINGS))
@click.option(
    "--from",
    "begin",
    type=click.Choice(["committed", "earliest", "latest"]),
    default="committed",
    help="Where to read from when Kafka has forgotten this group's position.",
)
def worker(begin: Any) -> None:
    """Read events, write down what is due, carry it out at Wix, report every change."""
    from streams import owners
    from streams.worker_process import WorkerPlan, run_worker

    logs.set_up(LogSettings().log_format)
    flows = FlowSettings()
    try:
        written = owners.read(flows)
    except owners.OwnersFilesBroken as broken:
        raise click.ClickException(str(broken)) from None
    plan = WorkerPlan(
        kafka=KafkaSettings(),
        outbox=OutboxSettings(),
        flows=flows,
        wix=WixSettings(),
        worker=WorkerSettings(),
        access=AccessSettings(),
        alerts=AlertSettings(),
        upkeep=UpkeepSettings(),
        reports=ReportsSettings(),
        owners=written,
        begin=begin,
    )
    with tracing("worker", TraceSettings()):
        run_process(run_worker(plan))


@main.command(epilog=settings_help(LEDGER_SETTINGS))
def ledger() -> None:
    """Own the DuckDB file: write the rows into it and answer reports."""
    from streams.ledger_process import LedgerPlan, run_ledger

    logs.set_up(LogSettings().log_format)
    plan = LedgerPlan(kafka=KafkaSettings(), ledger=LedgerProcessSettings(), alerts=AlertSettings())
    run_process(run_ledger(plan))


if __name__ == "__main__":
    main(prog_name="python -m streams")
