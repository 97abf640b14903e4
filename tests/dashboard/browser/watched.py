"""What no story tells of: troubles of the last days, and what was seen of log and quota in the last hour."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import AudienceFacts, DeadLetterFacts, FlowPauseFacts, LifecycleRow, QuotaFacts
from tests.analytics import history

HOUR = timedelta(hours=1)
LOOK_EVERY = timedelta(seconds=30)
# A stretch in which nobody looked: charts must show it as a gap.
GAP = (timedelta(minutes=34), timedelta(minutes=24))
LIMIT = 200
BUG = DeadLetterFacts(
    reason="unexpected", error="KeyError at streams/plan_price.py:price_of", fingerprint="5f0c1d7a92e4"
)
# What the outbox notes when Wix answers 403.
FORBIDDEN: dict[str, Any] = {
    "attempts": 1,
    "reason": "forbidden",
    "last_status": 403,
    "last_code": "PERMISSION_DENIED",
    "request_id": "1795247032.4417208853126",
    "next_step": "Give the app the permission that Wix names in its answer, then redrive it.",
}


def rows(sites: list[str], now: datetime) -> Iterator[LifecycleRow]:
    """Dead letters, a paused flow, refused handovers, and each minute's requests to Wix."""
    yield from _troubles(sites, now)
    yield from _addresses(sites, now, Random(9))
    yield from _requests(sites, now, Random(5))


def look(ledger: Ledger, now: datetime, ends: Counter[tuple[str, int]]) -> None:
    """A worker that keeps up but for one burst, looked at every half minute, and for a while by nobody."""
    chance = Random(3)
    moment = now - HOUR
    while moment <= now:
        if not is_in_gap(moment, now):
            burst = 9 if 41 < (now - moment).total_seconds() / 60 < 46 else 0.7
            samples = [_sample(place, end, int(chance.expovariate(1 / burst))) for place, end in ends.items()]
            ledger.record_samples(moment, samples)
        moment += LOOK_EVERY


def is_in_gap(moment: datetime, now: datetime) -> bool:
    """Whether nobody looked then."""
    return now - GAP[0] < moment < now - GAP[1]


def _sample(place: tuple[str, int], end: int, behind: int) -> PartitionSample:
    topic, partition = place
    return PartitionSample(topic=topic, partition=partition, committed=end, end=end + behind)


def _troubles(sites: list[str], now: datetime) -> Iterator[LifecycleRow]:
    for number, days in enumerate([0.2, 6]):
        letter = history.dead_letter("payments", 0, number, now - timedelta(days=days))
        yield letter if number else replace(letter, facts=BUG)
    paused = FlowPauseFacts(state="paused", fingerprint=BUG.fingerprint, version="1.4.0", held=3)
    yield history.told_by_us(paused, "flow_paused", "access", now - 5 * HOUR, site="")
    yield replace(history.unrecognized(now - 30 * HOUR), instance_id=sites[0])
    for key, reason in [("parcel-81", "key_reused"), ("parcel-82", "unknown_order")]:
        told = history.handover(key, "10900", now - 9 * HOUR, word="refused", reason=reason)
        yield replace(told, instance_id=sites[0])


def _addresses(sites: list[str], now: datetime, chance: Random) -> Iterator[LifecycleRow]:
    """Somebody subscribes or unsubscribes every now and then."""
    moment = now - HOUR
    while (moment := moment + timedelta(seconds=5 + chance.expovariate(1 / 20))) < now:
        if not is_in_gap(moment, now):
            facts = AudienceFacts(subscription_status="SUBSCRIBED")
            yield history.event(
                facts, "subscription_changed", "address", moment, site=chance.choice(sites), topic="audience"
            )


def address_now(now: datetime) -> LifecycleRow:
    """Somebody subscribes this very moment."""
    facts = AudienceFacts(subscription_status="SUBSCRIBED")
    return history.event(facts, "subscription_changed", "address", now, topic="audience")


def _requests(sites: list[str], now: datetime, chance: Random) -> Iterator[LifecycleRow]:
    """More at one site than at the next; the busiest meets its limit now and then."""
    begin = (now - HOUR).replace(second=0, microsecond=0)
    for minute in range(61):
        moment = begin + timedelta(minutes=minute)
        for place, site in enumerate(sites):
            wanted = (
                0 if is_in_gap(moment, now) else max(0, int(chance.gauss(18 + 34 * place, 4 + 9 * place)))
            )
            facts = QuotaFacts(
                worker="w1", calls=min(wanted, LIMIT), limit=LIMIT, parked=max(0, wanted - LIMIT)
            )
            yield history.told_by_us(facts, "quota", site, moment, site=site)
