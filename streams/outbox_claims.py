"""What a worker may take up: effects that are ready, claims before a call, changes after it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam

from streams import outbox_circuits, outbox_pauses, outbox_ready
from streams.change import Change, Held
from streams.effect import State
from streams.outbox_change import EFFECT_ROWS, EffectRow, change, find
from streams.outbox_leases import Spent, holds, lease, release, spent
from streams.outbox_schema import EFFECTS
from streams.outbox_writer import Turn
from streams.pause import Bug
from streams.procedure import Ready
from streams.reason import CLAIM_EXPIRED

# How many effects of one site are handed out at a time, so that all sites get their turn.
SITE_BATCH = 16
# When a site that fails is tried again, where the failure doesn't say.
PROBE_SECONDS = 10.0
_PAUSED = "Its flow is paused by a bug: `streams flows list` shows it. It goes on when the flow does."

_IS_IN_HAND = EFFECTS.c.instance_id.in_(bindparam("in_hand", expanding=True))
_EXPIRED = EFFECT_ROWS.where(
    EFFECTS.c.state == State.CLAIMED, EFFECTS.c.claimed_until < bindparam("moment"), ~_IS_IN_HAND
).with_for_update(of=EFFECTS, skip_locked=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a runner asks for: flows it can carry out, sites it has in hand, how many more it wants.

    `calls` are the requests of the last minute at sites that it lets go of.
    """

    owner: str
    flows: Collection[str]
    in_hand: Collection[str] = ()
    released: Collection[str] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A site that is leased now, its first effects in order, and what others asked Wix for there."""

    site: str
    effects: list[Held]
    spent: Spent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long leases last, how soon a doubtful effect may be asked after, and for which build."""

    site_lease: timedelta
    read_back_after: timedelta
    build: str


def pick(turn: Turn, errand: Errand, terms: Terms) -> list[Picked]:
    """Lease sites that have something ready, longest due first, and hand out their first effects.

    Expired claims come into doubt on the way, except those of sites in hand. Of a site that failed
    several times running one effect is handed out, of a paused flow none.
    """
    asked: dict[str, Any] = {"moment": turn.now, "in_hand": list(errand.in_hand)}
    release(turn, errand.owner, errand.released, errand.calls)
    _doubt_expired(turn, asked, terms)
    if errand.sites <= 0:
        return []
    paused = {one.flow for one in outbox_pauses.outgrow(turn, terms.build)}
    flows = [flow for flow in errand.flows if flow not in paused]
    asked |= {"me": errand.owner, "flows": flows, "sites": errand.sites}
    # Sorted, so that two workers who take leases at once don't wait for each other.
    sites = sorted(outbox_ready.sites(turn, asked))
    if not sites:
        return []
    by_others = spent(turn, errand.owner, sites)
    leased = [site for site in sites if lease(turn, errand.owner, site, terms.site_lease)]
    probed = outbox_circuits.probed(turn, leased)
    batches = {site: 1 if site in probed else SITE_BATCH for site in leased}
    return [
        Picked(site=site, effects=outbox_ready.effects(turn, asked, site, batch), spent=by_others.get(site))
        for site, batch in batches.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """Who claims, for how long, and how many requests the site has made in the last minute."""

    owner: str
    lasts: timedelta
    calls: int = 0


def claim(turn: Turn, wanted: Held, ready: Ready, by: Claiming, terms: Terms) -> Held | None:
    """Write down that the one call is about to be made; None if the effect or its site is no longer ours.

    The lease must still be held, the effect still stand at the step at which it was handed out,
    its flow not be paused, and no mark may have come in between (then it is suppressed here).
    """
    row = find(turn, wanted.effect.key)
    if row is None or row.step != wanted.step or not holds(turn, by.owner, row.instance_id, by.calls):
        return None
    if any(paused.flow == row.flow for paused in outbox_pauses.in_force(turn, terms.build)):
        return None
    state = change(
        turn,
        row,
        Change(state=State.CLAIMED, consent=ready.consent),
        called_at=turn.now,
        claimed_until=turn.now + by.lasts,
        claimed_by=by.owner,
        claim_facts=json.dumps(dict(ready.claim)),
        ref=wanted.effect.ref,
        wix_id=None,
        bugs=row.bugs,
    )
    if state is not State.CLAIMED:
        return None
    return replace(
        wanted,
        state=State.CLAIMED,
        step=wanted.step + 1,
        called_at=turn.now,
        claim_facts=ready.claim,
        accepted_id=None,
    )


def settle(turn: Turn, known: Held, to: Change, terms: Terms) -> bool:
    """Record what came of it; False if the effect has moved on without us, and nothing was recorded.

    An effect that a bug would end as the third one is kept, and its flow pauses.
    """
    row = find(turn, known.effect.key)
    if row is None or row.step != known.step:
        return False
    if to.site_failed is not None and (to.site_failed or row.site_failures is not None):
        outbox_circuits.note(turn, row.instance_id, failed=to.site_failed, again_in=_pause(to))
    to = _kept(turn, row, to, terms)
    # Where Wix has clearly accepted, only details are missing: they may be asked for at once.
    if to.state is not State.DOUBTFUL or to.wix_id is not None or row.called_at is None:
        return change(turn, row, to) is not None
    due = turn.now + timedelta(seconds=to.again_in or 0)
    return change(turn, row, to, due_at=max(due, _asked_at(row.called_at, terms))) is not None


def _pause(to: Change) -> float:
    return PROBE_SECONDS if to.again_in is None else to.again_in


def _kept(turn: Turn, row: EffectRow, to: Change, terms: Terms) -> Change:
    if not to.bug or to.state is not State.FAILED or to.fingerprint is None:
        return to
    bug = Bug(flow=row.flow, fingerprint=to.fingerprint, error=to.fingerprint, place=row.key)
    if not outbox_pauses.note(turn, bug, terms.build):
        return to
    state = State.DOUBTFUL if to.in_doubt else State.WAITING
    return replace(to, state=state, again_in=0.0, next_step=_PAUSED)


def _asked_at(called_at: datetime, terms: Terms) -> datetime:
    return called_at + terms.read_back_after


def _doubt_expired(turn: Turn, asked: dict[str, Any], terms: Terms) -> None:
    for row in turn.connection.execute(_EXPIRED, asked).all():
        to = Change(state=State.DOUBTFUL, reason=CLAIM_EXPIRED, in_doubt=True, attempt=True)
        change(turn, row, to, due_at=max(turn.now, _asked_at(row.called_at, terms)))
