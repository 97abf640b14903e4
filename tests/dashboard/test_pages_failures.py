"""The failures page in each of its states, on a real ledger behind its real service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.analytics import history
from tests.dashboard.conftest import Service
from tests.dashboard.running import cards, run, words


class TestFailures:
    @pytest.fixture
    def refused(self, told: Service) -> Service:
        """A message that Wix refused for good, and one that nobody wanted."""
        when = datetime.now(UTC) - timedelta(hours=2)
        step: dict[str, Any] = {
            "event_at": when,
            "reason": "forbidden",
            "last_status": 403,
            "next_step": "Grant Manage Inbox.",
        }
        told.tell(
            [
                history.due("notice:a", "sub-1", when),
                history.outcome("notice:a", "sub-1", 1, "failed", when, **step),
                history.due("notice:b", "sub-2", when),
                history.outcome(
                    "notice:b", "sub-2", 1, "suppressed", when, event_at=when, reason="not_subscribed"
                ),
            ]
        )
        return told

    def test_a_refused_effect_is_listed_with_its_cause(self, refused: Service) -> None:
        app = run("failures")

        failed = app.dataframe[0].value
        assert cards(app)["Failed"] == "1"
        assert list(failed["reason"]) == ["forbidden"]
        assert list(failed["last_status"]) == [403]

    def test_dead_letters_are_counted_and_listed(self, refused: Service) -> None:
        app = run("failures")

        assert cards(app)["Dead letters"] == "1"
        assert any("reason" in f.value and "not_json" in list(f.value["reason"]) for f in app.dataframe)

    def test_what_was_not_wanted_is_listed_by_reason(self, refused: Service) -> None:
        reasons = [list(f.value["reason"]) for f in run("failures").dataframe if "share" in f.value]

        assert reasons == [["not_subscribed"]]

    def test_without_failures_it_says_so(self, told: Service) -> None:
        assert "No effect has failed." in words(run("failures"))

    def test_a_paused_flow_says_since_when_and_how_it_goes_on(self, told: Service) -> None:
        told.tell([history.pause("access", "paused", datetime.now(UTC) - timedelta(hours=1), held=3)])

        app = run("failures")

        assert "**access is paused** since" in words(app)
        assert "3 records and effects are held" in words(app)
        assert any("streams flows resume access" in code.value for code in app.code)

    def test_a_refused_handover_says_who_has_to_act(self, told: Service) -> None:
        when = datetime.now(UTC) - timedelta(hours=1)
        told.tell([history.handover("h1", "1002", when, word="refused", reason="key_reused")])

        app = run("failures")

        shown = next(f.value for f in app.dataframe if "warehouse" in f.value)
        assert cards(app)["Refused handovers"] == "1"
        assert "must send a new key" in words(app)
        assert "next_step" not in shown

    def test_what_went_wrong_comes_first_where_there_is_room_for_two_columns(self, refused: Service) -> None:
        when = datetime.now(UTC) - timedelta(hours=1)
        refused.tell([history.handover("h1", "1002", when, word="refused", reason="key_reused")])

        first = [list(f.value.columns)[:2] for f in run("failures").dataframe]

        assert first == [["flow", "reason"], ["reason", "error"], ["reason", "warehouse"], ["flow", "reason"]]
