"""A ledger in which somebody was forgotten goes into a new file: the old one's free space holds traces."""

from pathlib import Path

import duckdb

from analytics.damage import LedgerNotOpened, unwritten
from analytics.ledger import Ledger
from analytics.opening import ORDINARY, attach
from analytics.statements import statement


def pack(path: Path) -> bool:
    """Put a packed ledger in the place of one that nobody has open; False if nobody was forgotten in it.

    DuckDB marks the blocks of rows that were changed as free and keeps their bytes until it needs them.

    Raises:
        LedgerNotWritten: there is no room for both; the ledger is as it was, and may be packed again.
    """
    target = path.with_name(f"{path.name}.packed")
    # Of a packing that was broken off: its WAL is none of a new file's.
    _discard(target)
    try:
        if not _is_copied(path, target):
            return False
    except (duckdb.Error, LedgerNotOpened) as error:
        _discard(target)
        said = error.__cause__ if isinstance(error.__cause__, duckdb.Error) else error
        refused = unwritten(path, said) if isinstance(said, duckdb.Error) else None
        if refused is None:
            raise
        raise refused from error
    target.replace(path)
    return True


def _is_copied(path: Path, target: Path) -> bool:
    with duckdb.connect(config={"memory_limit": ORDINARY.memory}) as connection:
        connection.execute(attach(path, "old", read_only=True))
        if not connection.execute("select exists (select 1 from old.main.forgotten)").fetchall()[0][0]:
            return False
        Ledger.open(target).close()
        connection.execute(attach(target, "new"))
        for (table,) in connection.execute(statement("forgetting", "packed_tables")).fetchall():
            for step in ("empty_table", "fill_table"):
                connection.execute(statement("forgetting", step).format(table=table))
        connection.execute("detach new")
    return True


def _discard(target: Path) -> None:
    for file in (target, target.with_name(f"{target.name}.wal")):
        file.unlink(missing_ok=True)
