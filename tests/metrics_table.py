"""What the processes' registries say, as rows; the table of docs/observability.md is written from them.

python -m tests.metrics_table     writes it anew
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from ingest.metrics import DoorMetrics
from sandbox.wix_api.metrics import Metrics
from streams.meters import LedgerMeters, Meters
from tests.source_tree import ROOT

PAGE = ROOT / "docs" / "observability.md"
BEGIN, END = "<!-- metrics: begin -->", "<!-- metrics: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One metric as `/metrics` shows it: a counter's name ends in `_total`."""

    name: str
    type: str
    labels: tuple[str, ...]
    about: str
    processes: tuple[str, ...]


def registries() -> dict[str, CollectorRegistry]:
    """What each process exposes."""
    return {
        "ingest": DoorMetrics().registry,
        "worker": Meters().registry,
        "ledger": LedgerMeters().registry,
        "sandbox": Metrics().registry,
    }


def measured() -> list[Measured]:
    """One row for each name; what several processes have is one row."""
    rows: dict[str, Measured] = {}
    for process, registry in registries().items():
        for one in _collectors(registry):
            name = f"{one._name}_total" if one._type == "counter" else one._name
            before = rows[name].processes if name in rows else ()
            rows[name] = Measured(
                name=name,
                type=one._type,
                labels=tuple(one._labelnames),
                about=one._documentation.rstrip("."),
                processes=(*before, process),
            )
    return sorted(rows.values(), key=lambda row: (row.processes, row.name))


def table() -> str:
    """The Markdown table."""
    lines = ["| metric | type | labels | meaning | of |", "|---|---|---|---|---|"]
    for row in measured():
        labels = ", ".join(f"`{label}`" for label in row.labels) or "–"
        lines.append(f"| `{row.name}` | {row.type} | {labels} | {row.about}. | {', '.join(row.processes)} |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _collectors(registry: CollectorRegistry) -> Iterator[Any]:
    """Those of ours; a process' own figures come from a collector of another kind."""
    return (one for one in registry._collector_to_names if isinstance(one, MetricWrapperBase))


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
