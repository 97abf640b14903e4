"""What the settings classes say, as rows; .env.example and the README's table are written from them.

python -m tests.settings_table     writes both anew
"""

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from tests.source_tree import ROOMS, ROOT, imported_names, modules

PRODUCT = ("ingest", "streams", "analytics", "dashboard")
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"
SANDBOX_BEGIN, SANDBOX_END = "<!-- sandbox settings: begin -->", "<!-- sandbox settings: end -->"

# Groups of .env.example, by how a name begins; the rest comes last.
GROUPS = {
    "Wix: who we are there, and whom we believe": ("WIX_",),
    "Kafka": ("KAFKA_", "TOPIC_"),
    "The door": ("INGEST_", "HANDOVER_"),
    "The flows": (
        "WORKER_",
        "WATCHDOG_",
        "OUTBOX_",
        "SITE",
        "READ_BACK",
        "NOTICE_",
        "FULFILLMENT_",
        "PAYMENT_",
    ),
    "The ledger and its reports": ("LEDGER_", "REPORTS_", "SNAPSHOT_"),
    "The dashboard": ("DASHBOARD_",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: as the environment spells it, None where it has no default to write down."""

    name: str
    default: str | None
    about: str
    rooms: tuple[str, ...]


def settings_classes(*rooms: str) -> list[type[BaseSettings]]:
    """Every settings class that a room defines, wherever it stands."""
    found = []
    for module in modules(*rooms):
        if "BaseSettings" in module.source and module.path.name != "__main__.py":
            loaded = importlib.import_module(module.name)
            found += [one for one in vars(loaded).values() if _is_own(one, module.name)]
    return found


def settings(*rooms: str) -> list[Setting]:
    """One row for each name, as the classes order them; what several rooms read is one setting."""
    rows: dict[str, Setting] = {}
    for kind in settings_classes(*rooms):
        readers = readers_of(kind)
        for name, field in kind.model_fields.items():
            before = rows.get(name.upper())
            rows[name.upper()] = Setting(
                name=name.upper(),
                default=before.default if before else _spelled(field.default),
                about=before.about if before else " ".join((field.description or "").split()),
                rooms=tuple(dict.fromkeys([*(before.rooms if before else ()), *readers])),
            )
    return list(rows.values())


def readers_of(kind: type[BaseSettings]) -> list[str]:
    """The room that defines a class, and those that import it."""
    own = kind.__module__.split(".")[0]
    name = f"{kind.__module__}.{kind.__name__}"
    return [own, *(room for room in ROOMS if room != own and name in _imported_by(room))]


@cache
def _imported_by(room: str) -> set[str]:
    return {name for module in modules(room) for name in imported_names(module)}


def env_example() -> str:
    """The text of .env.example: every setting of the product at its default."""
    text = [
        "# Every setting of Orderline at its default. Copy to .env and change what you need; what is set in",
        "# the environment goes before that file. A setting behind # has no default. How to connect a real",
        "# Wix app stands in the README. Written by: python -m tests.settings_table",
    ]
    for title, rows in _grouped(settings(*PRODUCT)):
        text += ["", f"# ---- {title} ----"]
        for row in rows:
            line = f"# {row.name}=" if row.default is None else f"{row.name}={row.default}"
            text += ["", *wrap(row.about, width=110, initial_indent="# ", subsequent_indent="# "), line]
    return "\n".join(text) + "\n"


def readme_table(*rooms: str, but: Iterable[Setting] = ()) -> str:
    """The Markdown table of these rooms' settings, without those of `but`."""
    known = {row.name for row in but}
    lines = ["| setting | default | what it is | read by |", "|---|---|---|---|"]
    for row in settings(*rooms):
        if row.name not in known:
            default = f"`{row.default}`" if row.default else "–"
            lines.append(f"| `{row.name}` | {default} | {row.about} | {', '.join(row.rooms)} |")
    return "\n".join(lines)


def readme_with_tables(text: str) -> str:
    """The README with both tables as the classes have them now."""
    text = _between(text, BEGIN, END, readme_table(*PRODUCT))
    return _between(text, SANDBOX_BEGIN, SANDBOX_END, readme_table("sandbox", but=settings(*PRODUCT)))


def _between(text: str, begin: str, end: str, new: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{new}\n{end}{after}"


def _grouped(rows: list[Setting]) -> Iterator[tuple[str, list[Setting]]]:
    left = list(rows)
    for title, beginnings in GROUPS.items():
        yield title, [row for row in left if row.name.startswith(beginnings)]
        left = [row for row in left if not row.name.startswith(beginnings)]
    yield "Where things lie", left


def _is_own(thing: Any, module: str) -> bool:
    return (
        isinstance(thing, type)
        and issubclass(thing, BaseSettings)
        and thing.__module__ == module
        and bool(thing.model_fields)
    )


def _spelled(default: Any) -> str | None:
    """The default as one would write it into the environment."""
    if default is None:
        return None
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, timedelta):
        is_days = default >= timedelta(days=1) and not default % timedelta(days=1)
        return f"P{default.days}D" if is_days else f"PT{default // timedelta(seconds=1)}S"
    return str(default)


def main() -> None:
    """Write .env.example and the README's tables anew."""
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
    readme: Path = ROOT / "README.md"
    readme.write_text(readme_with_tables(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
