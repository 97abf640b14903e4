"""Months of orders as they would have happened, so that charts have a past.

All of it is told after the fact: events are old, so every notice of it comes out `too_old`, and
Wix holds only how each order ended; of access the receiver is told no more than that.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from sandbox.stories.cast import LONG_AGO, Site, customer
from sandbox.stories.envelope import guid, later
from sandbox.stories.plan_life import PlanLife
from sandbox.stories.store_life import StoreLife
from sandbox.stories.story import Script, Seed, Story, fulfillment, payment_notice, purchase_notice

DAYS = 90
DAY = timedelta(days=1)
# Payments younger than this would still be written about (NOTICE_MAX_AGE is 3 days).
NOTICES_ARE_OLD = 4 * DAY
# A fulfillment is due only while its order is younger than this (FULFILLMENT_MAX_AGE)…
FULFILLMENT_MAX_AGE = 30 * DAY
# …and a story must not change its end while it is told.
TELLING_TAKES = DAY / 2

# Above one: the newer the day, the more orders.
GROWTH = 1.2
FRIDAY, SUNDAY = 4, 6
# Who ordered something that doesn't come gets the money back within this time.
PATIENCE = 21 * DAY

ENDINGS = ("stays", "cancels", "expires", "fails", "pauses")
ENDING_WEIGHTS = (64, 8, 12, 9, 7)
PLANS = ("monthly", "weekly", "yearly", "trial", "once")
PLAN_WEIGHTS = (34, 30, 6, 22, 8)


def history(
    rng: Random,
    cast: tuple[Site, ...],
    now: datetime,
    *,
    subscriptions: int,
    store_orders: int,
    days: int = DAYS,
) -> tuple[Story, ...]:
    """That many orders over the sites and the `days` before `now`, a few more of them each week.

    The same generator state and `now` give the same stories.
    """
    plans = (_subscription(rng, rng.choice(cast), now, number, days) for number in range(subscriptions))
    orders = (_store_order(rng, rng.choice(cast), now, number, days) for number in range(store_orders))
    return (*plans, *orders)


def _subscription(rng: Random, site: Site, now: datetime, number: int, days: int) -> Story:
    ending = rng.choices(ENDINGS, ENDING_WEIGHTS)[0]
    plan = site.plans[rng.choices(PLANS, PLAN_WEIGHTS)[0]]
    script = Script(f"subscription_{number}", f"{plan.name} at {site.name}, {ending}", site.instance_id)
    buyer = customer(rng, site)
    script.add(Seed(content=buyer.seed(now - LONG_AGO)))
    life = PlanLife(script, rng, site, buyer, plan, now=now, only_last_seed=True)
    payments = list(_lived(life, rng, ending, _start(rng, now, days), now - NOTICES_ARE_OLD))
    script.add(life.seed())
    script.expect(
        *(payment_notice(site.instance_id, paid, life.id, "suppressed", "too_old") for paid in payments)
    )
    script.expect(*life.access_ends_in_hindsight())
    if payments:
        script.expect(purchase_notice(site.instance_id, life.id, "suppressed", "too_old"))
    return script.told()


def _start(rng: Random, now: datetime, days: int) -> datetime:
    """Old enough that most orders have lived through a cycle or two."""
    youngest = NOTICES_ARE_OLD + DAY
    age: timedelta = youngest + (days * DAY - youngest) * rng.random() ** 0.8
    return (now - age).replace(hour=rng.randrange(7, 22), minute=rng.randrange(60))


def _lived(life: PlanLife, rng: Random, ending: str, start: datetime, until: datetime) -> Iterator[str]:
    """Play the order from `start` to `until`; the ids of the transactions that were paid."""
    life.create(start)
    begun = start + timedelta(minutes=rng.randrange(1, 9))
    if not life.plan.trial_days:
        yield life.pay(begun)
    else:
        life.start_trial(begun)
        begun += life.plan.trial_days * DAY
        if begun >= until:
            return
        if ending == "fails":
            life.card_fails(begun)
            return life.cancel_now("PAYMENT_FAILURE", begun + DAY) if begun + DAY < until else None
        yield life.pay_after_trial(begun)
    if life.plan.unit:
        yield from _cycles(life, rng, ending, begun, until)


def _cycles(life: PlanLife, rng: Random, ending: str, begun: datetime, until: datetime) -> Iterator[str]:
    unit = life.plan.unit or "MONTH"
    # Most who leave do so early, some after many cycles.
    last = 1 + int(rng.expovariate(0.25 if unit == "WEEK" else 0.45))
    moment = begun
    for index in range(1, 99):
        due = later(moment, 1, unit)
        if index == last and ending != "stays":
            return _end(life, rng, ending, moment, min(due, until), until)
        if due >= until:
            return None
        yield life.renew(due)
        moment = due
    return None


def _end(life: PlanLife, rng: Random, ending: str, since: datetime, due: datetime, until: datetime) -> None:
    """What happens within one cycle that began at `since` and would be renewed at `due`."""
    moment = since + (due - since) * (0.2 + 0.6 * rng.random())
    if ending == "cancels":
        life.cancel_now(rng.choice(("MEMBER_ACTION", "MEMBER_ACTION", "OWNER_ACTION")), moment)
    elif ending == "expires":
        life.cancel_at_period_end("MEMBER_ACTION", moment)
        if due < until:
            life.period_ends(due)
    elif ending == "fails" and due < until:
        life.card_fails(due)
        life.cancel_now("PAYMENT_FAILURE", due + (until - due) * rng.random() / 2)
    elif ending == "pauses":
        life.pause(moment)
        if rng.random() < 0.7:
            life.resume(moment + (until - moment) * rng.random())


def _store_order(rng: Random, site: Site, now: datetime, number: int, days: int) -> Story:
    placed = _placed(rng, now, days)
    script = Script(f"store_order_{number}", f"A store order at {site.name}", site.instance_id)
    buyer = customer(rng, site)
    script.add(Seed(content=buyer.seed(now - LONG_AGO)))
    goods = rng.sample(site.products[:3], k=rng.randrange(1, 4))
    basket = tuple((product, rng.randrange(1, 4)) for product in goods)
    life = StoreLife(script, rng, site, buyer, basket, now=now, only_last_seed=True)
    life.place(placed)
    paid = placed + timedelta(minutes=2 + 240 * rng.random() ** 6)
    life.approve(paid)
    life.pay(paid + timedelta(seconds=1))
    if site.policy == "immediate":
        life.shipped(None, paid + timedelta(minutes=2 + 40 * rng.random()))
    else:
        _packed(life, rng, paid, now)
    script.add(life.seed())
    script.expect(
        fulfillment(site.instance_id, life.id, "immediate", "suppressed", _reason(site, now - paid))
    )
    return script.told()


def _reason(site: Site, age: timedelta) -> str:
    """Approval alone ships nothing where a warehouse tells, nothing twice, and nothing long ago."""
    if site.policy == "handover":
        return "policy_handover"
    return "too_old" if age > FULFILLMENT_MAX_AGE else "already_fulfilled"


def _placed(rng: Random, now: datetime, days: int) -> datetime:
    """A waking hour of those days, kept off the one where a fulfillment becomes too old."""
    age = DAY * 0.3 + days * DAY * rng.random() ** GROWTH
    moment: datetime = (now - age).replace(hour=int(rng.triangular(7, 24, 19)), minute=rng.randrange(60))
    if now - moment < DAY * 0.3:
        moment -= DAY
    if abs(now - moment - FULFILLMENT_MAX_AGE) < TELLING_TAKES:
        moment -= 2 * TELLING_TAKES
    return moment


def _packed(life: StoreLife, rng: Random, paid: datetime, now: datetime) -> None:
    """Most orders leave within two working days, some late, some in two parcels, the newest not yet.

    Nobody packs at the weekend; who waits too long for something out of stock is canceled.
    """
    fate = rng.random()
    hours = math.exp(rng.gauss(3.0, 0.6)) * life.site.pace
    if paid.weekday() >= FRIDAY:
        hours += 24 * rng.uniform(SUNDAY - paid.weekday(), SUNDAY - paid.weekday() + 1)
    ready = paid + timedelta(hours=hours)
    is_out_of_stock = fate < 0.09
    if fate < 0.03 or is_out_of_stock:
        canceled = paid + (ready - paid if fate < 0.03 else PATIENCE) * rng.random() ** 0.3
        return life.cancel(canceled) if canceled < now else None
    if ready >= now:
        return None
    number = f"JD{guid(rng)[:10].upper()}" if rng.random() < 0.95 else None
    if fate < 0.20 and len(life.lines) > 1:
        life.shipped(number, ready, lines=life.lines[:1])
        rest = ready + timedelta(hours=30 * rng.random())
        if rest < now:
            life.shipped(f"JD{guid(rng)[:10].upper()}", rest, lines=life.lines[1:])
        return None
    return life.shipped(number, ready)
