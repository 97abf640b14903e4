"""What the ledger is told of outcomes, refused handovers and dead letters."""

from dataclasses import replace

import pytest

from analytics.lifecycle import (
    DeadLetterFacts,
    EffectFacts,
    HandoverFacts,
    LifecycleRow,
    Source,
)
from ingest.record import Unreadable
from streams.dead_letter import RawRecord, unexpected, unreadable
from streams.effect import HandoverClaim, HandoverRefused, Outcome, State
from streams.lifecycle import from_dead_letter, from_event, from_handover_refused, from_outcome
from tests.streams.event_records import (
    AT,
    SITE,
    a_handover,
)

SOURCE = Source(topic="plan-orders", partition=3, offset=41)
OUTCOME = Outcome(
    effect_key="notice:purchase:s:o",
    flow="purchase_notice",
    instance_id=SITE,
    order_id="o",
    event_id="e",
    step=2,
    state=State.DONE,
    at=AT,
    event_at=AT,
    attempts=1,
    wix_id="m-1",
)


class TestOutcomes:
    def test_a_change_of_state_is_a_row_of_its_step(self) -> None:
        row = from_outcome(OUTCOME)

        assert isinstance(row.facts, EffectFacts)
        assert (row.what, row.entity_id, row.facts.step) == ("effect_done", OUTCOME.effect_key, 2)
        assert (row.facts.done_at, row.facts.wix_id) == (AT, "m-1")
        assert LifecycleRow.from_bytes(row.to_bytes()) == row

    def test_the_same_change_sent_twice_is_the_same_row(self) -> None:
        assert from_outcome(OUTCOME) == from_outcome(replace(OUTCOME))
        assert from_outcome(OUTCOME).row_id != from_outcome(replace(OUTCOME, step=3)).row_id

    @pytest.mark.parametrize("state", [state for state in State if state is not State.DONE])
    def test_only_what_is_done_has_a_time_of_acceptance(self, state: State) -> None:
        row = from_outcome(replace(OUTCOME, state=state))

        assert isinstance(row.facts, EffectFacts)
        assert (row.facts.outcome, row.facts.done_at) == (state.value, None)

    def test_a_refused_handover_is_a_row_of_the_warehouses_key(self) -> None:
        claim = HandoverClaim(
            warehouse="north",
            key="box-1",
            instance_id=SITE,
            order_id="o",
            body_hash="1e1e",
            event_id="h-1",
            at=AT,
        )

        row = from_handover_refused(HandoverRefused(claim=claim, reason="key_reused", at=AT))

        assert isinstance(row.facts, HandoverFacts)
        assert (row.entity_id, row.facts.outcome, row.facts.reason) == (
            "north:box-1",
            "refused",
            "key_reused",
        )
        assert row.entity_id == from_event(a_handover(), SOURCE)[0].entity_id


class TestDeadLetters:
    RAW = RawRecord(source=SOURCE, key=b"\xff", value=b"not JSON of Mrs Miller", headers=[], at=AT)

    def test_it_is_known_by_where_it_lies(self) -> None:
        row = from_dead_letter(unreadable(self.RAW, Unreadable("not_json", "the value is no JSON")))

        assert isinstance(row.facts, DeadLetterFacts)
        assert (row.entity_id, row.facts.reason, row.source) == ("plan-orders/3/41", "not_json", SOURCE)
        assert LifecycleRow.from_bytes(row.to_bytes()) == row

    def test_an_error_of_ours_is_told_by_kind_and_place_and_never_quotes_the_record(self) -> None:
        try:
            raise KeyError(self.RAW.value)
        except KeyError as error:
            letter = unexpected(self.RAW, error)

        assert letter.error == f"KeyError at streams/test_lifecycle_outcomes.py:{self._here()}"
        assert b"Miller" not in from_dead_letter(letter).to_bytes()

    def test_records_that_failed_alike_share_a_fingerprint(self) -> None:
        other = replace(self.RAW, source=replace(SOURCE, offset=99))
        reasons = [Unreadable("not_json", "a"), Unreadable("bad_header", "b")]

        first, second = (unreadable(self.RAW, reason).fingerprint for reason in reasons)

        assert unreadable(other, Unreadable("not_json", "c")).fingerprint == first != second

    @staticmethod
    def _here() -> str:
        return "test_an_error_of_ours_is_told_by_kind_and_place_and_never_quotes_the_record"
