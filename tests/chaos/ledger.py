"""The third book: the ledger's file, beside one that is built anew from the log."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sandbox.system import System

# Local to a file: looks at the broker, and by which build its tables were made.
LOCAL = frozenset({"samples", "derived", "schema_migrations", "offsets"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Rows of the log in each file, where the live one ends, and rows that only one of them has, by table."""

    live: int
    rebuilt: int
    next_offset: int
    different: dict[str, int]


def rebuilt_beside(system: System) -> Path:
    """Another ledger, from the first record on; the ledger's process must not run.

    Raises:
        sandbox.room.RoomNotReady: the rebuild failed.
    """
    path = system.data_dir / "rebuilt.duckdb"
    system.run("rebuild", "streams", "replay", "rebuild", settings={"LEDGER_PATH": str(path)})
    return path


def compared(live: Path, rebuilt: Path) -> Comparison:
    """Row by row over every table that both have; nobody else may have the files open."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{live}' as live")
        connection.execute(f"attach '{rebuilt}' as rebuilt (read_only)")
        return Comparison(
            live=_count(connection, "select count(*) from live.main.lifecycle"),
            rebuilt=_count(connection, "select count(*) from rebuilt.main.lifecycle"),
            next_offset=_count(connection, "select coalesce(max(next_offset), 0) from live.main.offsets"),
            different={
                table: rows for table in _tables(connection) if (rows := _different(connection, table))
            },
        )


def reports_differing(live: Path, rebuilt: Path) -> tuple[int, list[str]]:
    """How many questions both were asked, and those that they answer otherwise.

    Raises:
        subprocess.CalledProcessError: one of them can't be opened, or fails to answer.
    """
    command = [sys.executable, "-m", "tests.analytics.same_reports", str(live), str(rebuilt)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return int(found["asked"]), list(found["different"])


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select distinct table_name from duckdb_tables() where schema_name = 'main' and not temporary"
        " and database_name in ('live', 'rebuilt')"
    ).fetchall()
    return sorted(name for (name,) in found if name not in LOCAL)


def _different(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    first, second = (f"select * from {file}.main.{table}" for file in ("live", "rebuilt"))
    return sum(
        _count(connection, f"select count(*) from ({one} except all {other})")
        for one, other in ((first, second), (second, first))
    )


def _count(connection: duckdb.DuckDBPyConnection, question: str) -> int:
    (found,) = connection.execute(question).fetchone() or (0,)
    return int(found)
