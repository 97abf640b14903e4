"""Which worker has which site: leases by the database's clock."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from streams.outbox_schema import LEASES
from streams.outbox_writer import Turn

_MINE = LEASES.c.owner == bindparam("me")
_IS_FREE = or_(_MINE, LEASES.c.until <= bindparam("moment"))


def _taking(insert: sqlite.Insert | postgresql.Insert) -> ReturningInsert[Any]:
    until = {"owner": insert.excluded.owner, "until": insert.excluded.until}
    return insert.on_conflict_do_update(
        index_elements=[LEASES.c.instance_id], set_=until, where=_IS_FREE
    ).returning(LEASES.c.instance_id)


_TAKE = {"sqlite": _taking(sqlite.insert(LEASES)), "postgresql": _taking(postgresql.insert(LEASES))}
_HOLDS = select(LEASES.c.until).where(
    LEASES.c.instance_id == bindparam("site"), _MINE, LEASES.c.until > bindparam("moment")
)


def lease(turn: Turn, owner: str, site: str, lasts: timedelta) -> bool:
    """Take the site if nobody else has it; False if another worker was quicker."""
    row = {"instance_id": site, "owner": owner, "until": turn.now + lasts, "me": owner, "moment": turn.now}
    return turn.connection.execute(_TAKE[turn.dialect], row).first() is not None


def holds(turn: Turn, owner: str, site: str) -> bool:
    """Whether the owner has the site now."""
    asked = {"me": owner, "site": site, "moment": turn.now}
    return turn.connection.scalar(_HOLDS, asked) is not None


def renew(turn: Turn, owner: str, sites: Sequence[str], lasts: timedelta) -> set[str]:
    """Prolong the leases; returns the sites that are still the owner's."""
    kept = turn.connection.execute(
        update(LEASES)
        .where(LEASES.c.instance_id.in_(sites), LEASES.c.owner == owner)
        .values(until=turn.now + lasts)
        .returning(LEASES.c.instance_id)
    )
    return set(kept.scalars())


def release(turn: Turn, owner: str, sites: Collection[str]) -> None:
    """Let other workers have the sites at once."""
    if sites:
        mine = delete(LEASES).where(LEASES.c.owner == owner, LEASES.c.instance_id.in_(sites))
        turn.connection.execute(mine)
