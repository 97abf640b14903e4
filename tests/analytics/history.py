"""Short ways to write a history down as rows, tell it to a ledger, and ask for a report."""

import random
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from analytics.ledger import Ledger, LedgerRecord
from analytics.lifecycle import (
    DeadLetterFacts,
    EffectFacts,
    Facts,
    FlowPauseFacts,
    FulfillmentsFacts,
    HandoverFacts,
    InstallationFacts,
    LifecycleRow,
    Line,
    PaymentFacts,
    QuotaFacts,
    ReconciledFacts,
    Shipment,
    SiteFacts,
    Source,
    StoreOrderFacts,
    SubscriptionFacts,
    UnrecognizedFacts,
    event_row_id,
    outcome_row_id,
    store_order_state,
    subscription_state,
)
from analytics.rendering import as_json
from analytics.reports import Reports

SITE = "11111111-0000-4000-8000-000000000001"
OTHER_SITE = "22222222-0000-4000-8000-000000000002"

# 2026-03-02 was a Monday.
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = MONDAY + timedelta(days=60)

LIFECYCLE = "order-lifecycle"
TOPIC_ID = "topic-id-of-the-log"


def at(days: float, hours: float = 0) -> datetime:
    """That long after midnight of Monday, 2 March 2026."""
    return MONDAY + timedelta(days=days, hours=hours)


def event(
    facts: Facts,
    what: str,
    entity: str,
    when: datetime,
    *,
    sequence: int | None = None,
    site: str = SITE,
    order: str | None = None,
    event_id: str | None = None,
    topic: str = "store-orders",
    mapping_version: int = 1,
) -> LifecycleRow:
    """A row from an event; the event's id and place follow from what it says, unless told."""
    name = event_id or f"{entity}/{what}/{when.isoformat()}"
    return LifecycleRow(
        row_id=event_row_id(site, name, what, mapping_version),
        mapping_version=mapping_version,
        what=what,
        instance_id=site,
        entity_id=entity,
        order_id=order or entity,
        event_id=name,
        event_type=f"test_{what}",
        happened_at=when,
        received_at=when,
        sequence=sequence,
        source=Source(topic=topic, partition=0, offset=zlib.crc32(f"{site}{name}".encode())),
        facts=facts,
    )


def store_order(
    entity: str,
    what: str,
    when: datetime,
    *,
    status: str = "APPROVED",
    paid: str = "NOT_PAID",
    fulfilled: str = "NOT_FULFILLED",
    created: datetime | None = None,
    lines: Sequence[tuple[str, int]] = (("1", 1),),
    total: str = "10.00",
    currency: str = "EUR",
    contact: str | None = None,
    member: str | None = None,
    number: str | None = None,
    is_plan_order: bool = False,
    by: str | None = None,
    **more: Any,
) -> LifecycleRow:
    """A store order as one event showed it."""
    facts = StoreOrderFacts(
        state=store_order_state(status, fulfillment_status=fulfilled),
        status=status,
        payment_status=paid,
        fulfillment_status=fulfilled,
        number=number,
        member_id=member,
        contact_id=contact,
        currency=currency,
        total=Decimal(total),
        created_at=created,
        lines=tuple(Line(id=line, quantity=units) for line, units in lines),
        is_plan_order=is_plan_order,
        identity_type=by,
    )
    return event(facts, what, entity, when, **more)


def shipments(
    order: str, when: datetime, *parcels: tuple[str, datetime, dict[str, int], str | None], **more: Any
) -> LifecycleRow:
    """All fulfillments of a store order: id, made when, units by line, tracking number."""
    facts = FulfillmentsFacts(
        shipments=tuple(
            Shipment(
                id=parcel,
                created_at=made,
                lines=tuple(Line(id=line, quantity=units) for line, units in lines.items()),
                tracking_number=tracking,
            )
            for parcel, made, lines, tracking in parcels
        )
    )
    return event(facts, "fulfillments_updated", order, when, topic="fulfillments", **more)


