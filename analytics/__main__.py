"""`python -m analytics`: make a ledger, and ask it questions."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from analytics.asking import Answer, Owner, Refused
from analytics.export import ExportNotWritten, Origin, OwnFile, UnknownExport, export_ledger
from analytics.export import export as write_export
from analytics.ledger import (
    AnotherLog,
    Ledger,
    LedgerDamaged,
    LedgerLocked,
    LedgerNotOpened,
    LedgerNotWritten,
)
from analytics.parameters import BadParameter
from analytics.questions import QUESTIONS, Question
from analytics.rendering import as_json
from analytics.reports import Reports, UnknownReport
from analytics.schema import SchemaMismatch
from analytics.settings import AnalyticsSettings
from analytics.tables import ExportBusy
from analytics.versions import ReportTimeout, ReportTooLarge, VersionGone

_REFUSALS = (
    AnotherLog,
    BadParameter,
    ExportBusy,
    ExportNotWritten,
    LedgerDamaged,
    LedgerLocked,
    LedgerNotOpened,
    LedgerNotWritten,
    ReportTimeout,
    ReportTooLarge,
    Refused,
    SchemaMismatch,
    UnknownExport,
    UnknownReport,
    VersionGone,
)

_SETTINGS = """Settings, from the environment and .env:

\b
LEDGER_PATH    the DuckDB file (DATA_DIR/ledger.duckdb)
DATA_DIR       where data lies (data)
REPORTS_URL    where the ledger's owner answers (http://127.0.0.1:8100)
REPORTS_TOKEN  its token, if it wants one
SWITCH_WITHIN  how soon a new subscription makes an end a switch, and no churn (P1D)
"""


@click.group(epilog=_SETTINGS)
def main() -> None:
    """The ledger: what happened to every order, and the questions it answers."""


@main.command()
def init() -> None:
    """Make the ledger, or bring it up to this build's tables. Safe to call again."""
    path = AnalyticsSettings().path
    existed = path.exists()
    Ledger.open(path).close()
    click.echo(f"{path} is {'up to date' if existed else 'made'}.", err=True)


@main.command(epilog=_SETTINGS)
@click.argument("name", required=False)
@click.option("--list", "is_list", is_flag=True, help="Name all reports, their parameters and columns.")
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter; may be repeated.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON as the report service gives it.")
def report(name: str | None, is_list: bool, params: tuple[str, ...], is_json: bool) -> None:
    """Answer report NAME: from the ledger's owner while it has the file open, else from the file."""
    if is_list:
        click.echo("\n\n".join(_described(question) for question in QUESTIONS.values()))
        return
    if name is None:
        raise click.UsageError("Name a report, or ask for --list.")
    answer = _answer(AnalyticsSettings(), name, _parsed(params))
    click.echo(json.dumps(answer.body, indent=2) if is_json else _drawn(answer.body))


@main.command(epilog=_SETTINGS)
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="The file, or for `ledger` the folder.")
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter of a report.")
def export(name: str, form: str, out: Path | None, params: tuple[str, ...]) -> None:
    """Write table or report NAME to a file (NAME.FORMAT, unless --out), or with `ledger` every table.

    While another process has the ledger open, the rows come from that one.
    """
    is_parquet, given = form == "parquet", _parsed(params)
    with _origin(AnalyticsSettings()) as origin:
        if name == "ledger":
            written = export_ledger(origin, out or Path(name), is_parquet=is_parquet)
        else:
            path = out or Path(f"{name}.{form}")
            written = {path: write_export(origin, name, given, is_parquet=is_parquet, sink=path)}
    for path, rows in written.items():
        click.echo(f"{path}: {rows} rows", err=True)


@main.command(epilog=_SETTINGS)
@click.option("--remake", is_flag=True, help="Make the typed tables anew first.")
def check(remake: bool) -> None:
    """Compare the typed tables with what the log of rows gives; exit code 1 when they differ."""
    ledger = Ledger.open(_existing(AnalyticsSettings()))
    try:
        if remake:
            ledger.remake()
        found = ledger.differences()
    finally:
        ledger.close()
    for table, rows in found.items():
        click.echo(f"{table}: {rows} rows differ; check --remake makes it anew", err=True)
    if found:
        sys.exit(1)
    click.echo("The tables are what the log of rows gives.", err=True)


def _existing(settings: AnalyticsSettings) -> Path:
    if not settings.path.exists():
        raise Refused(
            f"there is no ledger at {settings.path}. Start `python -m streams ledger`, or run init first."
        )
    return settings.path


def _answer(settings: AnalyticsSettings, name: str, params: dict[str, list[str]]) -> Answer:
    """Ask the file; while another process owns it, ask that one."""
    path = _existing(settings)
    try:
        ledger = Ledger.open(path)
    except LedgerLocked as locked:
        return Owner(settings, locked).answer(name, params)
    try:
        return Answer(as_json(Reports(ledger, switch_within=settings.switch_within).run(name, params)))
    finally:
        ledger.close()


@contextmanager
def _origin(settings: AnalyticsSettings) -> Iterator[Origin]:
    """The file; while another process owns it, that one."""
    path = _existing(settings)
    try:
        ledger = Ledger.open(path)
    except LedgerLocked as locked:
        yield Owner(settings, locked)
        return
    try:
        yield OwnFile(Reports(ledger, switch_within=settings.switch_within))
    finally:
        ledger.close()


def _parsed(params: tuple[str, ...]) -> dict[str, list[str]]:
    parsed: dict[str, list[str]] = {}
    for param in params:
        key, equals, value = param.partition("=")
        if not equals:
            raise click.BadParameter(f"{param!r} is not KEY=VALUE", param_hint="--param")
        parsed.setdefault(key, []).append(value)
    return parsed


def _described(question: Question) -> str:
    parameters = ", ".join(f"{parameter.name} ({parameter.allowed})" for parameter in question.parameters)
    columns = ", ".join(column.name for column in question.columns)
    return f"{question.name}: {question.summary}\n  parameters: {parameters}\n  columns: {columns}"


def _drawn(body: dict[str, Any]) -> str:
    """The rows as a plain table, with a line that says of when they are."""
    names = [column["name"] for column in body["columns"]]
    rows = [
        names,
        *[["–" if row[name] is None else str(row[name]) for name in names] for row in body["rows"]],
    ]
    widths = [max(len(row[index]) for row in rows) for index in range(len(names))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join(
        [*lines, "", f"{len(body['rows'])} rows, as of {body['as_of']}, version {body['version']}"]
    )


def _faults(error: ValidationError) -> str:
    """Each setting and what is wrong with it, never its value."""
    return "; ".join(f"{str(one['loc'][0]).upper()}: {_said(one)}" for one in error.errors())


def _said(fault: ErrorDetails) -> str:
    if fault["type"] == "time_delta_parsing":
        return "write it as seconds, or as PT30S, PT5M, PT1H or P3D"
    return fault["msg"].removeprefix("Value error, ")


def run() -> None:
    """Entry point: what a person can cause ends in one sentence, not in a traceback."""
    try:
        main()
    except ValidationError as error:
        if error.title != AnalyticsSettings.__name__:
            raise
        click.echo(f"Error: Settings that can't be used: {_faults(error)}.", err=True)
        sys.exit(2)
    except _REFUSALS as refusal:
        click.echo(f"{refusal}", err=True)
        sys.exit(2 if isinstance(refusal, BadParameter | UnknownExport | UnknownReport) else 1)


if __name__ == "__main__":
    run()
