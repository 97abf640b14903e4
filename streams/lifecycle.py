"""Events, outcomes and dead letters become rows for the ledger. No I/O.

The same record always gives the same rows with the same ids, so that a duplicate delivery,
a retry and a replay add nothing. Every record gives at least one row.
"""

from collections.abc import Mapping
from typing import Any

from analytics.lifecycle import (
    DeadLetterFacts,
    EffectFacts,
    FlowPauseFacts,
    HandoverFacts,
    LifecycleRow,
    QuotaFacts,
    Source,
    event_row_id,
    outcome_row_id,
)
from ingest import catalogue
from ingest.record import EventRecord, iso
from streams import due
from streams.dead_letter import DeadLetter
from streams.effect import Effect, HandoverRefused, MadeDue, Outcome
from streams.lifecycle_facts import Fact, fact_of, handover_id
from streams.pause import FlowChange
from streams.quota_counts import QuotaCount

# Wix counts an entity's events in 64 bits.
LARGEST_SEQUENCE = 2**63 - 1


def from_event(record: EventRecord, source: Source) -> list[LifecycleRow]:
    """The rows of one record: what it says first, then one for each effect it makes due.

    Raises:
        Unreadable: the entity has no id, or what is due can't be read.
    """
    body = record.body
    fact = fact_of(record, body)
    facts = [fact, *map(_due, due.decide(record).effects)]
    return [_row(record, body, source, one) for one in facts]


def from_outcome(outcome: Outcome) -> LifecycleRow:
    """The row of one change of an effect's state, as the outbox recorded it."""
    return LifecycleRow(
        row_id=outcome_row_id(outcome.effect_key, outcome.step),
        what=f"effect_{outcome.state.value}",
        instance_id=outcome.instance_id,
        entity_id=outcome.effect_key,
        order_id=outcome.order_id,
        event_id=outcome.event_id,
        event_type="orderline.outcome",
        happened_at=outcome.at,
        facts=_outcome_facts(outcome),
    )


def from_made_due(due: MadeDue) -> LifecycleRow:
    """The row of an effect that Wix's lists made due: no event of the log gives one."""
    return LifecycleRow(
        row_id=event_row_id(due.instance_id, due.event_id, f"effect_due/{due.effect_key}"),
        what="effect_due",
        instance_id=due.instance_id,
        entity_id=due.effect_key,
        order_id=due.order_id,
        event_id=due.event_id,
        event_type="orderline.made_due",
        happened_at=due.at,
        facts=EffectFacts(flow=due.flow, outcome="due", event_at=due.event_at, ref=due.ref),
    )


def from_handover_refused(refused: HandoverRefused) -> LifecycleRow:
    """The row of a warehouse's key that came again with another body."""
    claim = refused.claim
    return LifecycleRow(
        row_id=event_row_id(claim.instance_id, claim.event_id, f"handover_refused/{claim.body_hash}"),
        what="handover_refused",
        instance_id=claim.instance_id,
        entity_id=handover_id(claim.warehouse, claim.key),
        order_id=claim.order_id,
        event_id=claim.event_id,
        event_type="orderline.outcome",
        happened_at=refused.at,
        facts=HandoverFacts(
            warehouse=claim.warehouse, key=claim.key, outcome="refused", reason=refused.reason
        ),
    )


def from_pause(change: FlowChange) -> LifecycleRow:
    """The row of a flow that a bug paused, or that goes on; it concerns no one site."""
    what, event_id = f"flow_{change.state}", f"{change.flow}/{iso(change.at)}"
    return LifecycleRow(
        row_id=event_row_id("", event_id, what),
        what=what,
        instance_id="",
        entity_id=change.flow,
        event_id=event_id,
        event_type="orderline.flow",
        happened_at=change.at,
        facts=FlowPauseFacts(
            state=change.state, fingerprint=change.fingerprint, version=change.build, held=change.held
        ),
    )


def from_quota(count: QuotaCount) -> LifecycleRow:
    """The row of one worker's requests for one site in one minute."""
    event_id = f"{count.worker}/{iso(count.minute)}"
    return LifecycleRow(
        row_id=event_row_id(count.instance_id, event_id, "quota"),
        what="quota",
        instance_id=count.instance_id,
        entity_id=count.instance_id,
        event_id=event_id,
        event_type="orderline.quota",
        happened_at=count.minute,
        facts=QuotaFacts(worker=count.worker, calls=count.calls, limit=count.limit, parked=count.parked),
    )


def from_dead_letter(letter: DeadLetter) -> LifecycleRow:
    """The row of a record that could not be read or decided; it is known by where it lies."""
    source, place = letter.source, letter.place
    return LifecycleRow(
        row_id=event_row_id(letter.instance_id, place, "dead_letter"),
        what="dead_letter",
        instance_id=letter.instance_id,
        entity_id=place,
        event_id=place,
        event_type=letter.event_type,
        happened_at=letter.at,
        source=source,
        facts=DeadLetterFacts(reason=letter.reason, error=letter.error, fingerprint=letter.fingerprint),
    )


def _row(record: EventRecord, body: Mapping[str, Any], source: Source, fact: Fact) -> LifecycleRow:
    row_of = f"{fact.what}/{fact.variant}" if fact.variant else fact.what
    return LifecycleRow(
        row_id=event_row_id(record.instance_id, record.event_id, row_of),
        what=fact.what,
        instance_id=record.instance_id,
        entity_id=fact.entity_id,
        order_id=fact.order_id,
        event_id=record.event_id,
        event_type=record.event_type,
        happened_at=record.event_time,
        received_at=record.received_at,
        sequence=_sequence(body),
        source=source,
        facts=fact.facts,
    )


def _due(effect: Effect) -> Fact:
    facts = EffectFacts(flow=effect.flow, outcome="due", event_at=effect.event_at, ref=effect.ref)
    return Fact(
        what="effect_due",
        entity_id=effect.key,
        order_id=effect.order_id,
        facts=facts,
        variant=effect.key,
    )


def _sequence(body: Mapping[str, Any]) -> int | None:
    sequence = catalogue.sequence_of(body)
    return sequence if sequence is not None and abs(sequence) <= LARGEST_SEQUENCE else None


def _outcome_facts(outcome: Outcome) -> EffectFacts:
    return EffectFacts(
        flow=outcome.flow,
        outcome=outcome.state.value,
        step=outcome.step,
        reason=outcome.reason,
        attempts=outcome.attempts,
        event_at=outcome.event_at,
        decided_at=outcome.at,
        done_at=outcome.at if outcome.state.value == "done" else None,
        next_at=outcome.next_at,
        next_step=outcome.next_step,
        wix_id=outcome.wix_id,
        ref=outcome.ref,
        consent=outcome.consent,
        fingerprint=outcome.fingerprint,
        last_status=outcome.last_status,
        last_code=outcome.last_code,
        request_id=outcome.request_id,
        waiting_seconds=outcome.waiting_seconds,
        calls_seconds=outcome.calls_seconds,
        shipments=outcome.shipments,
    )
