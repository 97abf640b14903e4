"""One example of every plan order webhook: an order is taken to where the sandbox Wix would send it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from sandbox.stories.cast import Customer, Site, customer
from sandbox.stories.envelope import guid
from sandbox.stories.story import Webhook
from sandbox.wix_api.events import Event
from sandbox.wix_api.plan_events import told
from sandbox.wix_api.plans.birth import Ids, OrderType, Purchase, born
from sandbox.wix_api.plans.change import (
    Change,
    canceled,
    marked_as_paid,
    paid,
    paused,
    postponed,
    resumed,
    start_changed,
)
from sandbox.wix_api.plans.order import PlanOrder
from sandbox.wix_api.plans.passing import passed
from sandbox.wix_api.plans.plan import Plan, PlanPricing, Price
from sandbox.wix_api.plans.price import prices
from sandbox.wix_api.plans.term import Duration, whole

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SLUGS = (
    *("created", "updated", "purchased", "started", "cycle_started", "auto_renew_canceled", "canceled"),
    *("ended", "paused", "resumed", "marked_as_paid", "end_date_postponed", "start_date_changed"),
)

_Next = Callable[[PlanOrder, datetime], Change]

# What is done to a paid online order, an unpaid offline one or a draft, before its webhook is sent.
_PAID: dict[str, tuple[_Next, ...]] = {
    "auto_renew_canceled": (
        lambda order, now: canceled(order, "NEXT_PAYMENT_DATE", cause="MEMBER_ACTION", now=now),
    ),
    "canceled": (lambda order, now: canceled(order, "IMMEDIATELY", cause="MEMBER_ACTION", now=now),),
    "paused": (lambda order, now: paused(order, now=now),),
    "resumed": (
        lambda order, now: paused(order, now=now - HOUR / 2),
        lambda order, now: resumed(order, now=now),
    ),
}
_OFFLINE: dict[str, tuple[_Next, ...]] = {
    "marked_as_paid": (lambda order, now: marked_as_paid(order, now=now),),
    "end_date_postponed": (lambda order, now: postponed(order, (order.end or now) + 30 * DAY, now=now),),
}
_DRAFT: dict[str, tuple[_Next, ...]] = {
    "created": (),
    "start_date_changed": (lambda order, now: start_changed(order, now + 7 * DAY, now=now),),
}


def plan_order(slug: str, site: Site, rng: Random, now: datetime) -> Webhook:
    """The webhook of one of `SLUGS`, of an order with ids of its own."""
    changes = _life(slug, site, rng, whole(now))
    sequence = count(1).__next__
    events = [
        event
        for change in changes
        for event in told(change, instance_id=site.instance_id, identity=None, sequence=sequence)
    ]
    return _webhook([event for event in events if event.body.get("slug") == slug][-1])


def _life(slug: str, site: Site, rng: Random, now: datetime) -> Iterator[Change]:
    buyer = customer(rng, site)
    if slug == "ended":
        short = Duration(count=1, unit="DAY")
        change = _born(PlanPricing(single_payment_for_duration=short, price=_price()), buyer, rng, now - DAY)
        yield change
        yield from passed(change.order, now)
        return
    change = _born(_monthly(), buyer, rng, now - HOUR, "OFFLINE" if slug in _OFFLINE else "ONLINE")
    yield change
    if slug not in (*_OFFLINE, *_DRAFT):
        change = paid(change.order, now=now - HOUR)
        yield change
    for step in {**_PAID, **_OFFLINE, **_DRAFT}.get(slug, ()):
        change = step(change.order, now)
        yield change


def _born(
    pricing: PlanPricing, buyer: Customer, rng: Random, at: datetime, kind: OrderType = "OFFLINE"
) -> Change:
    plan = Plan(id=guid(rng), name="Studio Pass", description="All classes", pricing=pricing)
    purchase = Purchase(
        plan=plan,
        prices=prices(plan, None, None),
        buyer={"memberId": buyer.member_id, "contactId": buyer.contact_id},
        type=kind,
        start=at,
    )
    ids = Ids(order=guid(rng), subscription=guid(rng), pay=guid(rng))
    return born(purchase, ids, now=at)


def _monthly() -> PlanPricing:
    cycles = {"cycleDuration": {"count": 1, "unit": "MONTH"}, "cycleCount": 12}
    return PlanPricing.model_validate({"subscription": cycles, "price": _price()})


def _price() -> Price:
    return Price(value=Decimal("49.00"), currency="EUR")


def _webhook(event: Event) -> Webhook:
    return Webhook(instance_id=event.instance_id, event_type=event.event_type, body=event.body)
