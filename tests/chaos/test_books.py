"""The judge finds each thing that may go wrong, and nothing when all is well."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.stories.story import Expected, access, fulfillment, payment_notice
from tests.chaos.books import (
    Findings,
    judge_ledger,
    judge_log,
    judge_outbox,
    judge_reports,
    judge_rows,
    judge_wix,
)
from tests.chaos.ledger import Comparison
from tests.chaos.log import LogBook

MAIL = payment_notice("site", "transaction", "order", "done")
PARCEL = fulfillment("site", "order", "depot:parcel-1", "done", tracking_number="1Z1")
CHANGE = access("site", "order", "grant", 0, "done")
WANTED = (MAIL, PARCEL, CHANGE)
SAME = Comparison(live=2, rebuilt=2, next_offset=3, different={})


def message(end: Expected = MAIL) -> dict[str, Any]:
    items = [{"text": "Thank you."}, {"text": end.ref_line}]
    return {"body": {"message": {"content": {"basic": {"items": items}}}}}


def received(
    messages: int = 1, parcels: int = 1, changes: int = 1, number: str = "1Z1"
) -> dict[str, list[dict[str, Any]]]:
    parcel = {"orderId": "order", "body": {"fulfillment": {"trackingInfo": {"trackingNumber": number}}}}
    return {
        "messages": [message()] * messages,
        "fulfillments": [parcel] * parcels,
        "access": [{"webhookId": CHANGE.key}] * changes,
    }


def effect(end: Expected = MAIL, state: str = "done", reason: str | None = None) -> dict[str, Any]:
    return {"key": end.key, "flow": end.flow, "state": state, "reason": reason, "wix_id": "wix"}


class TestWix:
    def test_each_once_is_well(self) -> None:
        findings = Findings()

        judge_wix(findings, WANTED, received())

        assert findings.wrong == []
        assert findings.figures["messages"] == {"expected": 1, "at_wix": 1, "twice": 0, "missing": 0}

    @pytest.mark.parametrize(
        ("what", "counted", "twice", "missing"),
        [
            (received(messages=2), "messages", 1, 0),
            (received(messages=0), "messages", 0, 1),
            (received(parcels=2), "fulfillments", 1, 0),
            (received(parcels=0), "fulfillments", 0, 1),
            # A fulfillment of the right order that is not the one handed over.
            (received(number="1Z2"), "fulfillments", 1, 1),
            (received(changes=0), "access", 0, 1),
        ],
    )
    def test_twice_and_missing_are_found(self, what: Any, counted: str, twice: int, missing: int) -> None:
        findings = Findings()

        judge_wix(findings, WANTED, what)

        assert (findings.figures[counted]["twice"], findings.figures[counted]["missing"]) == (twice, missing)
        assert findings.wrong

    def test_a_message_that_nothing_made_due_is_found(self) -> None:
        findings = Findings()
        other = replace(MAIL, key="notice:payment:site:other")

        judge_wix(findings, WANTED, received() | {"messages": [message(), message(other)]})

        assert findings.figures["messages"]["twice"] == 1
        assert findings.wrong


class TestLog:
    def test_what_was_taken_and_is_not_on_the_log_is_found(self) -> None:
        findings = Findings()

        judge_log(findings, {"kept", "lost"}, LogBook(ids={"kept", "from-the-sandbox"}))

        assert (findings.figures["taken"], findings.figures["on_log"]) == (2, 1)
        assert findings.wrong == ["1 taken, but not on the log: lost"]


class TestOutbox:
    @pytest.mark.parametrize(
        ("effects", "is_well"),
        [
            ([effect()], True),
            ([], False),
            ([effect(), effect()], False),
            ([effect(), effect(PARCEL)], False),
            ([effect(state="doubtful")], False),
            ([effect(state="suppressed", reason="refunded")], False),
            ([effect(state="failed", reason="refused")], False),
        ],
    )
    def test_each_effect_has_the_one_final_outcome_that_was_expected(
        self, effects: list[dict[str, Any]], is_well: bool
    ) -> None:
        findings = Findings()

        judge_outbox(findings, [MAIL], effects)

        assert (findings.wrong == []) is is_well


class TestLedger:
    @pytest.mark.parametrize(
        ("row", "is_well"),
        [
            ({"outcome": "done", "reason": None, "wix_id": "wix"}, True),
            ({"outcome": "waiting", "reason": None, "wix_id": None}, False),
            (None, False),
        ],
    )
    def test_ledger_and_outbox_tell_the_same(self, row: dict[str, Any] | None, is_well: bool) -> None:
        findings = Findings()

        judge_ledger(findings, [MAIL], {} if row is None else {MAIL.key: row}, [effect()])

        assert (findings.wrong == []) is is_well


class TestRows:
    @pytest.mark.parametrize(
        ("files", "is_well"),
        [
            (SAME, True),
            (replace(SAME, live=1), False),
            (replace(SAME, rebuilt=3), False),
            (replace(SAME, next_offset=2), False),
            (replace(SAME, different={"orders": 1}), False),
        ],
    )
    def test_the_ledger_is_the_log_and_what_a_rebuild_is(self, files: Comparison, is_well: bool) -> None:
        findings = Findings()

        judge_rows(findings, LogBook(row_ids={"one", "two"}, rows_end=3), files)

        assert (findings.wrong == []) is is_well


class TestReports:
    @pytest.mark.parametrize(("different", "is_well"), [([], True), (["churn method=stripe"], False)])
    def test_the_ledger_answers_what_a_rebuild_answers(self, different: list[str], is_well: bool) -> None:
        findings = Findings()

        judge_reports(findings, 200, different)

        assert (findings.wrong == []) is is_well
        assert findings.figures["reports"] == {"asked": 200, "different": len(different)}
