"""Effects, marks and handovers as the flows would decide them, and a clock that a test moves."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from streams.effect import Decision, Effect, HandoverClaim, Mark

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
FLOW = "payment_notice"
SITE = "3a5d0875-d1ca-506e-b7ba-427b0c7482cd"


class Clock:
    """The outbox's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def an_effect(
    key: str = "notice:payment:1",
    *,
    flow: str = FLOW,
    site: str = SITE,
    order: str = "order-1",
    payload: Mapping[str, Any] | None = None,
) -> Effect:
    return Effect(
        key=key,
        flow=flow,
        instance_id=site,
        order_id=order,
        event_id="event-1",
        event_at=NOW - timedelta(seconds=5),
        payload=payload or {"amount": "9.08", "currency": "EUR"},
    )


def due(*effects: Effect) -> Decision:
    return Decision(effects=effects)


def a_mark(key: str = "notice:payment:1", *, reason: str = "refunded") -> Decision:
    return Decision(marks=(Mark(effect_key=key, instance_id=SITE, reason=reason, at=NOW),))


def a_handover(*effects: Effect, body: str = "hash-a", key: str = "k1", warehouse: str = "north") -> Decision:
    claim = HandoverClaim(
        warehouse=warehouse,
        key=key,
        instance_id=SITE,
        order_id="order-1",
        body_hash=body,
        event_id="event-9",
        at=NOW,
    )
    return Decision(effects=effects, handover=claim)
