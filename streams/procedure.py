"""Procedure: how one kind of effect is carried out. The runner knows the order, a procedure the steps.

A procedure keeps no state. Its reads (`prepare`, `read_back`, `confirm`) may be repeated at will;
`act` makes exactly one changing call and is only made while the outbox holds the effect's claim.
All raise the errors of `streams.wix.errors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from analytics.lifecycle import Consent, Shipment
from streams.effect import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """All reads are done and the effect is still wanted.

    `claim` is JSON without personal data, stored with the claim before the call, so that a
    read-back knows where to look (a message's `conversation_id`). `request` is what `act` sends;
    it lives in memory only.
    """

    request: Any
    claim: Mapping[str, Any] = field(default_factory=dict)
    consent: Consent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppress:
    """What Wix says now makes the effect unwanted. `reason` is a short code."""

    reason: str
    consent: Consent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The effect is wanted, but not now: it costs no attempt and is decided again at `until`."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """The effect can't be carried out and trying again won't help. `next_step` is for a person."""

    reason: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Wix has it. `wix_id` is the message's or fulfillment's id."""

    wix_id: str
    request_id: str | None = None
    shipments: tuple[Shipment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What was stored before the call that came into doubt."""

    called_at: datetime
    facts: Mapping[str, Any]


class Procedure(Protocol):
    """The steps of one flow."""

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready | Suppress | Later | Fail:
        """Read the order and the customer as they are now, and decide again."""
        ...

    async def act(self, effect: Effect, ready: Ready) -> Done:
        """Make the one changing call."""
        ...

    async def read_back(self, effect: Effect, claim: Claim) -> Done | Suppress | Fail | None:
        """Ask Wix whether the call in doubt took effect; None means that it did not."""
        ...

    async def confirm(self, effect: Effect, done: Done) -> Done:
        """Read what Wix now has, where the flow records that; otherwise give `done` back."""
        ...
