"""The public contract: names, columns, parameters, refusals, versions, as_of, and order of arrival."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import LifecycleRow
from analytics.questions import QUESTIONS
from analytics.reports import BadParameter, Reports, ReportTimeout, UnknownReport, VersionGone
from analytics.versions import READERS
from tests.analytics.history import (
    NOW,
    OTHER_SITE,
    ask,
    at,
    dead_letter,
    due,
    installed,
    only,
    outcome,
    payment,
    shipments,
    shuffled_and_doubled,
    stay,
    store_order,
    subscription,
    tell,
    unrecognized,
)
from tests.empty_ledger import open_ledger

# What the product promises to give, in this order.
COLUMNS = {
    "sites": "site name currency timezone installed_at removed_at observed_from orders open late p50_hours",
    "order_status": "kind state status orders",
    "order_flow": "bucket_start group placed paid fulfilled canceled closed reopened open_at_end is_partial",
    "orders": (
        "site order_id number kind state status payment_status fulfillment_status customer plan "
        "amount currency "
        "placed_at paid_at first_fulfilled_at fulfilled_at tracked_at canceled_at created_at started_at "
        "trial_ends_at first_paid_at set_to_cancel_at pauses ended_at end_cause age_hours next_cursor"
    ),
    "plans": "plan_id name active new churned rate mrr currency",
    "open_by_state": "bucket_start state orders",
    "order_transitions": "from_status to_status orders is_legal",
    "revenue": "bucket_start currency paid refunded orders is_partial",
    "churn_methods": "method numerator base rate definition",
    "churn_difference": "customer order_id happened_at counted_by reason",
    "set_to_cancel": "order_id customer plan requested_at ends_at mrr currency",
    "mrr": (
        "bucket_start currency at_start new reactivation expansion contraction churn at_end gross_churn_rate "
        "net_churn_rate is_partial"
    ),
    "cohorts": "cohort_month size age_months active share",
    "survival": "age_days at_risk share_active low high",
    "trial_conversion": "bucket_start trials converted pending rate is_partial",
    "fulfillment_by_hour": "weekday hour orders p50_hours",
    "fulfillment_rates": (
        "due late late_rate placed canceled_before cancel_rate fulfillments tracked tracking_rate"
    ),
    "handovers": "warehouse key site order_id received_at outcome reason fulfillment_id",
    "order_timeline": "happened_at known_at what status detail event_id since_previous_hours",
    "churn": (
        "bucket_start group active_at_start new churned voluntary involuntary owner completed "
        "unknown switched "
        "failed_to_start numerator base rate is_partial"
    ),
    "fulfillment_latency": (
        "bucket_start group finished open canceled p50_hours p90_hours p95_hours p99_hours km_p50_hours "
        "km_p90_hours km_p95_hours km_p99_hours within_target is_partial is_estimate"
    ),
    "fulfillment_distribution": "from_hours to_hours orders",
    "backlog": "order_id site paid_at age_hours hours_left",
    "effects": (
        "bucket_start flow due done suppressed waiting failed open delay_p50_seconds delay_p95_seconds"
    ),
    "effect_log": (
        "effect_key site order_id flow outcome reason decided_at done_at attempts wix_id consent "
        "ref fingerprint "
        "last_status last_code request_id next_at next_step next_cursor"
    ),
    "suppressions": "flow reason effects share",
    "dead_letters": "topic partition offset reason error first_at redriven_at",
    "conservation": "topic committed rows dead missing missing_effects",
    "lag": "topic partition committed end lag",
    "data_quality": "alarm events last_event_id last_at",
    "pipeline": (
        "at newest_event_at freshness_seconds end_to_end_p50_seconds end_to_end_p95_seconds "
        "events_per_second lag "
        "dead_letters failed_effects unrecognized"
    ),
}

# One of everything, on two sites.
HISTORY: list[LifecycleRow] = [
    installed(at(0)),
    store_order("o1", "created", at(1), status="PENDING", sequence=1),
    store_order("o1", "approved", at(1, 1), paid="PAID", sequence=2, contact="c1"),
    shipments("o1", at(2), ("p1", at(2), {"1": 1}, "TRACK1"), sequence=1),
    shipments("o1", at(3), sequence=2),
    shipments("o1", at(4), ("p2", at(4), {"1": 1}, "TRACK2"), sequence=3),
    store_order("o2", "approved", at(2), paid="PAID", member="m1"),
    store_order("o2", "updated", at(2), paid="PAID", fulfilled="PARTIALLY_FULFILLED", member="m1"),
    store_order("o2", "canceled", at(5), status="CANCELED", contact="c1", member="m1"),
    store_order("o3", "approved", at(6), site=OTHER_SITE, currency="USD"),
    *stay("s1", at(2), at(20), cause="MEMBER_ACTION", contact="c1"),
    *stay("s2", at(20, 5), contact="c1"),
    *stay("s3", at(3), at(33), cause="PAYMENT_FAILURE", site=OTHER_SITE, plan="Silver"),
    subscription("s2", "paused", at(25), status="PAUSED", contact="c1", start=at(20, 5)),
    payment("t1", "s1", at(2)),
    payment("t1", "s1", at(8), status="REFUNDED"),
    due("k1", "s1", at(2)),
    outcome("k1", "s1", 1, "claimed", at(2, 0.1), event_at=at(2)),
    outcome("k1", "s1", 2, "done", at(2, 0.2), event_at=at(2), done_at=at(2, 0.2)),
    due("k2", "o1", at(2), flow="fulfillment", topic="store-orders"),
    outcome(
        "k2", "o1", 1, "suppressed", at(2, 0.1), event_at=at(2), flow="fulfillment", reason="policy_handover"
    ),
    due("k3", "s2", at(20)),
    dead_letter("payments", 0, 5, at(9)),
    unrecognized(at(10)),
]


def everything(ledger: Ledger, now: Any = NOW, **params: Any) -> dict[str, list[dict[str, Any]]]:
    """Every report of a version; `known_at` is left out, since it may differ."""
    ledger.publish(at=now)
    answers = {}
    for question in QUESTIONS.values():
        if question.reads_present:
            continue
        given = {**params, **({"order_id": "o1"} if question.name == "order_timeline" else {})}
        rows = ask(ledger, question.name, now=None, **given)
        answers[question.name] = [{k: v for k, v in row.items() if k != "known_at"} for row in rows]
    return answers


class TestContract:
    def test_every_report_has_exactly_its_columns(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)
        reports = Reports(ledger)

        for name, question in QUESTIONS.items():
            params = {"order_id": ["o1"]} if name == "order_timeline" else {}
            report = reports.run(name, params)

            assert report.table.column_names == COLUMNS[name].split(), name
            assert report.columns == question.columns

    def test_every_report_answers_an_empty_ledger(self, ledger: Ledger) -> None:
        answers = everything(ledger)

        assert answers["orders"] == answers["effect_log"] == answers["conservation"] == []

    def test_every_choice_of_every_report_is_answered(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)
        reports = Reports(ledger)

        for question in QUESTIONS.values():
            for parameter in question.parameters:
                for choice in parameter.choices:
                    given = {parameter.name: [choice], "order_id": ["o1"]}
                    known = {each.name for each in question.parameters}
                    reports.run(question.name, {key: given[key] for key in given if key in known})


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


class TestVersions:
    def test_a_version_keeps_its_answer_while_the_ledger_goes_on(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])
        before = ledger.publish(at=NOW).name
        tell(ledger, [store_order("o2", "approved", at(0))])
        after = ledger.publish(at=NOW).name

        assert len(ask(ledger, "orders", now=None, version=before)) == 1
        assert len(ask(ledger, "orders", now=None, version=after)) == 2
        assert len(ask(ledger, "orders", now=None)) == 2

    def test_two_are_kept_and_an_older_one_is_gone(self, ledger: Ledger) -> None:
        first = ledger.publish(at=NOW).name
        kept = [ledger.publish(at=NOW).name, ledger.publish(at=NOW).name]

        assert [version.name for version in ledger.versions()] == list(reversed(kept))
        with pytest.raises(VersionGone, match="ask without version= for the newest"):
            ask(ledger, "orders", now=None, version=first)

    def test_nothing_new_makes_no_new_version(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])
        first = ledger.publish()
        assert ledger.publish() is first

        tell(ledger, [store_order("o2", "approved", at(0))])

        assert ledger.publish().name != first.name

    def test_it_says_how_far_it_reaches(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))], known_at=at(1))

        version = ledger.publish()

        assert (version.data_through, version.known_through) == (at(0), at(1))


class TestAsOf:
    def test_gives_again_what_a_growing_history_gave(self, ledger: Ledger) -> None:
        """Recorded at four moments while rows arrive a day at a time; asked for again at the end."""
        recorded = {}
        ordered = sorted(HISTORY, key=lambda row: row.happened_at)
        for day in (3, 9, 21, 40):
            moment = at(day)
            tell(ledger, [row for row in ordered if row.happened_at < moment])
            recorded[moment] = everything(ledger, now=moment)
        tell(ledger, ordered, known_at=at(50))

        for moment, answers in recorded.items():
            again = everything(ledger, as_of=moment.isoformat())
            assert again == answers, moment

    def test_restated_events_count_from_when_the_new_mapping_was_known(self, ledger: Ledger) -> None:
        """Mapping 2 reads the same event differently; before day 5 nobody knew."""
        tell(ledger, [store_order("o1", "approved", at(0), event_id="e1")], known_at=at(0))
        restated = store_order("o1", "approved", at(0), event_id="e1", paid="PAID", mapping_version=2)
        tell(ledger, [restated], known_at=at(5))

        assert only(ask(ledger, "orders"))["payment_status"] == "PAID"
        assert only(ask(ledger, "orders", as_of=at(4).isoformat()))["payment_status"] == "NOT_PAID"

    def test_a_moment_that_has_not_come_is_now(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])

        assert only(ask(ledger, "orders", now=at(1), as_of=at(9).isoformat()))["age_hours"] == 24

    def test_ages_are_reckoned_then(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])

        assert only(ask(ledger, "orders", as_of=at(0, 6).isoformat()))["age_hours"] == 6


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Every report over the history told in order."""
    return told_to_a_new_ledger(tmp_path_factory.mktemp("ordered"), HISTORY)


