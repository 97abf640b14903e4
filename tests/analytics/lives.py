"""Made-up lives of orders, subscriptions, payments and effects, as Wix could tell them."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from analytics.lifecycle import LifecycleRow
from tests.analytics.history import (
    SITE,
    at,
    due,
    outcome,
    payment,
    shipments,
    store_order,
    subscription,
)

# The lives run from the first of these days to about the second.
FIRST_DAY, LAST_DAY = 0, 55
CAUSES = ("MEMBER_ACTION", "PAYMENT_FAILURE", "OWNER_ACTION", None)


def history(
    chance: random.Random, *, site: str = SITE, size: int = 5, prefix: str = ""
) -> list[LifecycleRow]:
    """That many store orders and subscriptions of one site, with their payments and effects."""
    rows: list[LifecycleRow] = []
    for number in range(size):
        rows += _store_life(chance, f"{prefix}o{number}", site)
        rows += _subscription_life(chance, f"{prefix}s{number}", site)
    for number in range(size):
        rows += _effect_life(chance, f"{prefix}k{number}", site)
    return rows


def many_sites(chance: random.Random, number: int, *, size: int = 3) -> list[LifecycleRow]:
    """Made-up lives of that many sites: so many histories in one ledger, for the price of one."""
    rows: list[LifecycleRow] = []
    for place in range(number):
        rows += history(chance, site=f"33333333-0000-4000-8000-{place:012}", size=size, prefix=f"n{place}-")
    return rows


def _clock(chance: random.Random) -> Callable[[float], datetime]:
    """Each call is up to that many days after the one before."""
    now = at(chance.uniform(FIRST_DAY, LAST_DAY))

    def later(days: float) -> datetime:
        nonlocal now
        now += timedelta(seconds=chance.randint(60, int(days * 86400)))
        return now

    return later


def _store_life(chance: random.Random, order: str, site: str) -> list[LifecycleRow]:
    later = _clock(chance)
    placed = later(1)
    known: dict[str, Any] = {
        "created": placed,
        "lines": [("1", 2)],
        "currency": chance.choice(["EUR", "USD"]),
        "contact": f"c{chance.randint(1, 3)}",
        "member": chance.choice([None, "m1", "m2"]),
        "site": site,
    }
    rows = [store_order(order, "created", placed, status="PENDING", **known)]
    if chance.random() < 0.9:
        rows.append(store_order(order, "approved", later(1), **known))
        paid = chance.choice(["PAID", "PAID", "NOT_PAID"])
        rows.append(store_order(order, "payment_status_updated", later(2), paid=paid, **known))
        parcels: list[Any] = []
        for number in range(chance.randint(0, 2)):
            made = later(5)
            parcels.append((f"{order}p{number}", made, {"1": 1}, chance.choice([None, "TRACK"])))
            rows.append(shipments(order, made, *parcels, site=site))
        if parcels and chance.random() < 0.3:
            rows.append(shipments(order, later(1), *parcels[:-1], site=site))
        if chance.random() < 0.3:
            rows.append(store_order(order, "canceled", later(5), status="CANCELED", paid=paid, **known))
    return rows


def _subscription_life(chance: random.Random, order: str, site: str) -> list[LifecycleRow]:
    later = _clock(chance)
    begin = later(1)
    known: dict[str, Any] = {
        "created": begin,
        "start": begin,
        "contact": f"c{chance.randint(1, 3)}",
        "plan": chance.choice(["Gold", "Silver"]),
        "trial_days": chance.choice([None, None, 7]),
        "site": site,
    }
    price = chance.choice(["30.00", "10.00", "0"])
    rows = [subscription(order, "started", begin, price=price, **known)]
    if chance.random() < 0.4:
        price = chance.choice(["50.00", "7.50"])
        rows.append(subscription(order, "updated", later(9), price=price, **known))
    if chance.random() < 0.3:
        rows.append(subscription(order, "paused", later(5), status="PAUSED", price=price, **known))
        rows.append(subscription(order, "resumed", later(5), price=price, **known))
    is_leaving = chance.random() < 0.5
    if is_leaving:
        asked: dict[str, Any] = {"auto_renew_canceled": True, "price": price}
        rows.append(subscription(order, "auto_renew_canceled", later(9), **asked, **known))
    if is_leaving and chance.random() < 0.7:
        cause, over = chance.choice(CAUSES), later(9)
        status = "CANCELED" if cause else "ENDED"
        rows.append(
            subscription(order, "ended", over, status=status, cause=cause, end=over, price=price, **known)
        )
    rows.append(payment(f"t-{order}", order, begin + timedelta(minutes=5), site=site))
    if chance.random() < 0.2:
        rows.append(payment(f"t-{order}", order, later(9), status="REFUNDED", site=site))
    return rows


def _effect_life(chance: random.Random, key: str, site: str) -> list[LifecycleRow]:
    later = _clock(chance)
    begin = later(1)
    flow = chance.choice(["payment_notice", "purchase_notice", "fulfillment", "access"])
    rows = [due(key, "o1", begin, flow=flow, site=site)]
    word = chance.choice(["done", "suppressed", "waiting", "failed", "open"])
    if word != "open":
        told: dict[str, Any] = {"event_at": begin, "flow": flow, "site": site}
        rows.append(outcome(key, "o1", 1, "claimed", later(1), **told))
        then = later(1)
        rows.append(outcome(key, "o1", 2, word, then, done_at=then if word == "done" else None, **told))
    return rows