def subscription(
    entity: str,
    what: str,
    when: datetime,
    *,
    status: str = "ACTIVE",
    paid: str = "PAID",
    contact: str | None = None,
    member: str | None = None,
    plan: str = "Gold",
    price: str = "30.00",
    is_recurring: bool = True,
    created: datetime | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    trial_days: int | None = None,
    cause: str | None = None,
    auto_renew_canceled: bool | None = None,
    requested: datetime | None = None,
    cycle: tuple[str, int] = ("MONTH", 1),
    paid_until: datetime | None = None,
    currency: str = "EUR",
    **more: Any,
) -> LifecycleRow:
    """A subscription as one event showed it; monthly, unless told."""
    facts = SubscriptionFacts(
        state=subscription_state(status, auto_renew_canceled=auto_renew_canceled),
        status=status,
        payment_status=paid,
        plan_id=f"plan-{plan}",
        plan_name=plan,
        member_id=member,
        contact_id=contact or (None if member else f"buyer-of-{entity}"),
        currency=currency,
        price_total=Decimal(price),
        price_recurring=Decimal(price),
        is_recurring=is_recurring,
        cycle_unit=cycle[0],
        cycle_count=cycle[1],
        current_cycle_ends_at=paid_until,
        trial_days=trial_days,
        created_at=created,
        start_at=start,
        end_at=end,
        cancellation_cause=cause,
        auto_renew_canceled=auto_renew_canceled,
        cancel_requested_at=requested,
    )
    return event(facts, what, entity, when, topic="plan-orders", **more)


def stay(
    entity: str, begin: datetime, end: datetime | None = None, *, cause: str | None = None, **more: Any
) -> list[LifecycleRow]:
    """A subscription that began, and perhaps ended, as Wix tells it."""
    rows = [subscription(entity, "started", begin, start=begin, created=begin, **more)]
    if end:
        over: dict[str, Any] = {"status": "CANCELED", "cause": cause} if cause else {"status": "ENDED"}
        rows.append(subscription(entity, "ended", end, start=begin, created=begin, end=end, **over, **more))
    return rows


def payment(
    entity: str,
    order: str,
    when: datetime,
    status: str = "APPROVED",
    *,
    amount: str = "30.00",
    refunded: str | None = None,
    currency: str = "EUR",
    **more: Any,
) -> LifecycleRow:
    """A transaction as one event showed it."""
    facts = PaymentFacts(
        change="TRANSACTION_STATUS_CHANGED",
        status=status,
        amount=Decimal(amount),
        refunded_amount=Decimal(refunded) if refunded else None,
        currency=currency,
    )
    return event(facts, "transaction_status_changed", entity, when, order=order, topic="payments", **more)


def due(
    key: str,
    order: str,
    when: datetime,
    *,
    flow: str = "payment_notice",
    topic: str = "payments",
    **more: Any,
) -> LifecycleRow:
    """An effect that an event made due."""
    facts = EffectFacts(flow=flow, outcome="due", event_at=when)
    return event(facts, "effect_due", key, when, order=order, event_id=f"event of {key}", topic=topic, **more)


def outcome(
    key: str,
    order: str,
    step: int,
    word: str,
    when: datetime,
    *,
    event_at: datetime,
    flow: str = "payment_notice",
    site: str = SITE,
    **facts: Any,
) -> LifecycleRow:
    """A state of an effect, as the outbox recorded it."""
    return LifecycleRow(
        row_id=outcome_row_id(key, step),
        what=f"effect_{word}",
        instance_id=site,
        entity_id=key,
        order_id=order,
        event_id=f"event of {key}",
        event_type="orderline.effect",
        happened_at=when,
        facts=EffectFacts(flow=flow, outcome=word, step=step, event_at=event_at, **facts),
    )


def dead_letter(
    topic: str, partition: int, offset: int, when: datetime, reason: str = "not_json"
) -> LifecycleRow:
    """A record that could not be read."""
    return LifecycleRow(
        row_id=event_row_id("", f"{topic}/{partition}/{offset}", "dead_letter"),
        what="dead_letter",
        instance_id="unknown",
        entity_id=f"{topic}/{partition}/{offset}",
        event_id=f"{topic}/{partition}/{offset}",
        event_type="orderline.dead_letter",
        happened_at=when,
        source=Source(topic=topic, partition=partition, offset=offset),
        facts=DeadLetterFacts(reason=reason, error="the value is no JSON", fingerprint="abc"),
    )


