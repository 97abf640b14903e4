"""SQL files of this package become the statements they hold, and texts what stands in one."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_SQL = files("analytics") / "sql"


@cache
def statement(folder: str, name: str) -> str:
    """The text of `sql/<folder>/<name>.sql`."""
    return (_SQL / folder / f"{name}.sql").read_text(encoding="utf-8")


def in_order(folder: str) -> list[tuple[str, str]]:
    """Name (without `.sql`) and text of every file of a folder, by name."""
    found = sorted(
        (entry for entry in (_SQL / folder).iterdir() if _is_sql(entry)), key=lambda entry: entry.name
    )
    return [(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")) for entry in found]


def literal(text: str) -> str:
    """The text as SQL spells it, for where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def _is_sql(entry: Traversable) -> bool:
    return entry.is_file() and entry.name.endswith(".sql")
