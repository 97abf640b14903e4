"""Orders made up from a seed: what Wix holds, what it sends, and what must come of it in whatever order.

Wix holds from the beginning how each order ended, so that what must come of it doesn't depend on which
webhook is read first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sandbox.stories.cast import LONG_AGO, SUBSCRIBED, UNSUBSCRIBED, Consent, Customer, Site, customer, sites
from sandbox.stories.envelope import guid
from sandbox.stories.plan_life import PlanLife
from sandbox.stories.store_life import WAREHOUSE, StoreLife
from sandbox.stories.story import (
    Parcel,
    Script,
    Seed,
    Story,
    Webhook,
    fulfillment,
    payment_notice,
    purchase_notice,
)

MINUTE = timedelta(minutes=1)
# How far apart, in orders, the webhooks of one order are delivered.
SPREAD = 12.0
REPEATED = 0.15

Order = Callable[["_Stage"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook or parcel on its way; a repeat is the same once more."""

    what: Webhook | Parcel
    is_repeat: bool = False


def cast(rng: Random, count: int) -> tuple[Site, ...]:
    """At least so many sites, of every kind that the stories know."""
    found: list[Site] = []
    while len(found) < count:
        found += sites(rng)
    return tuple(found)


def orders(rng: Random, shops: tuple[Site, ...], now: datetime, *, effects: int) -> list[Story]:
    """Orders at random sites until so many effects are due."""
    told: list[Story] = []
    due = 0
    while due < effects:
        site = rng.choice(shops)
        kinds, weights = zip(*_kinds_at(site), strict=True)
        (kind,) = rng.choices(kinds, weights)
        story = _one(kind, rng, site, now - rng.uniform(2, 60) * MINUTE)
        told.append(story)
        due += len(story.expected)
    return told


def deliveries(rng: Random, told: Iterable[Story]) -> list[Delivery]:
    """Every webhook and parcel, out of order and some of them twice."""
    placed: list[tuple[float, Delivery]] = []
    for number, story in enumerate(told):
        sent: list[Webhook | Parcel] = [*story.webhooks, *story.parcels]
        for what in sent:
            place = number + rng.random() * SPREAD
            placed.append((place, Delivery(what=what)))
            if rng.random() < REPEATED:
                again = place + rng.random() * 2 * SPREAD
                placed.append((again, Delivery(what=what, is_repeat=True)))
    placed.sort(key=lambda pair: pair[0])
    return [delivery for _, delivery in placed]


def _one(kind: Order, rng: Random, site: Site, at: datetime) -> Story:
    name = kind.__name__.removeprefix("_")
    script = Script(name, (kind.__doc__ or name).strip(), site.instance_id)
    kind(_Stage(script, rng, site, at))
    return script.told()


def _kinds_at(site: Site) -> tuple[tuple[Order, int], ...]:
    store: tuple[Order, int] = (_shipped_at_once, 4) if site.policy == "immediate" else (_two_parcels, 3)
    return (
        (_bought, 4),
        (_bought_and_renewed, 3),
        (_paused, 1),
        (_free, 3),
        (_at_the_desk, 2),
        (_unsubscribed, 1),
        (_declined, 1),
        store,
    )


class _Stage:
    """Where one order is placed: its script, its site and the hour."""

    def __init__(self, script: Script, rng: Random, site: Site, at: datetime) -> None:
        self.script, self.rng, self.site, self.at = script, rng, site, at

    def plan(self, name: str, consent: Consent = SUBSCRIBED) -> PlanLife:
        """A new customer orders the plan; only how it ends is seeded."""
        buyer, plan = self._customer(consent), self.site.plans[name]
        return PlanLife(self.script, self.rng, self.site, buyer, plan, now=self.at, only_last_seed=True)

    def basket(self, *places: int) -> StoreLife:
        """A new customer orders one of each of these products."""
        basket = tuple((self.site.products[place], 1) for place in places)
        buyer = self._customer(SUBSCRIBED)
        return StoreLife(self.script, self.rng, self.site, buyer, basket, now=self.at, only_last_seed=True)

    def paid(self, life: PlanLife, *transactions: str) -> None:
        """Each payment is written about, or the purchase where the site wants no payment notices."""
        site = self.site.instance_id
        self.script.expect(*life.access_ends_in_hindsight())
        if not self.site.payment_notice:
            self.script.expect(
                *(payment_notice(site, one, life.id, "suppressed", "off_by_setting") for one in transactions),
                purchase_notice(site, life.id, "done"),
            )
            return
        self.script.expect(
            *(payment_notice(site, one, life.id, "done") for one in transactions),
            purchase_notice(site, life.id, "suppressed", "covered_by_payment"),
        )

    def _customer(self, consent: Consent) -> Customer:
        buyer = customer(self.rng, self.site, at_member=consent, at_contact=consent)
        self.script.add(Seed(content=buyer.seed(self.at - LONG_AGO)))
        return buyer


