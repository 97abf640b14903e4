"""Plan orders: which access a change calls for, and whether Wix's present word still does. No I/O.

Every event about a plan order carries the whole order, so each is read as a picture of it, not as a
step: an order that runs calls for a grant, one that is paused, canceled or over for a revoke. The
key counts what brought the order there, so that all pictures of one stretch are one change:

    grant:0   it started           revoke:k  its k-th pause began
    grant:k   its k-th pause ended revoke:0  it ended for good (canceled, expired)

Duplicates, `canceled` beside `ended` and any order of arrival give the same keys, and a webhook
that was lost is made up for by the next one of the same stretch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ingest import catalogue
from ingest.record import EventRecord, Unreadable
from ingest.topics import PLAN_ORDERS
from streams import reason
from streams.effect import ACCESS, NOTHING, Decision, Effect, access_key
from streams.fields import flag, text
from streams.plan_order import PlanOrder

Verb = Literal["grant", "revoke"]
Change = Literal["started", "paused", "resumed", "ended"]

GRANT: Verb = "grant"
REVOKE: Verb = "revoke"

RUNNING = "ACTIVE"
PAUSED = "PAUSED"
OVER = ("CANCELED", "ENDED")

# What a slug says for certain, whatever the picture beside it shows: Wix may have drawn it earlier.
_STATUS_OF_SLUG: Mapping[str, str] = {
    "started": RUNNING,
    "resumed": RUNNING,
    "paused": PAUSED,
    "canceled": "CANCELED",
    "ended": "ENDED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """What became of access, and by what: `number` is the pause's, 0 for start and end."""

    verb: Verb
    number: int
    change: Change


def decide(record: EventRecord) -> Decision:
    """The one change of access that an event about a plan order calls for, if any.

    An order that isn't bought or hasn't begun calls for none.

    Raises:
        Unreadable: access changes, but the order has no id.
    """
    webhook = catalogue.find(record.event_type, record.body)
    if record.topic != PLAN_ORDERS.name or webhook is None:
        return NOTHING
    picture = catalogue.entity_of(webhook, record.body)
    found = shown(PlanOrder.from_json(picture), slug=webhook.slug)
    if found is None or _is_only_anonymized(record.body, found):
        return NOTHING
    order_id = text(picture, "id") or text(record.body, "entityId")
    if order_id is None:
        raise Unreadable("missing_field", "a plan order without id")
    return Decision(effects=(_effect(record, order_id, found),))


def shown(order: PlanOrder, *, slug: str = "updated") -> AccessChange | None:
    """Where a picture of an order shows access to stand, and what brought it there."""
    status = _STATUS_OF_SLUG.get(slug, order.status)
    pauses = len(order.pause_periods)
    if status in OVER:
        return AccessChange(verb=REVOKE, number=0, change="ended")
    if status == PAUSED:
        return AccessChange(verb=REVOKE, number=max(1, pauses), change="paused")
    if status != RUNNING:
        return None
    # `resumed` ends the last pause, also where the picture still shows it going on.
    resumed = max(1, pauses) if slug == "resumed" else _ended_pauses(order)
    if slug == "started" or not resumed:
        return AccessChange(verb=GRANT, number=0, change="started")
    return AccessChange(verb=GRANT, number=resumed, change="resumed")


def of_payload(payload: Mapping[str, Any]) -> AccessChange:
    """What an effect is to do."""
    return AccessChange(verb=payload["verb"], number=payload["number"], change=payload["change"])


def unwanted(effect: Effect, order: PlanOrder, *, was_granted: bool) -> str | None:
    """Why a change isn't wanted any more, now that the order is known as it is.

    A change that is late but still true is owed whatever its age: someone paid, or is over.
    """
    wanted, now = of_payload(effect.payload), shown(order)
    if wanted.change == "ended" and not was_granted and never_began(order):
        return reason.NEVER_GRANTED
    if now is None or now.verb == wanted.verb or is_not_there_yet(effect, order):
        return None
    return reason.SUPERSEDED


def is_not_there_yet(effect: Effect, order: PlanOrder) -> bool:
    """Whether Wix still shows the order as it was before the event: a read that came too soon."""
    wanted, now = of_payload(effect.payload), shown(order)
    if now is None:
        return True
    if now.verb == wanted.verb or now.change == "ended":
        return False
    if wanted.change == "ended":
        # Nothing leads back from an end, so only a picture made after it can be believed.
        return order.updated_at is None or order.updated_at <= effect.event_at
    if wanted.verb == GRANT:
        return now.number <= wanted.number
    return now.number < wanted.number


def never_began(order: PlanOrder) -> bool:
    """Whether an order that is over was never running: canceled as a draft or before its start."""
    if order.status != "CANCELED" or order.cycles or order.current_cycle or order.pause_periods:
        return False
    if order.type == "ONLINE" and order.is_priced and order.payment_status == "UNPAID":
        return True
    return order.start_at is not None and order.end_at is not None and order.end_at < order.start_at


def _ended_pauses(order: PlanOrder) -> int:
    return sum(one.status == "ENDED" or one.resumed_at is not None for one in order.pause_periods)


def _is_only_anonymized(body: Mapping[str, Any], found: AccessChange) -> bool:
    """A buyer who asked to be forgotten is granted nothing anew; an end is an end."""
    return flag(body, "triggeredByAnonymizeRequest") is True and found.verb == GRANT


def _effect(record: EventRecord, order_id: str, found: AccessChange) -> Effect:
    return Effect(
        key=access_key(found.verb, record.instance_id, order_id, found.number),
        flow=ACCESS,
        instance_id=record.instance_id,
        order_id=order_id,
        event_id=record.event_id,
        event_at=record.event_time,
        payload={"verb": found.verb, "number": found.number, "change": found.change},
    )
