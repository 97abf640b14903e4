"""How far a replay is, how fast, and for how long yet: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

LINE_SECONDS = 5.0


class Lines:
    """Called with what was done; a line every few seconds, and one at the end."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._began = self._said = time.monotonic()

    def __call__(self, done: int) -> None:
        """So many more are done."""
        self._done += done
        if time.monotonic() - self._said >= LINE_SECONDS:
            self.say()

    def expect(self, total: int) -> None:
        """How many there are, where that shows later."""
        self._total = total

    def say(self) -> None:
        """One line."""
        self._said = time.monotonic()
        rate = self._done / max(self._said - self._began, 1e-9)
        left = max(0, self._total - self._done) / rate if rate else 0.0
        share = 100 * self._done / self._total if self._total else 100.0
        told = f"{self._done:,} of {self._total:,} ({share:.0f} %), {rate:,.0f}/s, {left:.0f} s left"
        click.echo(f"{self._what}: {told}", err=True)


class Bar:
    """The same on a terminal."""

    def __init__(self, bar: Progress, what: str, total: int) -> None:
        self._bar, self._task = bar, bar.add_task(what, total=total)

    def __call__(self, done: int) -> None:
        """So many more are done."""
        self._bar.advance(self._task, done)

    def expect(self, total: int) -> None:
        """How many there are, where that shows later."""
        self._bar.update(self._task, total=total)


@contextmanager
def progress(what: str, total: int) -> Iterator[Lines | Bar]:
    """Tell on stderr, as long as the block lasts."""
    if not sys.stderr.isatty():
        lines = Lines(what, total)
        yield lines
        lines.say()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield Bar(bar, what, total)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("–/s" if speed is None else f"{speed:,.0f}/s")
