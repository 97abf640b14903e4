"""A ledger in which somebody was forgotten goes into a new file: the old one's free space holds traces."""

from pathlib import Path

import duckdb

from analytics.ledger import Ledger, Share
from analytics.statements import statement


def pack(path: Path) -> bool:
    """Put a packed ledger in the place of one that nobody has open; False if nobody was forgotten in it.

    DuckDB marks the blocks of rows that were changed as free and keeps their bytes until it needs them.
    """
    target = path.with_name(f"{path.name}.packed")
    with duckdb.connect(config={"memory_limit": Share().memory}) as connection:
        connection.execute(f"attach {_text(path)} as old (read_only)")
        if not connection.execute("select exists (select 1 from old.main.forgotten)").fetchall()[0][0]:
            return False
        target.unlink(missing_ok=True)
        Ledger.open(target).close()
        connection.execute(f"attach {_text(target)} as new")
        for (table,) in connection.execute(statement("forgetting", "packed_tables")).fetchall():
            for step in ("empty_table", "fill_table"):
                connection.execute(statement("forgetting", step).format(table=table))
        connection.execute("detach new")
    target.replace(path)
    return True


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
