"""Which worker has which site, and what it has asked Wix for there: leases by the database's clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from streams.outbox_schema import LEASES
from streams.outbox_writer import Turn
from streams.quota import WINDOW_SECONDS

# More requests than one effect takes.
CALLS_OF_A_FLOW = 10

_MINE = LEASES.c.owner == bindparam("me")
_IS_FREE = or_(_MINE, LEASES.c.until <= bindparam("moment"))


def _taking(insert: sqlite.Insert | postgresql.Insert) -> ReturningInsert[Any]:
    until = {"owner": insert.excluded.owner, "until": insert.excluded.until}
    return insert.on_conflict_do_update(
        index_elements=[LEASES.c.instance_id], set_=until, where=_IS_FREE
    ).returning(LEASES.c.instance_id)


_TAKE = {"sqlite": _taking(sqlite.insert(LEASES)), "postgresql": _taking(postgresql.insert(LEASES))}
_OF_ME = and_(_MINE, LEASES.c.instance_id == bindparam("site"))
_LET_GO = (
    update(LEASES)
    .where(_OF_ME)
    .values(
        until=bindparam("moment"),
        calls=bindparam("number"),
        calls_at=bindparam("moment"),
        calls_by=bindparam("me"),
    )
)
_FORGET = delete(LEASES).where(_MINE, LEASES.c.instance_id.in_(bindparam("sites", expanding=True)))
_KNOWN = select(LEASES).where(LEASES.c.instance_id.in_(bindparam("sites", expanding=True)))
_HOLDS = (
    update(LEASES)
    .where(_OF_ME, LEASES.c.until > bindparam("moment"))
    .values(calls=bindparam("number"), calls_at=bindparam("moment"), calls_by=bindparam("me"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Requests that another worker made for a site in a minute that ended `age_seconds` ago."""

    calls: int
    age_seconds: float


def lease(turn: Turn, owner: str, site: str, lasts: timedelta) -> bool:
    """Take the site if nobody else has it; False if another worker was quicker."""
    row = {"instance_id": site, "owner": owner, "until": turn.now + lasts, "me": owner, "moment": turn.now}
    return turn.connection.execute(_TAKE[turn.dialect], row).first() is not None


def holds(turn: Turn, owner: str, site: str, calls: int) -> bool:
    """Whether the owner has the site now; what it has asked Wix for there is noted on the way."""
    asked = {"me": owner, "site": site, "moment": turn.now, "number": calls}
    return turn.connection.execute(_HOLDS, asked).rowcount == 1


def renew(turn: Turn, owner: str, sites: Sequence[str], lasts: timedelta) -> set[str]:
    """Prolong the leases; returns the sites that are still the owner's."""
    kept = turn.connection.execute(
        update(LEASES)
        .where(LEASES.c.instance_id.in_(sites), LEASES.c.owner == owner)
        .values(until=turn.now + lasts)
        .returning(LEASES.c.instance_id)
    )
    return set(kept.scalars())


def release(turn: Turn, owner: str, sites: Collection[str], calls: Mapping[str, int] | None = None) -> None:
    """Let other workers have the sites at once, with the requests of the last minute that `calls` tells."""
    told = {site: number for site, number in (calls or {}).items() if number and site in sites}
    for site, number in told.items():
        turn.connection.execute(_LET_GO, {"me": owner, "site": site, "moment": turn.now, "number": number})
    silent = [site for site in sites if site not in told]
    if silent:
        turn.connection.execute(_FORGET, {"me": owner, "sites": silent})


def spent(turn: Turn, owner: str, sites: Sequence[str]) -> dict[str, Spent]:
    """What others asked Wix for at these sites within the last minute; to be asked before `lease`."""
    found = {}
    for row in turn.connection.execute(_KNOWN, {"sites": sites}):
        if row.calls_at is None or row.calls_by == owner:
            continue
        age = max(0.0, (turn.now - row.calls_at).total_seconds())
        if age < WINDOW_SECONDS:
            # Who did not let go told at its last claim, and may have begun something else since.
            more = 0 if row.until == row.calls_at else CALLS_OF_A_FLOW
            found[row.instance_id] = Spent(calls=row.calls + more, age_seconds=age)
    return found