def told_to_a_new_ledger(folder: Path, rows: Sequence[LifecycleRow]) -> dict[str, list[dict[str, Any]]]:
    ledger = open_ledger(folder / "ledger.duckdb")
    try:
        tell(ledger, rows)
        ledger.record_samples(NOW, [PartitionSample(topic="payments", partition=0, committed=6, end=6)])
        return everything(ledger)
    finally:
        ledger.close()


class TestOrderOfArrival:
    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(seed=st.integers(0, 10_000))
    def test_is_irrelevant_and_so_are_duplicates(
        self, seed: int, expected: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Any permutation and duplication of a history gives the same reports."""
        told = shuffled_and_doubled(HISTORY, seed)

        assert told_to_a_new_ledger(tmp_path_factory.mktemp("shuffled"), told) == expected

    def test_an_unrelated_site_changes_nothing_of_ours(self, ledger: Ledger) -> None:
        ours = [row for row in HISTORY if row.instance_id != OTHER_SITE]
        site = ours[0].instance_id
        tell(ledger, ours)
        alone = everything(ledger, site=site)

        tell(ledger, [row for row in HISTORY if row.instance_id == OTHER_SITE])

        assert everything(ledger, site=site) == alone


class TestIdentities:
    def test_hold_on_every_bucket(self, ledger: Ledger) -> None:
        """Stock and flow; causes sum to churned; due is the sum of what became of it."""
        tell(ledger, HISTORY)

        for kind in ("store", "subscription"):
            open_before = 0
            for row in ask(ledger, "order_flow", kind=kind):
                assert row["open_at_end"] == open_before + row["placed"] + row["reopened"] - row["closed"]
                open_before = row["open_at_end"]
        for row in ask(ledger, "churn"):
            causes = ("voluntary", "involuntary", "owner", "completed", "unknown")
            assert row["churned"] == sum(row[cause] for cause in causes)
        for row in ask(ledger, "effects", grain="day"):
            outcomes = ("done", "suppressed", "waiting", "failed", "open")
            assert row["due"] == sum(row[outcome] for outcome in outcomes)

    def test_a_split_period_adds_up(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)
        whole = {"start": at(0), "end": at(28)}
        halves = [{"start": at(0), "end": at(14)}, {"start": at(14), "end": at(14) + timedelta(days=14)}]

        def placed(period: dict[str, Any]) -> int:
            stamps = {key: moment.isoformat() for key, moment in period.items()}
            return sum(row["placed"] for row in ask(ledger, "order_flow", **stamps))

        assert placed(whole) == sum(placed(half) for half in halves) == 3
