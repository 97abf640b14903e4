"""Which sites have something ready, and what: asked many times a second, however much waits.

Sites are looked for among what has been due longest. Only where that shows too few, because a few
sites have very much to do, each site that has anything to do is looked at by itself. Both ways cost
the same whether a thousand effects wait or a million. The queries spell state and reason out as the
indexes of `outbox_schema` do: a parameter would not match them.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    text,
    true,
    union_all,
)

from streams import outbox_circuits
from streams.change import OPEN, Held
from streams.effect import ACCESS
from streams.outbox_change import held
from streams.outbox_schema import EFFECTS, IS_READY, IS_REDRIVEN, LEASES
from streams.outbox_writer import Turn

# How many of those that have been due longest are looked at first.
WINDOW = 256

_EARLIER = EFFECTS.alias("earlier")
_IS_DUE = and_(text(IS_READY), EFFECTS.c.due_at <= bindparam("moment"))
# What people gave another try, perhaps thousands at once, waits behind what happens now.
_REDRIVEN: ColumnElement[int] = literal_column(f"({IS_REDRIVEN})", Integer)


def _first_due(redriven: int) -> Select[Any]:
    columns = (EFFECTS.c.seq, EFFECTS.c.instance_id, EFFECTS.c.order_id, EFFECTS.c.flow, EFFECTS.c.due_at)
    first = select(*columns, literal_column(str(redriven), Integer).label("redriven"))
    due = first.where(_IS_DUE, _is_redriven(redriven))
    return select(due.order_by(EFFECTS.c.due_at).limit(bindparam("window", type_=Integer)).subquery())


def _is_redriven(wanted: int) -> ColumnElement[bool]:
    return _REDRIVEN.op("=", is_comparison=True)(text(str(wanted)))


def _carried_out(rows: Any) -> tuple[ColumnElement[bool], ...]:
    """Of a flow that the worker carries out, and no earlier effect of the same order is unfinished."""
    held_back = exists().where(
        rows.c.order_id != "",
        _EARLIER.c.instance_id == rows.c.instance_id,
        _EARLIER.c.order_id == rows.c.order_id,
        _EARLIER.c.seq < rows.c.seq,
        _EARLIER.c.state.in_(OPEN),
        # Access has a line of its own: it waits for no notice's quiet hours, and no notice for its receiver.
        (_EARLIER.c.flow == ACCESS) == (rows.c.flow == ACCESS),
    )
    return rows.c.flow.in_(bindparam("flows", expanding=True)), ~held_back


def _open_to_me(site: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    """Neither in hand here, nor leased elsewhere, nor resting after failures."""
    elsewhere = exists().where(
        LEASES.c.instance_id == site, LEASES.c.owner != bindparam("me"), LEASES.c.until > bindparam("moment")
    )
    return site.not_in(bindparam("in_hand", expanding=True)), ~elsewhere, ~outbox_circuits.rests(site)


def _in_the_window(window: Subquery) -> Select[Any]:
    site = window.c.instance_id
    return (
        select(site)
        .where(*_open_to_me(site), *_carried_out(window))
        .group_by(site)
        .order_by(func.min(window.c.redriven), func.min(window.c.due_at))
        .limit(bindparam("sites", type_=Integer))
    )


def _site_by_site() -> Select[Any]:
    """Hops from site to site along the index, instead of reading all that they have to do."""
    sites = select(_site_after(true()).subquery()).cte("sites", recursive=True)
    hop = _site_after(EFFECTS.c.instance_id > sites.c.site).correlate(sites).scalar_subquery()
    sites = sites.union_all(select(hop).where(sites.c.site.is_not(None)))
    of_site = and_(EFFECTS.c.instance_id == sites.c.site, _IS_DUE)
    first = select(EFFECTS.c.seq).where(of_site).order_by(_REDRIVEN, EFFECTS.c.seq).limit(1).correlate(sites)
    return (
        select(sites.c.site)
        .where(
            sites.c.site.is_not(None),
            *_open_to_me(sites.c.site),
            exists().where(of_site, *_carried_out(EFFECTS)),
        )
        .order_by(*(_of(first, column) for column in (_REDRIVEN, EFFECTS.c.due_at)))
        .limit(bindparam("sites", type_=Integer))
    )


def _site_after(where: ColumnElement[bool]) -> Select[Any]:
    first = select(EFFECTS.c.instance_id.label("site")).where(text(IS_READY), where)
    return first.order_by(EFFECTS.c.instance_id).limit(1)


def _of(first: Select[Any], column: ColumnElement[Any]) -> ColumnElement[Any]:
    return first.with_only_columns(column).scalar_subquery()


_WINDOW = union_all(_first_due(0), _first_due(1)).subquery("longest_due")
_IN_WINDOW = _in_the_window(_WINDOW)
_IN_ALL = _site_by_site()
_SIZE = select(func.count()).select_from(_WINDOW)
_EFFECTS = (
    select(EFFECTS)
    .where(_IS_DUE, EFFECTS.c.instance_id == bindparam("site"), *_carried_out(EFFECTS))
    .order_by(_REDRIVEN, EFFECTS.c.seq)
    .limit(bindparam("batch", type_=Integer))
)


def sites(turn: Turn, asked: dict[str, Any]) -> list[str]:
    """Up to `sites` of them with something ready, longest due first.

    `asked` has `moment`, `me`, `flows`, `in_hand` and `sites`.
    """
    asked = asked | {"window": WINDOW}
    found = list(turn.connection.scalars(_IN_WINDOW, asked))
    if len(found) >= asked["sites"] or (turn.connection.scalar(_SIZE, asked) or 0) < WINDOW:
        return found
    return list(turn.connection.scalars(_IN_ALL, asked))


def effects(turn: Turn, asked: dict[str, Any], site: str, batch: int) -> list[Held]:
    """The first effects of the site that are ready, in order."""
    rows = turn.connection.execute(_EFFECTS, asked | {"site": site, "batch": batch})
    return [held(row) for row in rows]
