"""Four months of six shops up to a moment: the same rows each time, whatever the day."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from analytics.ledger import Ledger, LedgerRecord, PartitionSample
from analytics.lifecycle import (
    AudienceFacts,
    FulfillmentsFacts,
    LifecycleRow,
    Line,
    QuotaFacts,
    Shipment,
    Source,
)
from tests.analytics import history

SHOPS = {
    "Bloom & Thread": 0.8,
    "Cedar Coffee": 0.5,
    "Dune Outdoor": 2.4,
    "Fjord Ceramics": 1.4,
    "Harbor Yoga": 0.4,
    "Lumen Studio": 1.7,
}
SITES = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(1, len(SHOPS) + 1)]
DAYS = 100
# Subscriptions reach further back than orders: cohorts are months old before they tell anything.
LONGEST_DAYS = 380
ORDERS, SUBSCRIPTIONS = 1000, 180
FRIDAY = 4
PLANS = {"Monthly flow": "29.00", "Studio unlimited": "89.00", "Tea box": "19.00"}
CAUSES = ["MEMBER_ACTION", "MEMBER_ACTION", "PAYMENT_FAILURE", "OWNER_ACTION"]
PARTITIONS = 3
SAMPLES_APART = timedelta(minutes=1)
# A stretch in which nobody looked: charts must show it as a gap.
GAP = (timedelta(minutes=34), timedelta(minutes=22))


@dataclass(slots=True)
class Months:
    """Rows of orders, subscriptions, effects and troubles, all before `now`."""

    now: datetime
    chance: random.Random

    def rows(self) -> list[LifecycleRow]:
        """Everything that happened, in the order of time."""
        told = [
            *self._sites(),
            *self._orders(),
            *self._stays(),
            *self._troubles(),
            *self._calls(),
            *self._now(),
        ]
        return sorted((row for row in told if row.happened_at <= self.now), key=lambda row: row.happened_at)

    def ago(self, **length: float) -> datetime:
        """That long before now."""
        return self.now - timedelta(**length)

    def _sites(self) -> Iterator[LifecycleRow]:
        for site, name in zip(SITES, SHOPS, strict=True):
            yield history.installed(self.ago(days=LONGEST_DAYS + 40), site=site)
            yield history.properties(self.ago(days=LONGEST_DAYS + 40), name, site=site)

    def _orders(self) -> Iterator[LifecycleRow]:
        """Later days have more orders; Friday's and the weekend's take longer to leave."""
        for number in range(ORDERS):
            days = DAYS * (1 - (number / ORDERS) ** 0.8)
            placed = self.ago(days=days) + timedelta(minutes=self.chance.uniform(-300, 300))
            if placed < self.now:
                yield from self._order(str(10_001 + number), placed)

    def _order(self, name: str, placed: datetime) -> Iterator[LifecycleRow]:
        shop = self.chance.randrange(len(SITES))
        pace = list(SHOPS.values())[shop] * (1.6 if placed.weekday() >= FRIDAY else 1)
        always: dict[str, Any] = {
            "created": placed,
            "number": name,
            "site": SITES[shop],
            "contact": f"contact-{self.chance.randrange(600)}",
            "total": f"{self.chance.uniform(12, 240):.2f}",
            "currency": "USD" if shop == len(SITES) - 1 else "EUR",
        }
        paid = placed + timedelta(minutes=self.chance.expovariate(1 / 25))
        left = paid + timedelta(hours=self.chance.lognormvariate(3.0, 0.7) * pace)
        fate = self.chance.random()
        yield history.store_order(name, "created", placed, status="PENDING", **always)
        if fate > 0.985:
            return
        yield history.store_order(name, "approved", paid, paid="PAID", **always)
        yield from self._payment(name, paid, always)
        if fate > 0.94:
            gone = paid + timedelta(hours=self.chance.uniform(1, 30))
            more = {**always, "by": "WIX_USER"}
            yield history.store_order(name, "canceled", gone, paid="PAID", status="CANCELED", **more)
        elif fate > 0.004:
            yield from self._parcel(name, paid, left, always)

    def _payment(self, order: str, paid: datetime, of: dict[str, Any]) -> Iterator[LifecycleRow]:
        pay = {"amount": of["total"], "currency": of["currency"], "site": of["site"]}
        yield history.payment(f"pay-{order}", order, paid, **pay)
        step: dict[str, Any] = {"reason": None, "attempts": 1}
        wanted = self.chance.random() > 0.12
        if not wanted:
            step["reason"] = self.chance.choice(["not_subscribed", "not_subscribed", "no_address"])
        elif self.chance.random() < 0.004:
            step = {"reason": "refused", "attempts": 3, "last_status": 403, "request_id": f"req-{order}"}
            step["next_step"] = "Grant the app Manage Inbox on this site, then redrive."
        word = ("failed" if "next_step" in step else "done") if wanted else "suppressed"
        yield from self._effect(f"notice:payment:{order}", order, paid, word, "payment_notice", of, step)

    def _parcel(
        self, order: str, paid: datetime, left: datetime, of: dict[str, Any]
    ) -> Iterator[LifecycleRow]:
        if left > self.now:
            return
        tracking = f"1Z{order}" if self.chance.random() < 0.85 else None
        parcel = Shipment(
            id=f"parcel-{order}",
            created_at=left,
            lines=(Line(id="1", quantity=1),),
            tracking_number=tracking,
            shipping_provider="ups",
        )
        facts = FulfillmentsFacts(shipments=(parcel,))
        yield history.event(facts, "fulfillments_updated", order, left, site=of["site"], topic="fulfillments")
        yield history.store_order(order, "fulfilled", left, paid="PAID", fulfilled="FULFILLED", **of)
        yield from self._effect(f"fulfillment:{order}", order, left, "done", "fulfillment", of, {})

    def _effect(
        self,
        key: str,
        order: str,
        when: datetime,
        word: str,
        flow: str,
        of: dict[str, Any],
        step: dict[str, Any],
    ) -> Iterator[LifecycleRow]:
        end = when + timedelta(seconds=self.chance.expovariate(1 / 4))
        facts = {**step, "done_at": end, "ref": "K7Q2M9"} if word == "done" else step
        rows = [
            history.due(key, order, when, flow=flow),
            history.outcome(key, order, 1, word, end, event_at=when, flow=flow, decided_at=end, **facts),
        ]
        yield from (replace(row, instance_id=of["site"]) for row in rows)

    def _stays(self) -> Iterator[LifecycleRow]:
        for number in range(SUBSCRIPTIONS):
            begin = self.ago(days=LONGEST_DAYS * (1 - number / SUBSCRIPTIONS) ** 1.2 + 0.5)
            stayed = timedelta(days=self.chance.expovariate(1 / 420))
            plan = self.chance.choice(list(PLANS))
            cause = self.chance.choice(CAUSES)
            more: dict[str, Any] = {"plan": plan, "price": PLANS[plan], "site": SITES[number % 3]}
            name = f"sub-{number:03}"
            end = begin + stayed if begin + stayed < self.now else None
            yield from history.stay(name, begin, end, cause=cause if end else None, **more)
            if end is None and number % 19 == 0:
                ends = {"start": begin, "created": begin, "end": self.now + timedelta(days=9)}
                asked = self.now - timedelta(days=1)
                more |= {"requested": asked, "auto_renew_canceled": True, **ends}
                yield history.subscription(name, "auto_renew_canceled", asked, **more)

    def _troubles(self) -> Iterator[LifecycleRow]:
        for offset, days in enumerate([0.2, 1.4, 1.5, 6]):
            reason = "not_json" if offset else "unexpected"
            yield history.dead_letter("payments", offset % 2, 40 + offset, self.ago(days=days), reason)
        yield history.pause("access", "paused", self.ago(hours=5), held=3, version="1.4.0")
        yield replace(history.unrecognized(self.ago(hours=30)), instance_id=SITES[0])
        for key, reason in [("h-81", "key_reused"), ("h-82", "unknown_order")]:
            told = history.handover(key, "10900", self.ago(hours=9), word="refused", reason=reason)
            yield replace(told, instance_id=SITES[0])

    def _now(self) -> Iterator[LifecycleRow]:
        """The last hour: some event every half minute, and none while nobody looked."""
        moment = self.ago(minutes=61)
        while moment < self.now:
            moment += timedelta(seconds=self.chance.expovariate(1 / 30))
            if not self.now - GAP[0] < moment < self.now - GAP[1]:
                facts = AudienceFacts(subscription_status="SUBSCRIBED")
                site = self.chance.choice(SITES)
                yield history.event(
                    facts, "subscription_changed", "address", moment, site=site, topic="audience"
                )

    def _calls(self) -> Iterator[LifecycleRow]:
        """Requests to Wix of the last hours, minute by minute."""
        start = self.ago(hours=1).replace(second=0, microsecond=0)
        for minute in range(60):
            for shop, site in enumerate(SITES[:4]):
                busy = max(0, int(self.chance.gauss(20 + 45 * shop, 5 + 8 * shop)))
                facts = QuotaFacts(worker="w1", calls=min(busy, 200), limit=200, parked=max(0, busy - 200))
                yield history.told_by_us(facts, "quota", site, start + timedelta(minutes=minute), site=site)


def fill(ledger: Ledger, now: datetime) -> None:
    """Tell the months, with delays as on the log, and what was seen of the log in the last hour."""
    chance = random.Random(7)
    ends: Counter[tuple[str, int]] = Counter()
    rows = [_placed(row, ends) for row in Months(now, chance).rows()]
    first = ledger.next_offset(history.LIFECYCLE, 0, history.TOPIC_ID)
    records = [
        LedgerRecord(
            offset=first + index,
            known_at=row.happened_at + timedelta(seconds=0.2 + chance.expovariate(2)),
            value=row.to_bytes(),
        )
        for index, row in enumerate(rows)
    ]
    ledger.append(records, topic=history.LIFECYCLE, partition=0, topic_id=history.TOPIC_ID)
    _look(ledger, now, ends, chance)
    ledger.publish()


def _placed(row: LifecycleRow, ends: Counter[tuple[str, int]]) -> LifecycleRow:
    """The row with a place of its own on the log, one behind the other, as a real log has them."""
    if row.source is None:
        return row
    topic = row.source.topic
    partition = SITES.index(row.instance_id) % PARTITIONS if row.instance_id in SITES else 0
    place = Source(topic=topic, partition=partition, offset=ends[topic, partition])
    ends[topic, partition] += 1
    if row.what == "dead_letter":
        return replace(row, source=place, entity_id=f"{topic}/{partition}/{place.offset}")
    return replace(row, source=place)


def _look(ledger: Ledger, now: datetime, ends: Counter[tuple[str, int]], chance: random.Random) -> None:
    """A worker a few records behind, looked at every now and then, but for a while by nobody."""
    moment = now - timedelta(hours=1)
    while moment <= now:
        if not now - GAP[0] < moment < now - GAP[1]:
            ledger.record_samples(
                moment,
                [
                    PartitionSample(
                        topic=topic,
                        partition=partition,
                        committed=end,
                        end=end + int(chance.expovariate(1 / 3)),
                    )
                    for (topic, partition), end in sorted(ends.items())
                ],
            )
        moment += SAMPLES_APART
