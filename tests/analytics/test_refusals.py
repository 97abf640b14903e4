"""Bad questions and bad days: a clear answer each, and the writer never stops for a reader."""

import re
from typing import Any

import pytest

from analytics.ledger import Ledger
from analytics.reports import BadParameter, Reports, ReportTimeout, UnknownReport
from analytics.versions import READERS
from tests.analytics.history import NOW, ask, at, only, store_order, tell
from tests.analytics.one_of_everything import HISTORY


class TestRefusals:
    @pytest.mark.parametrize(
        ("report", "params", "says"),
        [
            ("orders", {"colour": ["red"]}, "parameter colour: is unknown here; allowed are start, end, tz"),
            (
                "orders",
                {"start": ["yesterday"]},
                "parameter start: 'yesterday' is not allowed; give an ISO 8601",
            ),
            ("orders", {"tz": ["Mars/Olympus"]}, "parameter tz: 'Mars/Olympus' is not allowed; give an IANA"),
            ("orders", {"tz": ["../../etc/passwd"]}, "parameter tz"),
            ("orders", {"limit": ["1001"]}, "a whole number from 1 to 1000"),
            ("orders", {"limit": ["ten"]}, "a whole number from 1 to 1000"),
            ("orders", {"late": ["maybe"]}, "true or false"),
            ("orders", {"target_hours": ["nan"]}, "a number above 0"),
            ("orders", {"kind": ["bicycle"]}, "one of store, subscription"),
            ("orders", {"start": ["2026-03-02"], "end": ["2026-03-01"]}, "is not after start"),
            ("orders", {"tz": ["UTC", "UTC"]}, "parameter tz: was given more than once"),
            ("order_timeline", {}, "parameter order_id: is required"),
        ],
    )
    def test_name_the_parameter_and_say_what_is_allowed(
        self, ledger: Ledger, report: str, params: dict[str, list[str]], says: str
    ) -> None:
        with pytest.raises(BadParameter, match=re.escape(says)):
            Reports(ledger).run(report, params)

    def test_an_unknown_report_names_those_there_are(self, ledger: Ledger) -> None:
        with pytest.raises(UnknownReport, match=r"no report 'x'; there are sites, plans, order_status"):
            Reports(ledger).run("x", {})

    def test_what_does_not_occur_is_empty_not_an_error(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)

        absent: list[dict[str, Any]] = [
            {"currency": "XXX"},
            {"site": "nowhere"},
            {"start": "2099-01-01"},
            {"cursor": "0"},
        ]
        for params in absent:
            assert ask(ledger, "orders", **params) == []

    def test_a_report_that_takes_too_long_is_cut_off_and_the_next_is_answered(self, ledger: Ledger) -> None:
        tell(ledger, [store_order(f"o{index}", "approved", at(0)) for index in range(3000)])
        ledger.publish(at=NOW)

        # As often as a version has connections, and once more: each time one is lost.
        for _ in range(READERS + 1):
            with pytest.raises(ReportTimeout, match="took longer than"):
                Reports(ledger, time_limit_seconds=0.001).run("data_quality", {"as_of": [NOW.isoformat()]})

        assert only(ask(ledger, "order_status", now=None))["orders"] == 3000