def installed(when: datetime, *, site: str = SITE, what: str = "installed") -> LifecycleRow:
    """The app came to a site, or left it."""
    return event(InstallationFacts(), what, "app", when, site=site, topic="installations")


def told_by_us(facts: Facts, what: str, entity: str, when: datetime, *, site: str = SITE) -> LifecycleRow:
    """A row that no webhook made: from the worker, or from a command."""
    name = f"{site}/{entity}/{what}/{when.isoformat()}/{facts}"
    return LifecycleRow(
        row_id=event_row_id(site, name, what),
        what=what,
        instance_id=site,
        entity_id=entity,
        event_id=name,
        event_type=f"orderline.{what}",
        happened_at=when,
        facts=facts,
    )


def properties(
    when: datetime, name: str, *, currency: str = "EUR", timezone: str = "Europe/Berlin", site: str = SITE
) -> LifecycleRow:
    """What Wix's Site Properties said of a site."""
    facts = SiteFacts(name=name, currency=currency, timezone=timezone)
    return told_by_us(facts, "site_properties", site, when, site=site)


def reconciled(when: datetime, earliest: datetime | None, *, site: str = SITE) -> LifecycleRow:
    """A site was compared with Wix's lists, whole."""
    facts = ReconciledFacts(found=1, healed=1, gone=0, earliest_order_at=earliest)
    return told_by_us(facts, "reconciled", site, when, site=site)


def calls(when: datetime, number: int, *, parked: int = 0, worker: str = "w1") -> LifecycleRow:
    """Requests to Wix in the minute that begins then."""
    return told_by_us(
        QuotaFacts(worker=worker, calls=number, limit=200, parked=parked), "quota", SITE, when, site=SITE
    )


def pause(flow: str, state: str, when: datetime, *, held: int = 0, version: str = "1") -> LifecycleRow:
    """A flow was paused by a bug, or resumed."""
    facts = FlowPauseFacts(state=state, fingerprint="abc", version=version, held=held)
    return told_by_us(facts, f"flow_{state}", flow, when, site="")


def handover(
    key: str, order: str, when: datetime, *, word: str = "accepted", reason: str | None = None
) -> LifecycleRow:
    """What the warehouse `dock` told."""
    facts = HandoverFacts(warehouse="dock", key=key, outcome=word, reason=reason)
    return event(facts, f"handover_{word}", f"dock/{key}", when, order=order, topic="handovers")


def unrecognized(when: datetime) -> LifecycleRow:
    """An event that nobody knows."""
    return event(UnrecognizedFacts(), "surprised", "thing", when, topic="unrecognized")


def tell(ledger: Ledger, rows: Sequence[LifecycleRow], *, known_at: datetime | None = None) -> None:
    """Append rows behind what the ledger has; known when they happened, unless told."""
    first = ledger.next_offset(LIFECYCLE, 0, TOPIC_ID)
    records = [
        LedgerRecord(offset=first + index, known_at=known_at or row.happened_at, value=row.to_bytes())
        for index, row in enumerate(rows)
    ]
    ledger.append(records, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)


def ask(ledger: Ledger, report: str, *, now: datetime | None = NOW, **params: Any) -> list[dict[str, Any]]:
    """The report's rows as JSON gives them, reckoned at `now`."""
    if now is not None:
        ledger.publish(at=now)
    given = {
        key: [str(item) for item in (value if isinstance(value, list) else [value])]
        for key, value in params.items()
    }
    rows: list[dict[str, Any]] = as_json(Reports(ledger).run(report, given))["rows"]
    return rows


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The one row of a report that has one."""
    assert len(rows) == 1, rows
    return rows[0]


def shuffled_and_doubled(rows: Sequence[LifecycleRow], seed: int) -> list[LifecycleRow]:
    """The same history as a bad day of deliveries brings it: out of order, some rows twice."""
    chance = random.Random(seed)
    told = [*rows, *chance.sample(list(rows), k=len(rows) // 2)]
    chance.shuffle(told)
    return told
