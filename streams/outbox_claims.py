"""Who works what: site leases, effects that are ready, claims before a call, changes after it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update

from streams.change import OPEN, READY, Change, Held
from streams.effect import State
from streams.outbox_change import change, find, held
from streams.outbox_schema import EFFECTS, LEASES
from streams.outbox_writer import Turn
from streams.procedure import Ready

# How many effects of one site are handed out at a time, so that all sites get their turn.
SITE_BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a runner asks for: flows it can carry out, sites it has in hand, how many more it wants."""

    owner: str
    flows: Collection[str]
    in_hand: Collection[str] = ()
    released: Collection[str] = ()
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long leases last and how soon a doubtful effect may be asked after."""

    site_lease: timedelta
    read_back_after: timedelta


def pick(turn: Turn, errand: Errand, waits: Waits) -> list[tuple[str, list[Held]]]:
    """Lease sites that have something ready, longest due first, and hand out their first effects.

    Expired claims come into doubt on the way, except those of sites in hand.
    """
    release(turn, errand.owner, errand.released)
    _doubt_expired(turn, errand, waits)
    sites = turn.connection.scalars(_sites_with_work(turn, errand)) if errand.sites > 0 else ()
    leased = [site for site in list(sites) if _lease(turn, errand.owner, site, waits.site_lease)]
    return [(site, _ready_of(turn, errand, site)) for site in leased]


def renew(turn: Turn, owner: str, sites: Sequence[str], lease: timedelta) -> set[str]:
    """Prolong the leases; returns the sites that are still the owner's."""
    kept = turn.connection.execute(
        update(LEASES)
        .where(LEASES.c.instance_id.in_(sites), LEASES.c.owner == owner)
        .values(until=turn.now + lease)
        .returning(LEASES.c.instance_id)
    )
    return set(kept.scalars())


def release(turn: Turn, owner: str, sites: Collection[str]) -> None:
    """Let other workers have the sites at once."""
    if sites:
        mine = and_(LEASES.c.owner == owner, LEASES.c.instance_id.in_(sites))
        turn.connection.execute(delete(LEASES).where(mine))


def claim(turn: Turn, owner: str, wanted: Held, ready: Ready, lasts: timedelta) -> Held | None:
    """Write down that the one call is about to be made; None if the effect or its site is no longer ours.

    The lease must still be held, the effect still stand at the step at which it was handed out,
    and no mark may have come in between (then it is suppressed here).
    """
    row = find(turn, wanted.effect.key)
    if row is None or row.step != wanted.step or not _holds(turn, owner, row.instance_id):
        return None
    step = change(
        turn,
        row,
        Change(state=State.CLAIMED, consent=ready.consent),
        called_at=turn.now,
        claimed_until=turn.now + lasts,
        claimed_by=owner,
        claim_facts=json.dumps(dict(ready.claim)),
        ref=wanted.effect.ref,
        wix_id=None,
        bugs=row.bugs,
    )
    claimed = find(turn, wanted.effect.key) if step is not None else None
    return held(claimed) if claimed is not None and claimed.state == State.CLAIMED else None


def settle(turn: Turn, known: Held, to: Change, waits: Waits) -> bool:
    """Record what came of it; False if the effect has moved on without us, and nothing was recorded."""
    row = find(turn, known.effect.key)
    if row is None or row.step != known.step:
        return False
    if to.state is not State.DOUBTFUL or to.wix_id or known.accepted_id:
        return change(turn, row, to) is not None
    due = turn.now + timedelta(seconds=to.again_in or 0)
    return change(turn, row, to, due_at=max(due, _asked_at(row.called_at, waits))) is not None


def _asked_at(called_at: datetime, waits: Waits) -> datetime:
    return called_at + waits.read_back_after


def _doubt_expired(turn: Turn, errand: Errand, waits: Waits) -> None:
    expired = select(EFFECTS).where(
        EFFECTS.c.state == State.CLAIMED,
        EFFECTS.c.claimed_until < turn.now,
        EFFECTS.c.instance_id.not_in(errand.in_hand),
    )
    for row in turn.connection.execute(expired.with_for_update(skip_locked=True)).all():
        to = Change(state=State.DOUBTFUL, reason="claim_expired", in_doubt=True, attempt=True)
        change(turn, row, to, due_at=max(turn.now, _asked_at(row.called_at, waits)))


def _sites_with_work(turn: Turn, errand: Errand) -> Select[str]:
    elsewhere = exists().where(
        LEASES.c.instance_id == EFFECTS.c.instance_id,
        LEASES.c.owner != errand.owner,
        LEASES.c.until > turn.now,
    )
    return (
        select(EFFECTS.c.instance_id)
        .where(_is_ready(turn, errand), ~elsewhere, EFFECTS.c.instance_id.not_in(errand.in_hand))
        .group_by(EFFECTS.c.instance_id)
        .order_by(func.min(EFFECTS.c.due_at))
        .limit(errand.sites)
    )


def _is_ready(turn: Turn, errand: Errand) -> ColumnElement[bool]:
    """Due, of a flow we carry out, and no earlier effect of the same order is unfinished."""
    earlier = EFFECTS.alias("earlier")
    held_back = exists().where(
        EFFECTS.c.order_id != "",
        earlier.c.instance_id == EFFECTS.c.instance_id,
        earlier.c.order_id == EFFECTS.c.order_id,
        earlier.c.seq < EFFECTS.c.seq,
        earlier.c.state.in_(OPEN),
    )
    return and_(
        EFFECTS.c.state.in_(READY),
        EFFECTS.c.due_at <= turn.now,
        EFFECTS.c.flow.in_(errand.flows),
        ~held_back,
    )


def _ready_of(turn: Turn, errand: Errand, site: str) -> list[Held]:
    query = select(EFFECTS).where(_is_ready(turn, errand), EFFECTS.c.instance_id == site)
    rows = turn.connection.execute(query.order_by(EFFECTS.c.seq).limit(SITE_BATCH))
    return [held(row) for row in rows]


def _lease(turn: Turn, owner: str, site: str, lease: timedelta) -> bool:
    free = or_(LEASES.c.owner == owner, LEASES.c.until <= turn.now)
    until = turn.now + lease
    taken = turn.connection.execute(
        turn.insert(LEASES)
        .values(instance_id=site, owner=owner, until=until)
        .on_conflict_do_update(
            index_elements=[LEASES.c.instance_id], set_={"owner": owner, "until": until}, where=free
        )
        .returning(LEASES.c.instance_id)
    )
    return taken.first() is not None


def _holds(turn: Turn, owner: str, site: str) -> bool:
    mine = select(LEASES.c.until).where(
        LEASES.c.instance_id == site, LEASES.c.owner == owner, LEASES.c.until > turn.now
    )
    return turn.connection.scalar(mine) is not None
