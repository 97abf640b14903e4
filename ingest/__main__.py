"""`python -m ingest [serve | topics]`: the only place where the door's settings are read."""

import sys
import time
from collections.abc import Sequence
from typing import NoReturn

import click
import uvloop
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from ingest.admin import (
    BrokerAway,
    TopicReport,
    compare_topics,
    ensure_topics,
    offsets_forgotten_after,
)
from ingest.app import Keys
from ingest.handover import BadTokens, parse_tokens
from ingest.keys import BadKeys, FixedKeys, KeyFile, parse_keys
from ingest.log_lines import LogSettings
from ingest.logs import start_logging
from ingest.serving import PortTaken, serve
from ingest.settings import IngestSettings, KafkaSettings
from ingest.tracing import TraceSettings, tracing

DIFFERS, SETTINGS, AWAY = 1, 2, 3

NO_KEYS = (
    "No public key: set WIX_PUBLIC_KEYS (the app's page at Wix, Webhooks, Get public key) "
    "or WIX_PUBLIC_KEYS_FILE."
)


def settings_text(*models: type[BaseSettings]) -> str:
    """The settings of `models` as --help shows them: name, default, what it is for."""
    lines = ["\b", "Settings (environment or .env):"]
    for model in models:
        for name, field in model.model_fields.items():
            default = f" [{field.default}]" if isinstance(field.default, str | int) and field.default else ""
            lines += [f"  {name.upper()}{default}", f"      {field.description}"]
    return "\n".join(lines)


@click.group(
    invoke_without_command=True,
    epilog=settings_text(IngestSettings, KafkaSettings, LogSettings, TraceSettings),
    context_settings={"max_content_width": 110},
)
@click.pass_context
def main(context: click.Context) -> None:
    """Take Wix's webhooks and warehouses' handovers, and write them to the log.

    Without a command: serve.
    """
    if context.invoked_subcommand is None:
        context.invoke(serve_command)


@main.command("serve", epilog=settings_text(IngestSettings, KafkaSettings, LogSettings, TraceSettings))
def serve_command() -> None:
    """Serve until SIGTERM or Ctrl-C.

    Starts without a broker too, and answers 503 until there is one. Exit code 0 when told
    to stop, 2 when a setting can't be used or a port is taken.
    """
    try:
        settings, kafka = IngestSettings(), KafkaSettings()
        keys = _keys(settings)
        warehouses = parse_tokens(settings.handover_tokens.get_secret_value())
        start_logging(LogSettings().log_format)
        with tracing("ingest", TraceSettings()):
            uvloop.run(serve(settings, kafka, keys, warehouses))
    except ValidationError as error:
        _stop(_setting_message(error))
    except BadTokens as error:
        _stop(f"HANDOVER_TOKENS: {error}")
    except (BadKeys, PortTaken) as error:
        _stop(str(error))


@main.command("topics", epilog=settings_text(KafkaSettings))
@click.option("--check", is_flag=True, help="Create nothing, only compare.")
@click.option("--wait", type=float, default=0.0, metavar="SECONDS", help="Wait this long for the broker.")
def topics_command(*, check: bool, wait: float) -> None:
    """Create the topics that are missing, and say how those that exist differ.

    May be run at any time; topics that exist are never changed. Exit code 0 when all are as
    they should be, 1 when some differ (or are missing, with --check), 3 when Kafka does not
    answer.
    """
    try:
        settings = KafkaSettings()
        reports = _patiently(settings, check=check, seconds=wait)
        kept = offsets_forgotten_after(settings)
    except ValidationError as error:
        _stop(_setting_message(error))
    except BrokerAway as error:
        _stop(str(error), AWAY)
    click.echo("\n".join(_table(reports)))
    if kept is not None:
        click.echo(
            f"Note: the broker forgets a group's offsets {kept.days} days after it was last seen, sooner "
            "than topics forget records. Raise offsets.retention.minutes for processes that may rest longer.",
            err=True,
        )
    sys.exit(DIFFERS if any(report.state in ("differs", "missing") for report in reports) else 0)


def _keys(settings: IngestSettings) -> Keys:
    if settings.wix_public_keys_file is not None:
        return KeyFile(settings.wix_public_keys_file)
    if not settings.wix_public_keys.strip():
        raise BadKeys(NO_KEYS)
    return FixedKeys(parse_keys(settings.wix_public_keys))


def _patiently(settings: KafkaSettings, *, check: bool, seconds: float) -> list[TopicReport]:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return compare_topics(settings) if check else ensure_topics(settings)
        except BrokerAway:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.5)


def _table(reports: Sequence[TopicReport]) -> list[str]:
    width = max(len(report.full_name) for report in reports)
    lines = [f"{'topic':<{width}}  partitions  keeps      state"]
    for report in reports:
        keeps = "for ever" if report.retention is None else f"{report.retention.days} days"
        lines.append(f"{report.full_name:<{width}}  {report.partitions:>10}  {keeps:<9}  {report.state}")
        lines += [f"{'':<{width}}  ! {difference}" for difference in report.differences]
    return lines


def _setting_message(error: ValidationError) -> str:
    """The setting's name and what is wrong with it, without its value, which may be a secret."""
    return "; ".join(
        f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors()
    )


def _stop(message: str, code: int = SETTINGS) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main(prog_name="python -m ingest")
