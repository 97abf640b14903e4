"""What an order's drawer says, by what comes out for a timeline and a log of effects."""

from typing import Any

import pandas as pd
import pytest

from dashboard import cards_order

NOON = pd.Timestamp("2026-11-20T12:00:00Z")


def timeline(*facts: tuple[float, str, str | None, str | None]) -> pd.DataFrame:
    """Facts so many minutes after noon: what, status and detail."""
    rows = [
        {
            "happened_at": NOON + pd.Timedelta(minutes=minutes),
            "what": what,
            "status": status,
            "detail": detail,
        }
        for minutes, what, status, detail in facts
    ]
    return pd.DataFrame(rows)


def effect(**more: Any) -> pd.DataFrame:
    row = {
        "flow": "payment_notice",
        "outcome": "done",
        "reason": None,
        "decided_at": NOON,
        "done_at": NOON,
        "ref": "K7Q2M9",
        "consent": "SUBSCRIBED VALID 2026-11-20T12:00:00Z",
        "next_step": None,
    }
    return pd.DataFrame([{**row, **more}])


class TestSteps:
    def test_each_has_the_readers_time_and_how_long_it_took(self) -> None:
        facts = timeline((0, "created", None, None), (150, "approved", None, None))

        found = cards_order.steps(facts, "Europe/Berlin")

        assert [(step.title, step.detail, step.after) for step in found] == [
            ("Created", "20 Nov 2026, 13:00:00", None),
            ("Approved", "20 Nov 2026, 15:30:00", "+2 h 30 m"),
        ]

    def test_what_is_told_twice_is_shown_once(self) -> None:
        """Wix sends an update with each change, and what is due is seen by what came of it."""
        facts = timeline(
            (0, "created", None, None), (1, "updated", None, None), (2, "effect_due", "due", "fulfillment")
        )

        assert [step.title for step in cards_order.steps(facts, "UTC")] == ["Created"]

    def test_statuses_are_words_and_amounts_and_tracking_numbers_stay(self) -> None:
        facts = timeline(
            (0, "created", "INITIALIZED", "NOT_PAID · 164.00 GBP"), (1, "handover", None, "dhl · JD46-0")
        )

        found = [step.detail.partition(" · ")[2] for step in cards_order.steps(facts, "UTC")]

        assert found == ["Initialized · Not paid · 164.00 GBP", "dhl · JD46-0"]

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("60000.00 JPY", "60,000 JPY"),
            ("1234.50 EUR", "1,234.50 EUR"),
            ("1 fulfillments", "1 fulfillment"),
            ("11 fulfillments", "11 fulfillments"),
        ],
    )
    def test_amounts_and_counts_are_as_people_write_them(self, written: str, read: str) -> None:
        (step,) = cards_order.steps(timeline((0, "created", None, written)), "UTC")

        assert step.detail.endswith(f" · {read}")

    def test_an_outcome_is_a_sentence(self) -> None:
        facts = timeline((0, "effect_suppressed", "suppressed", "payment_notice · not_subscribed"))

        assert [step.title for step in cards_order.steps(facts, "UTC")] == [
            "Payment notice suppressed: not subscribed"
        ]

    def test_how_the_time_of_an_effect_went_by_stands_in_small(self) -> None:
        facts = timeline((0, "effect_done", "done", "fulfillment · 0.4 s waiting, 0.7 s in our calls"))

        [step] = cards_order.steps(facts, "UTC")

        assert step.title == "Fulfillment done"
        assert step.detail == "20 Nov 2026, 12:00:00 · 0.4 s waiting, 0.7 s in our calls"

    def test_of_a_long_life_the_newest_steps_are_shown(self) -> None:
        facts = timeline(*((minute, "cycle_started", None, str(minute)) for minute in range(100)))

        found = cards_order.steps(facts, "UTC")

        assert len(found) == cards_order.MOST_STEPS
        assert found[-1].detail.endswith("99")


class TestEffects:
    def test_what_was_sent_names_its_reference_and_the_consent(self) -> None:
        [(flow, outcome, _, proof)] = cards_order.effects(effect(), "UTC")

        assert (flow, outcome) == ("Payment notice", "Done")
        assert proof == "20 Nov 2026, 12:00:00 · Ref. K7Q2M9 · consent subscribed valid"

    def test_what_failed_says_what_to_do(self) -> None:
        failed = effect(outcome="failed", reason="forbidden", done_at=None, ref=None, consent=None)

        [(_, _, colour, proof)] = cards_order.effects(failed.assign(next_step="Ask the owner."), "UTC")

        assert colour == "red"
        assert proof == "20 Nov 2026, 12:00:00 · forbidden · Ask the owner."


class TestFacts:
    def test_what_is_unknown_is_left_out(self) -> None:
        order = pd.Series(
            {
                "number": "10001",
                "plan": None,
                "amount": "12.00",
                "currency": "EUR",
                "payment_status": "NOT_PAID",
                "fulfillment_status": None,
                "status": None,
                "customer": None,
            }
        )

        assert cards_order.facts(order, "Harbor Yoga") == {
            "Site": "Harbor Yoga",
            "Number": "10001",
            "Amount": "12.00 EUR",
            "Payment": "Not paid",
        }
