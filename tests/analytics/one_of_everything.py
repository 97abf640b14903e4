"""A history with one of everything on two sites, and every report over a ledger at once."""

from typing import Any

from analytics.ledger import Ledger
from analytics.lifecycle import LifecycleRow
from analytics.questions import QUESTIONS
from tests.analytics.history import (
    NOW,
    OTHER_SITE,
    ask,
    at,
    calls,
    dead_letter,
    due,
    handover,
    installed,
    outcome,
    pause,
    payment,
    properties,
    reconciled,
    shipments,
    stay,
    store_order,
    subscription,
    unrecognized,
)

# One of everything, on two sites.
HISTORY: list[LifecycleRow] = [
    installed(at(0)),
    store_order("o1", "created", at(1), status="PENDING", sequence=1),
    store_order("o1", "approved", at(1, 1), paid="PAID", sequence=2, contact="c1"),
    shipments("o1", at(2), ("p1", at(2), {"1": 1}, "TRACK1"), sequence=1),
    shipments("o1", at(3), sequence=2),
    shipments("o1", at(4), ("p2", at(4), {"1": 1}, "TRACK2"), sequence=3),
    store_order("o2", "approved", at(2), paid="PAID", member="m1"),
    store_order("o2", "updated", at(2), paid="PAID", fulfilled="PARTIALLY_FULFILLED", member="m1"),
    store_order("o2", "canceled", at(5), status="CANCELED", contact="c1", member="m1"),
    store_order("o3", "approved", at(6), site=OTHER_SITE, currency="USD"),
    *stay("s1", at(2), at(20), cause="MEMBER_ACTION", contact="c1"),
    *stay("s2", at(20, 5), contact="c1"),
    *stay("s3", at(3), at(33), cause="PAYMENT_FAILURE", site=OTHER_SITE, plan="Silver"),
    subscription("s2", "paused", at(25), status="PAUSED", contact="c1", start=at(20, 5)),
    payment("t1", "s1", at(2)),
    payment("t1", "s1", at(8), status="REFUNDED"),
    due("k1", "s1", at(2)),
    outcome("k1", "s1", 1, "claimed", at(2, 0.1), event_at=at(2)),
    outcome("k1", "s1", 2, "done", at(2, 0.2), event_at=at(2), done_at=at(2, 0.2)),
    due("k2", "o1", at(2), flow="fulfillment", topic="store-orders"),
    outcome(
        "k2", "o1", 1, "suppressed", at(2, 0.1), event_at=at(2), flow="fulfillment", reason="policy_handover"
    ),
    due("k3", "s2", at(20)),
    dead_letter("payments", 0, 5, at(9)),
    unrecognized(at(10)),
    properties(at(0, 1), "Bean & Leaf"),
    reconciled(at(0, 2), at(-3)),
    subscription("s0", "snapshot", at(-1), status="ENDED", start=at(-3), end=at(-1), created=at(-3)),
    calls(at(2), 20, parked=1),
    calls(at(2), 5, worker="w2"),
    pause("fulfillment", "paused", at(9), held=2),
    handover("h1", "o1", at(4)),
    handover("h1", "o2", at(4), word="refused", reason="key_reused"),
]


# An order to tell of; hours, since a row per minute of two months is many; and whole lists.
OF_ITS_OWN: dict[str, dict[str, str]] = {
    "order_timeline": {"order_id": "o1"},
    "quota": {"grain": "hour", "start": "2026-03-02"},
    "orders": {"limit": "1000"},
    "effect_log": {"limit": "1000"},
}


def everything(ledger: Ledger, now: Any = NOW, **params: Any) -> dict[str, list[dict[str, Any]]]:
    """Every report of a version; `known_at` is left out, since it may differ."""
    ledger.publish(at=now)
    answers = {}
    for question in QUESTIONS.values():
        if question.reads_present:
            continue
        rows = ask(ledger, question.name, now=None, **{**OF_ITS_OWN.get(question.name, {}), **params})
        answers[question.name] = [{k: v for k, v in row.items() if k != "known_at"} for row in rows]
    return answers
