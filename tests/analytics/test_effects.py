"""Effects: due = done + suppressed + waiting + failed + open; the highest step stands, done is final."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.ledger import Ledger
from analytics.lifecycle import Consent
from tests.analytics.history import ask, at, due, only, outcome, tell

OUTCOMES = ("done", "suppressed", "waiting", "failed", "open")


def counted(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in OUTCOMES if row[name]}


def payment_notices(ledger: Ledger, **params: Any) -> dict[str, Any]:
    return only(ask(ledger, "effects", flow="payment_notice", **params))


class TestEffects:
    def test_every_due_effect_is_in_exactly_one_outcome(self, ledger: Ledger) -> None:
        rows = [due(f"k{index}", "o1", at(0)) for index in range(6)]
        for key, word in [
            ("k0", "done"),
            ("k1", "suppressed"),
            ("k2", "waiting"),
            ("k3", "failed"),
            ("k4", "claimed"),
        ]:
            rows.append(outcome(key, "o1", 1, word, at(0, 1), event_at=at(0)))
        tell(ledger, rows)

        row = payment_notices(ledger)

        assert row["due"] == 6
        assert counted(row) == {"done": 1, "suppressed": 1, "waiting": 2, "failed": 1, "open": 1}

    @pytest.mark.parametrize("word", ["claimed", "doubtful", "waiting", "due"])
    def test_what_is_on_its_way_is_waiting(self, ledger: Ledger, word: str) -> None:
        tell(ledger, [due("k", "o1", at(0)), outcome("k", "o1", 3, word, at(0, 1), event_at=at(0))])

        assert counted(payment_notices(ledger)) == {"waiting": 1}

    def test_the_highest_step_stands_however_late_it_is_told(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                outcome("k", "o1", 2, "failed", at(0, 2), event_at=at(0)),
                outcome("k", "o1", 1, "waiting", at(0, 3), event_at=at(0)),
                due("k", "o1", at(0)),
            ],
        )

        assert counted(payment_notices(ledger)) == {"failed": 1}

    def test_done_is_final(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                due("k", "o1", at(0)),
                outcome("k", "o1", 2, "done", at(0, 1), event_at=at(0), done_at=at(0, 1)),
                outcome("k", "o1", 3, "failed", at(0, 2), event_at=at(0)),
            ],
        )

        assert counted(payment_notices(ledger)) == {"done": 1}

    def test_the_delay_runs_from_the_event_until_wix_had_it(self, ledger: Ledger) -> None:
        """2, 4 and 60 seconds: the median is 4, the 95th percentile 60."""
        rows = []
        for index, seconds in enumerate((2, 60, 4)):
            done = at(0, seconds / 3600)
            rows += [
                due(f"k{index}", "o1", at(0)),
                outcome(f"k{index}", "o1", 1, "done", done, event_at=at(0), done_at=done),
            ]
        tell(ledger, rows)

        row = payment_notices(ledger)

        assert (row["delay_p50_seconds"], row["delay_p95_seconds"]) == (4, 60)

    def test_quiet_flows_and_days_are_listed_with_zeros(self, ledger: Ledger) -> None:
        tell(ledger, [due("k1", "o1", at(0)), due("k2", "o1", at(2))])

        rows = ask(ledger, "effects", grain="day", start=at(0).isoformat(), end=at(3).isoformat())

        assert len(rows) == 3 * 4
        assert [row["due"] for row in rows if row["flow"] == "payment_notice"] == [1, 0, 1]
        assert all(row["delay_p50_seconds"] is None for row in rows)


class TestEffectLog:
    def test_shows_what_stands_with_its_consent_proof(self, ledger: Ledger) -> None:
        asked = datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC)
        consent = Consent(subscription_status="SUBSCRIBED", deliverability_status="VALID", asked_at=asked)
        told: dict[str, Any] = {
            "consent": consent,
            "ref": "K7Q2M9",
            "wix_id": "m1",
            "attempts": 2,
            "decided_at": asked,
            "done_at": asked,
        }
        tell(ledger, [due("k", "o1", at(0)), outcome("k", "o1", 2, "done", at(0, 1), event_at=at(0), **told)])

        row = only(ask(ledger, "effect_log"))

        assert (row["effect_key"], row["order_id"], row["outcome"]) == ("k", "o1", "done")
        assert (row["ref"], row["wix_id"], row["attempts"]) == ("K7Q2M9", "m1", 2)
        assert row["consent"] == "SUBSCRIBED VALID 2026-03-02T00:00:01Z"
        assert row["done_at"] == "2026-03-02T00:00:01Z"

    def test_shows_what_wix_answered_last_and_what_comes_next(self, ledger: Ledger) -> None:
        told: dict[str, Any] = {
            "fingerprint": "abc",
            "last_status": 429,
            "last_code": "busy",
            "request_id": "r1",
            "next_at": at(0, 2),
            "next_step": "asked again by itself",
        }
        tell(
            ledger,
            [due("k", "o1", at(0)), outcome("k", "o1", 2, "waiting", at(0, 1), event_at=at(0), **told)],
        )

        row = only(ask(ledger, "effect_log"))

        assert {name: row[name] for name in told} == {**told, "next_at": "2026-03-02T02:00:00Z"}

    def test_narrows_by_outcome_flow_and_order_a_page_at_a_time(self, ledger: Ledger) -> None:
        tell(ledger, [due(f"k{index}", f"o{index}", at(index)) for index in range(4)])
        tell(ledger, [outcome("k3", "o3", 1, "failed", at(3, 1), event_at=at(3), reason="refused")])

        first = ask(ledger, "effect_log", limit=3)
        second = ask(ledger, "effect_log", limit=3, cursor=first[-1]["next_cursor"])

        assert [row["effect_key"] for row in first + second] == ["k3", "k2", "k1", "k0"]
        assert only(ask(ledger, "effect_log", outcome="failed"))["reason"] == "refused"
        assert only(ask(ledger, "effect_log", order_id="o2"))["effect_key"] == "k2"
        assert ask(ledger, "effect_log", flow="fulfillment") == []


class TestDelay:
    def test_is_told_in_three_parts_beside_the_order(self, ledger: Ledger) -> None:
        """Accepted 10 s after the event: 7.5 s waiting and 0.5 s in calls leave 2 s until it reached us."""
        done = at(0) + timedelta(seconds=10)
        spent: dict[str, Any] = {"done_at": done, "waiting_seconds": 7.5, "calls_seconds": 0.5}
        tell(
            ledger,
            [due("k", "o1", at(0)), outcome("k", "o1", 1, "done", done, event_at=at(0), **spent)],
        )

        *_, row = ask(ledger, "order_timeline", order_id="o1")

        assert (row["what"], row["status"]) == ("effect_done", "done")
        assert row["detail"] == (
            "payment_notice · 2.0 s until it reached us, 7.5 s waiting, 0.5 s in our calls"
        )


class TestSuppressions:
    def test_shares_are_of_the_suppressed_effects_of_a_flow(self, ledger: Ledger) -> None:
        for index, reason in enumerate(["too_old", "not_subscribed", "too_old", "too_old"]):
            tell(ledger, [outcome(f"k{index}", "o1", 1, "suppressed", at(0), event_at=at(0), reason=reason)])

        rows = ask(ledger, "suppressions")

        assert [(row["reason"], row["effects"], row["share"]) for row in rows] == [
            ("too_old", 3, 0.75),
            ("not_subscribed", 1, 0.25),
        ]