def _bought(stage: _Stage) -> None:
    """A plan is bought and paid."""
    life = stage.plan("monthly")
    life.create(stage.at)
    transaction = life.pay(stage.at + MINUTE)
    stage.script.add(life.seed())
    stage.paid(life, transaction)


def _bought_and_renewed(stage: _Stage) -> None:
    """A plan is bought and paid, and its next cycle too."""
    life = stage.plan("weekly")
    life.create(stage.at)
    first = life.pay(stage.at + MINUTE / 2)
    second = life.renew(stage.at + MINUTE)
    stage.script.add(life.seed())
    stage.paid(life, first, second)


def _paused(stage: _Stage) -> None:
    """A plan is bought and paid, paused, and resumed."""
    life = stage.plan("yearly")
    life.create(stage.at)
    transaction = life.pay(stage.at + MINUTE / 4)
    life.pause(stage.at + MINUTE / 2)
    life.resume(stage.at + MINUTE)
    stage.script.add(life.seed())
    stage.paid(life, transaction)


def _free(stage: _Stage) -> None:
    """A free plan is taken."""
    life = stage.plan("free")
    life.create(stage.at)
    stage.script.add(life.seed())
    stage.script.expect(*life.access_ends_in_hindsight())
    stage.script.expect(purchase_notice(stage.site.instance_id, life.id, "done"))


def _at_the_desk(stage: _Stage) -> None:
    """The owner sells a plan at the desk."""
    life = stage.plan("once")
    life.create_offline(stage.at)
    stage.script.add(life.seed())
    stage.script.expect(*life.access_ends_in_hindsight())
    stage.script.expect(purchase_notice(stage.site.instance_id, life.id, "done"))


def _unsubscribed(stage: _Stage) -> None:
    """A free plan is taken by someone who doesn't want mail."""
    life = stage.plan("free", UNSUBSCRIBED)
    life.create(stage.at)
    stage.script.add(life.seed())
    stage.script.expect(*life.access_ends_in_hindsight())
    stage.script.expect(purchase_notice(stage.site.instance_id, life.id, "suppressed", "not_subscribed"))


def _declined(stage: _Stage) -> None:
    """The card is declined; nothing comes of it."""
    life = stage.plan("monthly")
    life.create(stage.at)
    life.cashier.decline(stage.at + MINUTE)
    stage.script.add(life.seed())


def _shipped_at_once(stage: _Stage) -> None:
    """A site without a warehouse fulfills what is approved; the store's payment is not a plan's."""
    life = stage.basket(0, 1)
    life.place(stage.at)
    transaction = life.cashier().create_approved(stage.at)
    life.pay(stage.at)
    life.approve(stage.at + MINUTE)
    stage.script.add(life.seed())
    site = stage.site.instance_id
    reason = "other_app" if stage.site.payment_notice else "off_by_setting"
    stage.script.expect(
        payment_notice(site, transaction, life.id, "suppressed", reason),
        fulfillment(site, life.id, "immediate", "done"),
    )


def _two_parcels(stage: _Stage) -> None:
    """A store order leaves the warehouse in two parcels."""
    life = stage.basket(0, 1)
    life.place(stage.at)
    life.pay(stage.at)
    life.approve(stage.at + MINUTE)
    stage.script.add(life.seed())
    site = stage.site.instance_id
    stage.script.expect(fulfillment(site, life.id, "immediate", "suppressed", "policy_handover"))
    for line in life.lines:
        number = f"1Z{UUID(guid(stage.rng)).hex[:12].upper()}"
        key = life.hand_over(number, lines=[line])
        how = f"{WAREHOUSE}:{key}"
        stage.script.expect(fulfillment(site, life.id, how, "done", tracking_number=number))
