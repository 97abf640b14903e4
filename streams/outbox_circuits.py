"""Sites that fail: after three failures running one effect at a time is tried, the rest waits.

A probe only takes an effect that is due: where all of a site's effects wait for hours, nobody asks.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, exists, select

from streams.change import Circuit
from streams.outbox_schema import CIRCUITS
from streams.outbox_writer import Turn

FAILURES = 3
# After a failed probe; the next one is what is due then, or the first that falls due.
LONGEST_PAUSE = timedelta(seconds=60)

_FIND = select(CIRCUITS).where(CIRCUITS.c.instance_id == bindparam("site"))
_CLOSE = delete(CIRCUITS).where(CIRCUITS.c.instance_id == bindparam("site"))


def rests(site: ColumnElement[str]) -> ColumnElement[bool]:
    """For a query with `moment`: the site is probed, and its next probe is not due yet."""
    return exists().where(
        CIRCUITS.c.instance_id == site,
        CIRCUITS.c.failures >= FAILURES,
        CIRCUITS.c.probe_at > bindparam("moment"),
    )


def note(turn: Turn, site: str, *, failed: bool, again_in: float) -> None:
    """Count a failure of the site; a clear answer of Wix ends the count."""
    known = turn.connection.execute(_FIND, {"site": site}).first()
    if not failed:
        if known is not None:
            turn.connection.execute(_CLOSE, {"site": site})
        return
    values = {
        "failures": (known.failures if known else 0) + 1,
        "probe_at": turn.now + min(timedelta(seconds=again_in), LONGEST_PAUSE),
    }
    if known is None and turn.add(CIRCUITS, {"instance_id": site, **values}):
        return
    turn.connection.execute(CIRCUITS.update().where(CIRCUITS.c.instance_id == site).values(**values))


def probed(turn: Turn, sites: Collection[str]) -> set[str]:
    """Those of the sites that failed three times running."""
    failing = select(CIRCUITS.c.instance_id).where(
        CIRCUITS.c.failures >= FAILURES, CIRCUITS.c.instance_id.in_(sites)
    )
    return set(turn.connection.scalars(failing))


def open_circuits(turn: Turn) -> list[Circuit]:
    """Every site that is probed now."""
    rows = turn.connection.execute(select(CIRCUITS).where(CIRCUITS.c.failures >= FAILURES))
    return [_circuit(row.instance_id, row.failures, row.probe_at) for row in rows]


def _circuit(site: str, failures: int, probe_at: datetime) -> Circuit:
    return Circuit(instance_id=site, failures=failures, probe_at=probe_at)
