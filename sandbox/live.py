"""The live summary of a running demo: addresses, and what goes in and comes out."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from sandbox.stories.telling import Teller
from sandbox.system import System
from sandbox.witness import Witness

NOT_YET = "–"


@dataclass(slots=True)
class Seen:
    """What the summary shows; figures stay as last seen while a service is away."""

    telling: str = "starting"
    posted: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    messages: int | None = None
    fulfillments: int | None = None
    access: int | None = None
    effects: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    pipeline: dict[str, Any] = field(default_factory=dict)
    away: str = ""

    async def look(self, teller: Teller, witness: Witness) -> None:
        """Ask everybody once."""
        self.posted, self.answers = teller.posted, dict(teller.answers)
        try:
            received = await witness.received()
            self.messages = len(received["messages"])
            self.fulfillments = len(received["fulfillments"])
            self.access = len(received["access"])
            self.effects, self.counts = await witness.totals(), await witness.conservation()
            self.pipeline = next(iter(await witness.report("pipeline")), {})
            self.away = ""
        except httpx.HTTPError as error:
            self.away = f"{type(error).__name__} at {error.request.url}"


def summary(seen: Seen, system: System) -> RenderableType:
    """One screen of it."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, value in _lines(seen):
        table.add_row(name, value)
    return Group(Panel(table, title="Orderline", title_align="left"), _addresses(system))


def plain(seen: Seen) -> str:
    """The same in one line, where there is no terminal to draw on."""
    return " | ".join(f"{name}: {value}" for name, value in _lines(seen) if value)


def _lines(seen: Seen) -> list[tuple[str, str]]:
    shown = [
        ("Telling", seen.telling),
        ("Webhooks", f"{seen.posted} posted, answered {_counted(seen.answers)}"),
        ("Messages at Wix", _number(seen.messages)),
        ("Fulfillments at Wix", _number(seen.fulfillments)),
        ("Changes of access told", _number(seen.access)),
        ("Effects", _counted(seen.effects)),
        ("Ledger", _counted(seen.counts)),
        ("Freshness", _seconds(seen.pipeline.get("freshness_seconds"))),
        ("Records not read yet", _number(seen.pipeline.get("lag"))),
    ]
    return [*shown, ("Not answering", seen.away)] if seen.away else shown


def _addresses(system: System) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("Dashboard", f"[bold]{system.dashboard_url}[/]")
    table.add_row("Reports", f"{system.reports_url}/reports")
    table.add_row("Webhooks", system.webhook_url)
    table.add_row("Sandbox Wix", f"{system.wix_url}/admin/received")
    table.add_row("Kafka", system.bootstrap)
    table.add_row("Logs", str(system.data_dir / "logs"))
    table.add_row("", "[dim]Ctrl-C stops everything in order.[/]")
    return table


def _counted(figures: dict[str, int]) -> str:
    return ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in figures.items()) or NOT_YET


def _number(value: int | None) -> str:
    return NOT_YET if value is None else str(value)


def _seconds(value: float | None) -> str:
    return NOT_YET if value is None else f"{value:.1f} s"
