"""What several commands are asked with: moments, options that go together."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from ingest.record import parse_time

Command = Callable[..., Any]


class Moment(click.ParamType):
    """An ISO 8601 time; without a zone it is UTC, without a time of day it is midnight."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """A time in UTC, or a usage error."""
        moment = value if isinstance(value, datetime) else parse_time(value)
        if moment is None:
            self.fail(
                f"{value!r} is no ISO 8601 time, such as 2026-11-01 or 2026-11-01T08:30:00Z", param, ctx
            )
        return moment.astimezone(UTC)


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """These options as one decorator; `--help` shows them in this order."""

    def decorated(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


or_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of a table.")


def choosing_again(names: str) -> Callable[[Command], Command]:
    """What a redrive is told of its plan; those named by `names` are the ones that `--limit` never cuts."""
    return together(
        click.option("--all", "everything", is_flag=True, help="All that fit the filters."),
        click.option("--dry-run", is_flag=True, help="Show what would be tried again, and change nothing."),
        click.option("--yes", is_flag=True, help="Don't ask before many are tried again."),
        click.option(
            "--limit",
            type=click.IntRange(min=1),
            help=f"At most so many, oldest first; {names} are never cut.",
        ),
    )
