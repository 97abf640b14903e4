"""What the runner takes from the outbox, and what it says came of it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analytics.lifecycle import Consent, Shipment
from streams.effect import Effect, State

# Not finished: the runner still has something to do, and later effects of the same order wait.
OPEN = (State.DUE, State.CLAIMED, State.WAITING, State.DOUBTFUL)
# What the runner may take up once it is due.
READY = (State.DUE, State.WAITING, State.DOUBTFUL)
FINAL = (State.DONE, State.SUPPRESSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An effect as the outbox holds it, and at which `step`: a change is only taken for that step.

    `called_at` is set from the claim until the doubt has ended; while it is set, a call may have
    reached Wix. `accepted_id` is Wix's id when the call clearly succeeded but its confirmation
    is still missing.
    """

    effect: Effect
    state: State
    step: int
    attempts: int = 0
    bugs: int = 0
    called_at: datetime | None = None
    claim_facts: Mapping[str, Any] = field(default_factory=dict)
    accepted_id: str | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The next state of an effect and why.

    `again_in` is in seconds from now by the outbox's clock. `in_doubt` keeps what the claim stored,
    for the read-back. `attempt` and `bug` say what is counted. `spent` is how many seconds
    our calls took since the last change. `site_failed` says that Wix gave the site no service,
    or (False) that it did; None where the change tells nothing of the site.
    """

    state: State
    reason: str | None = None
    again_in: float | None = None
    in_doubt: bool = False
    attempt: bool = False
    bug: bool = False
    spent: float = 0.0
    wix_id: str | None = None
    consent: Consent | None = None
    shipments: tuple[Shipment, ...] = ()
    next_step: str | None = None
    fingerprint: str | None = None
    last_status: int | None = None
    last_code: str | None = None
    request_id: str | None = None
    site_failed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A site that failed several times running: one effect at a time is tried, no sooner than `probe_at`."""

    instance_id: str
    failures: int
    probe_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An effect as people see it: where it stands, why, and what to do."""

    held: Held
    added_at: datetime
    changed_at: datetime
    due_at: datetime
    claimed_until: datetime | None = None
    claimed_by: str | None = None
    ref: str | None = None
    wix_id: str | None = None
    reason: str | None = None
    next_step: str | None = None
    fingerprint: str | None = None
    last_status: int | None = None
    last_code: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which effects a person means; None means any. `order_id` is Wix's id of the order.

    `since` is the last change, by the outbox's clock; `keys` are those and no others.
    """

    flow: str | None = None
    state: State | None = None
    reason: str | None = None
    instance_id: str | None = None
    order_id: str | None = None
    key: str | None = None
    fingerprint: str | None = None
    since: datetime | None = None
    keys: frozenset[str] | None = None
