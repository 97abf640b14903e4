"""The demo's stories, each played on its day: the rows that the rooms would have written at the time.

Every webhook goes through the mappings of ingest and streams; only Wix's answers are the stories' own word.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from analytics.ledger import Ledger, LedgerRecord
from analytics.lifecycle import Consent, LifecycleRow, Source
from ingest.handover import Handover, Warehouse
from ingest.record import EventRecord, Unreadable, parse_time
from ingest.recording import from_event, from_handover
from ingest.webhook import WixEvent
from sandbox.stories.cast import Site
from sandbox.stories.envelope import FULFILLMENTS
from sandbox.stories.library import library
from sandbox.stories.store_life import WAREHOUSE
from sandbox.stories.story import Expected, Story, Webhook
from sandbox.stories.told_now import told_now
from streams import due, lifecycle
from streams.dead_letter import RawRecord, unreadable
from streams.effect import FULFILLMENT, PAYMENT_NOTICE, Effect, Outcome, State
from tests.analytics import history
from tests.dashboard.browser import watched

DAYS, SUBSCRIPTIONS, STORE_ORDERS = 130, 70, 330
# The fixed set is told so often in the last weeks, and its stories one by one in the last hour: what it
# leaves unfinished would by now have gone on.
ROUNDS, ROUND_EVERY = timedelta(days=4), timedelta(days=4)
STORY_EVERY = timedelta(seconds=360)
HOUR = timedelta(hours=1)
PARTITIONS = 3
BATCH = 5000
DEPOT = Warehouse(name=WAREHOUSE, token_hash=b"", instance_ids=frozenset())
# Of so many messages of the last days Wix refuses one, until a person gives the app its permission back.
REFUSED_EVERY, REFUSED_FOR = 4, timedelta(days=3)
MESSAGES = (PAYMENT_NOTICE, "purchase_notice")
# Seconds that an effect waits for its turn, and that its calls take.
WAITING, CALLS = 0.4, 0.7


@dataclass(slots=True)
class Played:
    """Rows with the moment at which each reached the ledger, while the stories are played."""

    now: datetime
    ends: dict[str, Expected]
    chance: Random
    rows: list[tuple[datetime, LifecycleRow]] = field(default_factory=list)
    places: Counter[tuple[str, int]] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    sent: int = 0

    def tell(self, webhook: Webhook) -> None:
        """Wix sends it; whatever its story says is due comes to its end a few seconds later."""
        happened = parse_time(webhook.body["eventTime"])
        assert happened is not None
        event = WixEvent(
            instance_id=webhook.instance_id,
            event_type=webhook.event_type,
            event_id=webhook.body["id"],
            event_time=happened,
            body=webhook.body,
            identity=webhook.identity,
        )
        self._take(from_event(event, received_at=happened + self._soon(0.3)))

    def hand_over(self, webhook: Webhook) -> None:
        """The warehouse tells of the parcel, a moment before Wix does: the fulfillment is ours."""
        parcel = webhook.body["updatedEvent"]["currentEntity"]["fulfillments"][-1]
        number = parcel.get("trackingInfo", {}).get("trackingNumber")
        if number is None:
            return
        told = Handover(
            instanceId=webhook.instance_id,
            orderId=webhook.body["entityId"],
            lineItems=parcel["lineItems"],
            trackingNumber=number,
            shippingProvider="dhl",
        )
        moment = parse_time(webhook.body["eventTime"])
        assert moment is not None
        came = moment - timedelta(seconds=4)
        self._take(from_handover(told, warehouse=DEPOT, key=f"parcel-{number}", received_at=came))

    def add(self, rows: Iterable[LifecycleRow]) -> None:
        """Rows that no story tells of, known as soon as they happened."""
        for row in rows:
            self.rows.append((row.happened_at + self._soon(0.4), self._placed(row)))

    def _take(self, record: EventRecord) -> None:
        known = record.received_at + self._soon(0.4)
        source = self._next(record.topic, record.instance_id)
        try:
            self.rows += [(known, row) for row in lifecycle.from_event(record, source)]
        except Unreadable as error:
            site = record.instance_id.encode()
            raw = RawRecord(source=source, key=site, value=None, headers=[], at=record.received_at)
            self.rows.append((known, lifecycle.from_dead_letter(unreadable(raw, error))))
            return
        for effect in due.decide(record).effects:
            if effect.key not in self.seen:
                self.seen.add(effect.key)
                self._end(effect, known)

    def _end(self, effect: Effect, known: datetime) -> None:
        state, reason = _on_its_day(effect, self.ends.get(effect.key))
        done = known + timedelta(seconds=WAITING + CALLS) + self._soon(0.4)
        facts: dict[str, Any] = {
            "attempts": 1,
            "reason": reason,
            "waiting_seconds": WAITING,
            "calls_seconds": CALLS,
        }
        self.sent += effect.flow in MESSAGES and state is State.DONE
        if effect.flow in MESSAGES and state is State.DONE:
            asked = Consent(subscription_status="SUBSCRIBED", deliverability_status="VALID", asked_at=done)
            facts |= {"ref": effect.ref, "consent": asked, "wix_id": f"msg-{effect.ref.lower()}"}
            if self.sent % REFUSED_EVERY == 0 and self.now - done < REFUSED_FOR:
                state, facts = State.FAILED, watched.FORBIDDEN
        outcome = Outcome(
            effect_key=effect.key,
            flow=effect.flow,
            instance_id=effect.instance_id,
            order_id=effect.order_id,
            event_id=effect.event_id,
            step=1,
            state=state,
            at=done,
            event_at=effect.event_at,
            **facts,
        )
        self.rows.append((done + self._soon(0.3), lifecycle.from_outcome(outcome)))

    def _placed(self, row: LifecycleRow) -> LifecycleRow:
        """The row with a place of its own on the log, one behind the other, as a real log has them."""
        if row.source is None:
            return row
        place = self._next(row.source.topic, row.instance_id)
        if row.what == "dead_letter":
            entity = f"{place.topic}/{place.partition}/{place.offset}"
            return replace(row, source=place, entity_id=entity)
        return replace(row, source=place)

    def _next(self, topic: str, site: str) -> Source:
        partition = sum(site.encode()) % PARTITIONS
        place = Source(topic=topic, partition=partition, offset=self.places[topic, partition])
        self.places[topic, partition] += 1
        return place

    def _soon(self, seconds: float) -> timedelta:
        return timedelta(seconds=0.1 + self.chance.expovariate(1 / seconds))


def fill(
    ledger: Ledger,
    now: datetime,
    *,
    days: int = DAYS,
    subscriptions: int = SUBSCRIPTIONS,
    store_orders: int = STORE_ORDERS,
) -> None:
    """Play months of stories into the ledger, with what was seen of the log in the last hour."""
    told = library(now, subscriptions=subscriptions, store_orders=store_orders, days=days)
    stories = [*told.past, *_rounds(told.sites, now)]
    played = Played(now, {end.key: end for story in stories for end in story.expected}, Random(7))
    by_hand = {site.instance_id for site in told.sites if site.policy == "handover"}
    for webhook in _in_time(stories, now):
        if webhook.event_type.startswith(FULFILLMENTS) and webhook.instance_id in by_hand:
            played.hand_over(webhook)
        played.tell(webhook)
    for site in told.sites:
        begun = now - timedelta(days=days + 20)
        played.add([history.installed(begun, site=site.instance_id)])
        properties = history.properties(begun, site.name, currency=site.currency, site=site.instance_id)
        played.add([properties])
    played.add(watched.rows([site.instance_id for site in told.sites], now))
    _write(ledger, played.rows)
    watched.look(ledger, now, played.places)
    ledger.publish()


def go_on(ledger: Ledger, row: LifecycleRow) -> None:
    """One more row, known at once; what readers see of the past stays as it was."""
    offset = ledger.next_offset(history.LIFECYCLE, 0, history.TOPIC_ID)
    record = LedgerRecord(offset=offset, known_at=row.happened_at, value=row.to_bytes())
    ledger.append([record], topic=history.LIFECYCLE, partition=0, topic_id=history.TOPIC_ID)


def _rounds(cast: tuple[Site, ...], now: datetime) -> Iterator[Story]:
    """The fixed set in the last weeks, and story by story in the last hour; new people each time."""
    rng = Random(11)
    moment = now - ROUNDS
    while moment < now - HOUR:
        yield from filter(_is_told_to_its_end, told_now(rng, cast, moment))
        moment += ROUND_EVERY
    moment = now - HOUR
    while moment < now:
        for story in filter(_is_told_to_its_end, told_now(rng, cast, moment)):
            if not watched.is_in_gap(moment, now):
                yield story
            moment += STORY_EVERY


def _is_told_to_its_end(story: Story) -> bool:
    """Where we fulfill, Wix would answer with webhooks of its own, which the story leaves to Wix."""
    return not story.parcels and not any(end.is_fulfillment for end in story.expected)


def _in_time(stories: Iterable[Story], now: datetime) -> list[Webhook]:
    told = [webhook for story in stories for webhook in story.webhooks]
    told.sort(key=lambda webhook: str(webhook.body["eventTime"]))
    return [webhook for webhook in told if str(webhook.body["eventTime"]) < now.isoformat()]


def _on_its_day(effect: Effect, end: Expected | None) -> tuple[State, str | None]:
    """How the effect ended. History is told too late for messages; on its day it was not."""
    if end is None or end.reason in ("superseded", "already_fulfilled"):
        return State.DONE, None
    if end.reason == "too_old":
        was_paid = end.flow not in (PAYMENT_NOTICE, FULFILLMENT)
        return (State.SUPPRESSED, "covered_by_payment") if was_paid else (State.DONE, None)
    return State(end.state), end.reason


def _write(ledger: Ledger, rows: list[tuple[datetime, LifecycleRow]]) -> None:
    rows.sort(key=lambda pair: pair[0])
    first = ledger.next_offset(history.LIFECYCLE, 0, history.TOPIC_ID)
    records = [
        LedgerRecord(offset=first + index, known_at=known, value=row.to_bytes())
        for index, (known, row) in enumerate(rows)
    ]
    for begin in range(0, len(records), BATCH):
        batch = records[begin : begin + BATCH]
        ledger.append(batch, topic=history.LIFECYCLE, partition=0, topic_id=history.TOPIC_ID)
