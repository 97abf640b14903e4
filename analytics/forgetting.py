"""Who asks to be forgotten is forgotten in every row, those that are here and those that come later.

A person's ids become other words, always the same, so that every count stays what it was; a site's
rows go. Where rows came from stays, since the log has those records still: nothing may look missing.
"""

from duckdb import DuckDBPyConnection

from analytics.standing import is_any
from analytics.statements import statement

ARRIVING = "arriving_rows"
OBEYING = "obeying_rows"


def obeying(connection: DuckDBPyConnection) -> tuple[str, bool]:
    """What is to be merged in place of `arriving_rows`, and whether rows that are here already have changed.

    Called in the transaction of the rows that arrive.
    """
    (is_known, is_more), *_ = connection.execute(_sql("any_forgotten")).fetchall()
    if is_more:
        _learn(connection)
    if not (is_known or is_more):
        return ARRIVING, False
    connection.execute(_sql("obeying_rows"))
    return OBEYING, bool(is_more)


def is_any_forgotten(connection: DuckDBPyConnection) -> bool:
    """Whether anybody asked to be forgotten before."""
    return is_any(connection, "main.forgotten")


def _learn(connection: DuckDBPyConnection) -> None:
    steps = (
        "arriving_forgotten",
        "add_forgotten",
        "keep_places",
        "drop_sites",
        "mask_people",
        "clear_errors",
    )
    for step in steps:
        connection.execute(_sql(step))
    connection.execute("drop table temp.arriving_forgotten")


def _sql(name: str) -> str:
    return statement("forgetting", name)
