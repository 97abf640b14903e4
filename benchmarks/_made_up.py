"""A year of orders, subscriptions, payments and notices as rows, always the same for the same number."""

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

from analytics.lifecycle import (
    EffectFacts,
    Facts,
    FulfillmentsFacts,
    LifecycleRow,
    Line,
    PaymentFacts,
    Shipment,
    Source,
    StoreOrderFacts,
    SubscriptionFacts,
    event_row_id,
    outcome_row_id,
    store_order_state,
    subscription_state,
)

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 365
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)
SITES = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(20)]
# Rows that one order, or one subscription, gives on average.
ROWS_PER_ORDER = 7
PLANS = (("Silver", Decimal("9.00")), ("Gold", Decimal("30.00")), ("Club", Decimal("45.50")))

Life = Iterator[LifecycleRow]


def made_up_rows(rows: int) -> Iterator[LifecycleRow]:
    """So many rows in the order in which they happened."""
    chance = random.Random(7)
    offsets = dict.fromkeys(("store-orders", "fulfillments", "plan-orders", "payments"), 0)
    begun = (_begun(number, chance, rows // ROWS_PER_ORDER) for number in range(rows))
    yield from islice(_by_time(begun, offsets), rows)


def _begun(number: int, chance: random.Random, lives: int) -> tuple[datetime, Callable[[], Life]]:
    at = FIRST_DAY + timedelta(days=DAYS) * (number / max(lives, 1))
    seed = chance.random()
    life = _subscription if number % 5 == 0 else _store_order
    return at, lambda: life(number, at, random.Random(seed))


def _by_time(
    begun: Iterator[tuple[datetime, Callable[[], Life]]], offsets: dict[str, int]
) -> Iterator[LifecycleRow]:
    """Rows of many lives merged by time; a life is not begun before its first row is due."""
    alive: list[tuple[datetime, int, LifecycleRow, Life]] = []
    places: dict[str, Source] = {}
    for number, (at, life_of) in enumerate(begun):
        while alive and alive[0][0] <= at:
            yield _placed(heapq.heappop(alive), alive, offsets, places)
        _go_on(alive, number, life_of())
    while alive:
        yield _placed(heapq.heappop(alive), alive, offsets, places)


def _go_on(alive: list[tuple[datetime, int, LifecycleRow, Life]], number: int, life: Life) -> None:
    row = next(life, None)
    if row is not None and row.happened_at < LAST_DAY:
        heapq.heappush(alive, (row.happened_at, number, row, life))


def _placed(
    first: tuple[datetime, int, LifecycleRow, Life],
    alive: list[tuple[datetime, int, LifecycleRow, Life]],
    offsets: dict[str, int],
    places: dict[str, Source],
) -> LifecycleRow:
    _, number, row, life = first
    _go_on(alive, number, life)
    if row.source is None:
        return row
    if row.what == "effect_due":
        return replace(row, source=places.pop(row.event_id))
    topic = row.source.topic
    place = Source(topic=topic, partition=offsets[topic] % 12, offset=offsets[topic] // 12)
    offsets[topic] += 1
    if row.what == "approved":
        places[row.event_id] = place
    return replace(row, source=place)


def _event(
    facts: Facts, what: str, topic: str, number: int, entity: str, at: datetime, step: int
) -> LifecycleRow:
    site, order = SITES[number % len(SITES)], f"order-{number}"
    event_id = f"{entity}/{step}"
    return LifecycleRow(
        row_id=event_row_id(site, event_id, what),
        what=what,
        instance_id=site,
        entity_id=entity,
        order_id=order,
        event_id=event_id,
        event_type=f"made.up.{what}",
        happened_at=at,
        received_at=at,
        sequence=step,
        source=Source(topic=topic, partition=number % 12, offset=number * 100 + step),
        facts=facts,
    )


def _store_order(number: int, at: datetime, chance: random.Random) -> Life:
    order, placed = f"order-{number}", at
    total = Decimal(chance.randrange(500, 20000)) / 100

    def told(what: str, step: int, status: str, paid: str, fulfilled: str) -> LifecycleRow:
        facts = StoreOrderFacts(
            state=store_order_state(status, fulfillment_status=fulfilled),
            status=status,
            payment_status=paid,
            fulfillment_status=fulfilled,
            number=str(10_000 + number),
            contact_id=f"contact-{number % 40_000}",
            member_id=f"member-{number % 40_000}" if number % 3 else None,
            currency="EUR",
            total=total,
            created_at=placed,
            lines=(Line(id="1", quantity=1), Line(id="2", quantity=2)),
        )
        return _event(facts, what, "store-orders", number, order, at, step)

    yield told("created", 1, "PENDING", "NOT_PAID", "NOT_FULFILLED")
    at += timedelta(minutes=chance.expovariate(1 / 20))
    yield told("approved", 2, "APPROVED", "PAID", "NOT_FULFILLED")
    yield from _notice(number, at, chance)
    if chance.random() < 0.06:
        at += timedelta(hours=chance.expovariate(1 / 30))
        yield told("canceled", 3, "CANCELED", "PAID", "NOT_FULFILLED")
        return
    at += timedelta(hours=chance.lognormvariate(3.3, 0.9))
    parcel = Shipment(
        id=f"parcel-{number}",
        created_at=at,
        lines=(Line(id="1", quantity=1), Line(id="2", quantity=2)),
        tracking_number=f"T{number}" if chance.random() < 0.8 else None,
        shipping_provider="dhl",
    )
    facts = FulfillmentsFacts(shipments=(parcel,))
    yield _event(facts, "fulfillments_updated", "fulfillments", number, order, at, 1)
    at += timedelta(seconds=2)
    yield told("updated", 4, "APPROVED", "PAID", "FULFILLED")


def _notice(number: int, at: datetime, chance: random.Random) -> Life:
    key, site = f"notice:purchase:{number}", SITES[number % len(SITES)]
    due = EffectFacts(flow="purchase_notice", outcome="due", event_at=at)
    row = _event(due, "effect_due", "store-orders", number, key, at, 2)
    # It comes from the event that approved the order.
    yield replace(row, event_id=f"order-{number}/2", sequence=None)
    done_at = at + timedelta(seconds=chance.expovariate(1 / 5))
    word = "done" if chance.random() < 0.9 else "suppressed"
    yield LifecycleRow(
        row_id=outcome_row_id(key, 2),
        what=f"effect_{word}",
        instance_id=site,
        entity_id=key,
        order_id=f"order-{number}",
        event_id=f"order-{number}/2",
        event_type="orderline.outcome",
        happened_at=done_at,
        facts=EffectFacts(
            flow="purchase_notice",
            outcome=word,
            step=2,
            reason=None if word == "done" else "not_subscribed",
            event_at=at,
            decided_at=done_at,
            done_at=done_at if word == "done" else None,
        ),
    )


def _subscription(number: int, at: datetime, chance: random.Random) -> Life:
    order, created, begin = f"order-{number}", at, at
    plan, price = PLANS[number % len(PLANS)]
    trial = 14 if number % 4 == 0 else None

    def told(what: str, step: int, status: str, **more: object) -> LifecycleRow:
        facts = SubscriptionFacts(
            state=subscription_state(status, auto_renew_canceled=bool(more.get("auto_renew_canceled"))),
            status=status,
            payment_status="PAID",
            plan_id=f"plan-{plan}",
            plan_name=plan,
            contact_id=f"contact-{number % 40_000}",
            currency="EUR",
            price_total=price,
            price_recurring=price,
            is_recurring=True,
            cycle_unit="MONTH",
            cycle_count=1,
            trial_days=trial,
            created_at=created,
            start_at=begin,
            **more,  # type: ignore[arg-type]  # the few facts that differ by event
        )
        return _event(facts, what, "plan-orders", number, order, at, step)

    yield told("started", 1, "ACTIVE")
    step = 1
    for cycle in range(1, 13):
        yield _payment(number, cycle, at, price)
        at += timedelta(days=30)
        step += 1
        if chance.random() < 0.08:
            cause = "PAYMENT_FAILURE" if chance.random() < 0.3 else "MEMBER_ACTION"
            yield told("canceled", step, "CANCELED", cancellation_cause=cause, end_at=at)
            return
        if chance.random() < 0.04:
            yield told("auto_renew_canceled", step, "ACTIVE", auto_renew_canceled=True)
            return
        yield told("cycle_started", step, "ACTIVE")


def _payment(number: int, cycle: int, at: datetime, price: Decimal) -> LifecycleRow:
    facts = PaymentFacts(
        change="TRANSACTION_STATUS_CHANGED",
        status="APPROVED",
        previous_status="PENDING",
        amount=price,
        currency="EUR",
        cycle_number=cycle,
        created_at=at,
    )
    return _event(
        facts, "transaction_status_changed", "payments", number, f"transaction-{number}-{cycle}", at, cycle
    )
