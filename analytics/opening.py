"""The ledger's file in DuckDB: opened by one process alone, laid out for many small tables."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from analytics.damage import damage, unopened
from analytics.statements import literal

# One large checkpoint instead of many: p99 of a batch went from 65 to 21 ms.
CHECKPOINT_THRESHOLD = "256MB"
# A quarter of DuckDB's own. A group is what a thread works on, and what a bulk insert writes without its WAL:
# tables of less than one were read and written by one thread, twice.
ROW_GROUP_ROWS = 30_720

_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) ?\(PID (?P<pid>\d+)\)")
# What DuckDB says of a file that it has open itself.
_OPEN_HERE = "Unique file handle conflict"


class LedgerLocked(Exception):
    """Somebody else has the file open. `holder` names it."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(
            f"{path} is open in {holder}, and DuckDB lets one process at a time have a file. "
            "Ask that process (REPORTS_URL), or stop it first."
        )
        self.path = path
        self.holder = holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What DuckDB may take of its machine, which it shares; what does not fit is spilled beside the file.

    `memory` is for its own buffers, such as 512MB; the process takes about as much again. `threads`
    0 is one for each core.
    """

    memory: str = "512MB"
    threads: int = 0


ORDINARY = Share()


def opened(path: Path, *, wait_seconds: float, share: Share) -> DuckDBPyConnection:
    """A connection to the file, which is made if need be; waits so long for who has it open.

    Raises:
        LedgerLocked: somebody still has it open.
        LedgerDamaged: the file is not what DuckDB wrote.
        LedgerNotOpened: the file can't be made or opened where it should be.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return _opened(path, share)
        except duckdb.Error as error:
            holder = _holder(str(error))
            if holder is None:
                raise (damage(path, error) or unopened(path, error)) from error
            if time.monotonic() >= deadline:
                raise LedgerLocked(path, holder) from error
        time.sleep(0.2)


def another(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """One more connection to the same ledger, with a transaction of its own."""
    cursor = connection.cursor()
    cursor.execute("use ledger")
    return cursor


def attach(path: Path, name: str, *, read_only: bool = False) -> str:
    """The statement that opens a ledger's file; one attached can be told how large groups are."""
    mode = "read_only" if read_only else "read_write"
    return f"attach {literal(str(path))} as {name} ({mode}, row_group_size {ROW_GROUP_ROWS})"


def _opened(path: Path, share: Share) -> DuckDBPyConnection:
    threads = {"threads": share.threads} if share.threads else {}
    connection = duckdb.connect(
        config={
            "checkpoint_threshold": CHECKPOINT_THRESHOLD,
            "memory_limit": share.memory,
            **threads,
            "temp_directory": str(path.absolute().with_name(f"{path.name}.spill")),
            "python_enable_replacements": "false",
            # No report relies on it, and a load keeps far less in memory.
            "preserve_insertion_order": "false",
        },
    )
    try:
        connection.execute(attach(path, "ledger"))
        connection.execute("use ledger")
    except BaseException:
        connection.close()
        raise
    return connection


def _holder(said: str) -> str | None:
    if _OPEN_HERE in said:
        return "this very process"
    found = _HOLDER.search(said)
    return found and f"{found['program']} (process {found['pid']})"
