"""The life of plan orders: what each change does, what Wix tells of it, what it refuses, what time does."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.wix_api.refusal import Refusal
from tests.sandbox.plan_site import (
    BUYER,
    CONTACT,
    MEMBER,
    OTHER_BUYER,
    OTHER_MEMBER,
    START,
    PlanSite,
    once,
    recurring,
)

BORN = ["created", "purchased", "updated", "started"]


def iso(**after: float) -> str:
    return (START + timedelta(**after)).isoformat().replace("+00:00", "Z")


def shown(**after: float) -> str:
    return (START + timedelta(**after)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def site() -> PlanSite:
    """A site that offers a monthly plan of twelve cycles."""
    site = PlanSite()
    site.offer()
    return site


def a_running(site: PlanSite, pricing: dict[str, Any] | None = None, **asked: Any) -> str:
    """An active offline order; what was told of its making is forgotten."""
    order_id = str(site.buy(site.offer(7, pricing), **asked)["id"])
    site.heard()
    return order_id


def refusal(site: PlanSite, order_id: str, action: str, body: Any = None) -> str:
    """The words in which a change is refused; nothing was changed and nothing told."""
    before = site.order(order_id)
    site.heard()
    doing = {
        "postpone": lambda: site.postpone(order_id, body),
        "requestCancellation": lambda: site.request_cancellation(order_id, body),
        "pay": lambda: site.pay(order_id),
    }
    with pytest.raises(Refusal) as refused:
        doing.get(action, lambda: site.act(order_id, action, body))()
    assert refused.value.status == 428
    assert refused.value.body["details"]["applicationError"]["code"] == "FAILED_PRECONDITION"
    assert site.order(order_id) == before
    assert site.heard() == []
    return str(refused.value.body["message"])


class TestCreateOffline:
    def test_one_that_starts_now_is_active_and_unpaid(self, site: PlanSite) -> None:
        order = site.buy(site.offer())

        assert order["type"] == "OFFLINE"
        assert (order["status"], order["lastPaymentStatus"]) == ("ACTIVE", "UNPAID")
        assert order["buyer"] == {"memberId": MEMBER, "contactId": CONTACT}
        assert order["currentCycle"]["index"] == 1
        assert site.heard() == BORN

    def test_one_that_starts_later_waits_and_then_starts_without_a_new_cycle(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), startDate=iso(days=3), paid=True)

        assert (order["status"], order["lastPaymentStatus"]) == ("PENDING", "PAID")
        assert "currentCycle" not in order
        assert site.heard() == ["created", "purchased"]
        site.pass_time(days=3)
        assert site.order(order["id"])["status"] == "ACTIVE"
        assert site.heard() == ["updated", "started"]

    def test_one_in_the_past_is_in_the_cycle_in_which_it_would_be(self, site: PlanSite) -> None:
        order = site.buy(site.offer(2, recurring("WEEK", 0)), startDate=iso(weeks=-63))

        assert order["currentCycle"]["index"] == 64
        assert order["startDate"] == shown(weeks=-63)
        assert site.heard() == BORN

    def test_a_free_one_has_nothing_to_pay(self, site: PlanSite) -> None:
        order = site.buy(site.offer(2, recurring("MONTH", 0, value="0")), paid=True)

        assert order["lastPaymentStatus"] == "NOT_APPLICABLE"
        assert "wixPayOrderId" not in order
        assert order["pricing"]["prices"][0]["price"]["total"] == "0"

    def test_the_purchase_limit_is_told_by_the_preview_and_stops_nobody(self, site: PlanSite) -> None:
        plan = site.offer(maxPurchasesPerBuyer=1)
        site.buy(plan)
        preview = site.call(
            "POST", "/pricing-plans/v2/checkout/orders/preview-offline", {"planId": plan, "memberId": MEMBER}
        )

        assert preview["purchaseLimitExceeded"] is True
        assert site.buy(plan)["status"] == "ACTIVE"

    def test_a_member_who_does_not_exist_is_refused_by_rule(self, site: PlanSite) -> None:
        with pytest.raises(Refusal) as refused:
            site.buy(site.offer(), memberId="00000000-0000-4000-8000-00000000dead")

        [violation] = refused.value.body["details"]["validationError"]["fieldViolations"]
        assert refused.value.status == 400
        assert violation["ruleName"] == "MEMBER_DOESNT_EXIST"

    def test_changing_a_plan_leaves_orders_as_they_were_bought(self, site: PlanSite) -> None:
        order = site.buy(site.offer())
        site.offer(1, recurring("YEAR", 1, value="99"), name="Gold")

        assert site.order(order["id"]) == order


class TestCreateOnline:
    def test_it_is_a_draft_until_it_is_paid(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), online=True)

        assert (order["type"], order["status"], order["lastPaymentStatus"]) == ("ONLINE", "DRAFT", "UNPAID")
        assert order["wixPayOrderId"]
        assert site.heard() == ["created"]
        site.pay(order["id"])
        paid = site.order(order["id"])
        assert (paid["status"], paid["lastPaymentStatus"]) == ("ACTIVE", "PAID")
        assert site.heard() == ["payment:APPROVED", "updated", "purchased", "started", "cycle_started"]

    def test_paid_before_its_start_it_waits(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), online=True, startDate=iso(days=3))
        site.heard()
        site.pay(order["id"])

        assert site.order(order["id"])["status"] == "PENDING"
        assert site.heard() == ["payment:APPROVED", "updated", "purchased"]
        site.pass_time(days=3)
        assert site.order(order["id"])["status"] == "ACTIVE"
        assert site.heard() == ["updated", "started", "cycle_started"]

    def test_a_free_one_is_active_at_once(self, site: PlanSite) -> None:
        order = site.buy(site.offer(2, once(None, value="0")), online=True)

        assert (order["status"], order["lastPaymentStatus"]) == ("ACTIVE", "NOT_APPLICABLE")
        assert site.heard() == BORN

    def test_a_refused_payment_leaves_the_draft(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), online=True)
        site.heard()
        site.pay(order["id"], succeeds=False)

        assert site.order(order["id"]) == order
        assert site.heard() == ["payment:DECLINED"]

    def test_it_is_paid_once(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), online=True)
        site.pay(order["id"])

        assert "waits for no payment" in refusal(site, order["id"], "pay")

    def test_the_start_of_a_draft_can_be_moved(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), online=True)
        site.heard()
        site.change_start(order["id"], START + timedelta(days=10))
        moved = site.order(order["id"])

        assert moved["startDate"] == shown(days=10)
        assert moved["endDate"] == "2027-02-10T12:00:00.000Z"
        assert site.heard() == ["updated", "start_date_changed"]

    @pytest.mark.parametrize(
        ("plan", "asked", "status", "code"),
        [
            ({"archived": True}, {}, 428, "archived_plan"),
            ({"maxPurchasesPerBuyer": 1}, {}, 428, "purchases_limit_reached"),
            (
                {"allowFutureStartDate": False},
                {"startDate": iso(days=1)},
                428,
                "buyer_can_not_pick_future_start_date",
            ),
            ({}, {"startDate": iso(days=-1)}, 428, "invalid_start_date"),
        ],
    )
    def test_what_a_buyer_may_not(
        self, site: PlanSite, plan: dict[str, Any], asked: dict[str, Any], status: int, code: str
    ) -> None:
        site.buy(site.offer())
        site.heard()
        with pytest.raises(Refusal) as refused:
            site.buy(site.offer(**plan), online=True, **asked)

        assert refused.value.status == status
        assert refused.value.body["details"]["applicationError"]["code"] == code
        assert site.heard() == []


class TestTrial:
    def test_only_the_first_purchase_of_a_plan_has_one(self, site: PlanSite) -> None:
        plan = site.offer(2, recurring("MONTH", 2, trial=14))
        first, second = site.buy(plan), site.buy(plan)

        assert first["freeTrialDays"] == 14
        assert first["currentCycle"]["index"] == 0
        assert "freeTrialDays" not in second
        assert second["currentCycle"]["index"] == 1
        of_another = site.buy(plan, memberId=OTHER_MEMBER)
        assert of_another["freeTrialDays"] == 14

    def test_it_is_charged_when_it_is_over(self, site: PlanSite) -> None:
        order = site.buy(site.offer(2, recurring("MONTH", 0, trial=14)), online=True)
        site.heard()
        site.pay(order["id"])
        assert site.order(order["id"])["lastPaymentStatus"] == "PENDING"
        assert site.heard() == ["updated", "purchased", "started", "cycle_started"]

        site.pass_time(days=14)

        billed = site.order(order["id"])
        assert (billed["lastPaymentStatus"], billed["currentCycle"]["index"]) == ("PAID", 1)
        assert site.heard() == ["payment:APPROVED", "updated", "cycle_started"]

    def test_a_buyer_who_cancels_has_it_to_its_end(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("MONTH", 0, trial=14))
        site.request_cancellation(order_id, "IMMEDIATELY")
        order = site.order(order_id)

        assert (order["status"], order["autoRenewCanceled"]) == ("ACTIVE", True)
        assert order["endDate"] == shown(days=14)
        assert site.heard() == ["updated", "auto_renew_canceled"]
        site.pass_time(days=14)
        assert site.order(order_id)["status"] == "CANCELED"
        assert site.heard() == ["updated", "canceled", "ended"]

    def test_an_owner_who_cancels_immediately_ends_it(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("MONTH", 0, trial=14))
        site.act(order_id, "cancel", {"effectiveAt": "IMMEDIATELY"})

        assert site.order(order_id)["endDate"] == shown()
        assert site.heard() == ["updated", "canceled", "ended"]

    def test_it_cannot_be_paused(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("MONTH", 0, trial=14))

        assert "free trial" in refusal(site, order_id, "pause")


class TestDates:
    """`shown` dates; the order starts on the last of January."""

    @pytest.mark.parametrize(
        ("pricing", "end"),
        [
            (recurring("DAY", 3), "2026-02-03T12:00:00.000Z"),
            (recurring("WEEK", 3), "2026-02-21T12:00:00.000Z"),
            # February has no 31st, and March has again.
            (recurring("MONTH", 1), "2026-02-28T12:00:00.000Z"),
            (recurring("MONTH", 2), "2026-03-31T12:00:00.000Z"),
            (recurring("YEAR", 2), "2028-01-31T12:00:00.000Z"),
            # Trial first, then months from there.
            (recurring("MONTH", 1, trial=29), "2026-04-01T12:00:00.000Z"),
            (once("MONTH", 3), "2026-04-30T12:00:00.000Z"),
            (recurring("MONTH", 0), None),
            (once(None), None),
        ],
    )
    def test_the_end(self, site: PlanSite, pricing: dict[str, Any], end: str | None) -> None:
        order = site.buy(site.offer(2, pricing))

        assert order.get("endDate") == end
        assert order.get("earliestEndDate") == end

    def test_cycles_follow_one_another_from_the_first_day(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("MONTH", 0))
        site.pass_time(days=90)

        starts = [cycle["startedDate"][:10] for cycle in site.order(order_id)["cycles"]]
        assert starts == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]

    def test_two_thousand_years_are_no_trouble(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("YEAR", 2000))
        site.act(order_id, "pause")
        site.pass_time(days=1)
        site.act(order_id, "resume")

        assert site.order(order_id)["endDate"] == "4026-02-01T12:00:00.000Z"

    def test_a_leap_day_comes_back_after_four_years(self, site: PlanSite) -> None:
        site.pass_time(days=759)
        order_id = a_running(site, recurring("YEAR", 0))
        site.pass_time(days=4 * 365 + 1)

        starts = [cycle["startedDate"][:10] for cycle in site.order(order_id)["cycles"]]
        assert starts == ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


class TestTime:
    def test_each_cycle_is_told_at_its_time(self, site: PlanSite) -> None:
        a_running(site, recurring("WEEK", 0))
        site.pass_time(weeks=2)

        times = [event.body["eventTime"] for event in site.told]
        numbers = [
            event.body["actionEvent"]["body"]["cycleNumber"]
            for event in site.told
            if event.event_type.endswith("cycle_started")
        ]
        assert times == [shown(weeks=1)] * 2 + [shown(weeks=2)] * 2
        assert numbers == [2, 3]
        assert site.heard() == ["updated", "cycle_started"] * 2

    def test_after_the_last_cycle_it_has_ended(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("DAY", 2))
        site.pass_time(days=2)
        order = site.order(order_id)

        assert order["status"] == "ENDED"
        assert "currentCycle" not in order
        assert site.heard() == ["updated", "cycle_started", "updated", "ended"]

    def test_a_plan_for_a_time_ends_after_it(self, site: PlanSite) -> None:
        order_id = a_running(site, once("WEEK", 2))
        site.pass_time(weeks=2)

        assert site.order(order_id)["status"] == "ENDED"
        assert site.heard() == ["updated", "ended"]

    def test_a_plan_for_ever_goes_on(self, site: PlanSite) -> None:
        order_id = a_running(site, once(None))
        site.pass_time(days=36500)

        assert site.order(order_id)["status"] == "ACTIVE"
        assert site.heard() == []

    def test_an_order_from_elsewhere_stands_still_unless_it_is_said_to_live(self, site: PlanSite) -> None:
        order = site.buy(site.offer(3, recurring("DAY", 1)))
        still, living = ({**order, "id": f"00000000-0000-4000-8000-0000000000b{n}"} for n in (1, 2))
        site.seed(planOrders=[{"order": still}, {"order": living, "lives": True}])
        site.pass_time(days=5)

        assert site.order(still["id"]) == still
        assert site.order(living["id"])["status"] == "ENDED"


class TestCancel:
    def test_immediately_ends_it_now(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("MONTH", 12))
        site.pass_time(days=3)
        site.act(order_id, "cancel", {"effectiveAt": "IMMEDIATELY"})
        order = site.order(order_id)

        assert (order["status"], order["endDate"]) == ("CANCELED", shown(days=3))
        assert order["cycles"][-1]["endedDate"] == shown(days=3)
        assert "currentCycle" not in order
        assert order["cancellation"] == {
            "requestedDate": shown(days=3),
            "cause": "OWNER_ACTION",
            "effectiveAt": "IMMEDIATELY",
        }
        assert site.heard() == ["updated", "canceled", "ended"]

    def test_at_the_next_payment_it_runs_to_the_end_of_the_cycle(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("MONTH", 12))
        site.act(order_id, "cancel", {"effectiveAt": "NEXT_PAYMENT_DATE"})
        order = site.order(order_id)

        assert (order["status"], order["autoRenewCanceled"]) == ("ACTIVE", True)
        assert order["endDate"] == "2026-02-28T12:00:00.000Z"
        assert order["earliestEndDate"] == "2027-01-31T12:00:00.000Z"
        assert site.heard() == ["updated", "auto_renew_canceled"]
        site.pass_time(days=28)
        assert site.order(order_id)["status"] == "CANCELED"
        assert site.heard() == ["updated", "canceled", "ended"]

    @pytest.mark.parametrize("pricing", [once("MONTH"), once(None)])
    def test_what_is_paid_once_can_only_be_canceled_immediately(
        self, site: PlanSite, pricing: dict[str, Any]
    ) -> None:
        order_id = a_running(site, pricing)
        body = {"effectiveAt": "NEXT_PAYMENT_DATE"}

        assert "paid once" in refusal(site, order_id, "cancel", body)
        site.act(order_id, "cancel", {"effectiveAt": "IMMEDIATELY"})
        assert "autoRenewCanceled" not in site.order(order_id)

    def test_not_twice(self, site: PlanSite) -> None:
        order_id = a_running(site)
        site.act(order_id, "cancel", {"effectiveAt": "NEXT_PAYMENT_DATE"})
        refused = refusal(site, order_id, "cancel", {"effectiveAt": "NEXT_PAYMENT_DATE"})

        assert "already" in refused
        site.act(order_id, "cancel", {"effectiveAt": "IMMEDIATELY"})
        assert "over" in refusal(site, order_id, "cancel", {"effectiveAt": "IMMEDIATELY"})

    def test_a_paused_one_can_be_canceled_immediately_only(self, site: PlanSite) -> None:
        order_id = a_running(site)
        site.act(order_id, "pause")

        assert "active" in refusal(site, order_id, "cancel", {"effectiveAt": "NEXT_PAYMENT_DATE"})
        site.act(order_id, "cancel", {"effectiveAt": "IMMEDIATELY"})
        assert site.order(order_id)["pausePeriods"][-1]["status"] == "ENDED"


class TestRequestCancellation:
    def test_an_immediate_one_takes_a_moment(self, site: PlanSite) -> None:
        order_id = a_running(site)
        site.request_cancellation(order_id, "IMMEDIATELY")

        assert site.order(order_id)["status"] == "ACTIVE"
        assert site.heard() == ["updated"]
        site.pass_time(seconds=1)
        order = site.order(order_id)
        assert (order["status"], order["cancellation"]["cause"]) == ("CANCELED", "MEMBER_ACTION")
        assert site.heard() == ["canceled", "ended"]

    def test_an_order_from_elsewhere_is_canceled_too(self, site: PlanSite) -> None:
        order = {**site.buy(site.offer()), "id": "00000000-0000-4000-8000-0000000000b1"}
        site.seed(planOrders=[{"order": order}])
        site.request_cancellation(order["id"], "IMMEDIATELY")
        site.pass_time(seconds=1)

        assert site.order(order["id"])["status"] == "CANCELED"

    def test_at_the_next_payment(self, site: PlanSite) -> None:
        order_id = a_running(site)
        site.request_cancellation(order_id, "NEXT_PAYMENT_DATE")

        assert site.order(order_id)["cancellation"]["cause"] == "MEMBER_ACTION"
        assert site.heard() == ["updated", "auto_renew_canceled"]

    def test_only_the_buyer_may(self, site: PlanSite) -> None:
        order_id = a_running(site)
        with pytest.raises(Refusal) as refused:
            site.request_cancellation(order_id, "IMMEDIATELY", caller=OTHER_BUYER)

        assert refused.value.status == 404

    def test_not_where_the_plan_forbids_it_nor_twice(self, site: PlanSite) -> None:
        forbidden = str(site.buy(site.offer(2, buyerCanCancel=False))["id"])
        order_id = a_running(site)
        site.request_cancellation(order_id, "IMMEDIATELY")

        assert "Buyers can't" in refusal(site, forbidden, "requestCancellation", "IMMEDIATELY")
        assert "under way" in refusal(site, order_id, "requestCancellation", "IMMEDIATELY")


class TestPause:
    def test_the_end_moves_when_it_is_resumed_by_as_long_as_it_was_paused(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("MONTH", 2))
        site.pass_time(days=10)
        site.act(order_id, "pause")
        paused = site.order(order_id)
        assert paused["status"] == "PAUSED"
        assert paused["endDate"] == "2026-03-31T12:00:00.000Z"
        assert paused["pausePeriods"] == [{"status": "ACTIVE", "pauseDate": shown(days=10)}]
        assert site.heard() == ["updated", "paused"]
        site.pass_time(days=100)
        assert site.heard() == []
        site.act(order_id, "resume")

        order = site.order(order_id)
        assert order["status"] == "ACTIVE"
        assert order["endDate"] == order["earliestEndDate"] == "2026-07-09T12:00:00.000Z"
        assert order["currentCycle"]["endedDate"] == "2026-06-08T12:00:00.000Z"
        assert order["pausePeriods"] == [
            {"status": "ENDED", "pauseDate": shown(days=10), "resumeDate": shown(days=110)}
        ]
        assert site.heard() == ["updated", "resumed"]
        site.pass_time(days=18)
        assert site.order(order_id)["currentCycle"] == {
            "index": 2,
            "startedDate": "2026-06-08T12:00:00.000Z",
            "endedDate": "2026-07-09T12:00:00.000Z",
        }

    def test_only_an_active_order_can_be_paused_and_only_a_paused_one_resumed(self, site: PlanSite) -> None:
        order_id = a_running(site)

        assert "paused orders" in refusal(site, order_id, "resume")
        site.act(order_id, "pause")
        assert "active orders" in refusal(site, order_id, "pause")
        draft = str(site.buy(site.offer(), online=True)["id"])
        assert "active orders" in refusal(site, draft, "pause")

    def test_not_while_its_payment_is_pending(self, site: PlanSite) -> None:
        order = {**site.buy(site.offer()), "lastPaymentStatus": "PENDING"}
        site.seed(planOrders=[{"order": order}])

        assert "pending" in refusal(site, order["id"], "pause")


class TestPostpone:
    def test_the_order_ends_later_and_is_paid_for_as_before(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("DAY", 2))
        site.postpone(order_id, iso(days=9))

        order = site.order(order_id)
        assert (order["endDate"], order["earliestEndDate"]) == (shown(days=9), shown(days=2))
        assert site.heard() == ["updated", "end_date_postponed"]
        site.pass_time(days=8)
        assert site.order(order_id)["status"] == "ACTIVE"
        assert site.heard() == ["updated", "cycle_started"]
        site.pass_time(days=1)
        assert site.order(order_id)["status"] == "ENDED"
        assert site.heard() == ["updated", "ended"]

    def test_never_earlier_nor_to_the_same_moment(self, site: PlanSite) -> None:
        order_id = a_running(site, recurring("DAY", 2))

        assert "later" in refusal(site, order_id, "postpone", iso(days=2))
        assert "later" in refusal(site, order_id, "postpone", iso(days=1))

    @pytest.mark.parametrize("pricing", [recurring("DAY", 0), once(None)])
    def test_an_unlimited_order_has_no_end_to_postpone(self, site: PlanSite, pricing: dict[str, Any]) -> None:
        assert "no end date" in refusal(site, a_running(site, pricing), "postpone", iso(days=900))

    def test_not_while_it_is_paused(self, site: PlanSite) -> None:
        order_id = a_running(site)
        site.act(order_id, "pause")

        assert "paused" in refusal(site, order_id, "postpone", iso(days=900))


class TestMarkAsPaid:
    def test_an_offline_order_once(self, site: PlanSite) -> None:
        order_id = a_running(site)
        site.act(order_id, "mark-as-paid")

        assert site.order(order_id)["lastPaymentStatus"] == "PAID"
        assert site.heard() == ["updated", "marked_as_paid"]
        assert "paid already" in refusal(site, order_id, "mark-as-paid")

    def test_one_that_has_not_started_stays_so(self, site: PlanSite) -> None:
        order_id = a_running(site, startDate=iso(days=3))
        site.act(order_id, "mark-as-paid")

        assert site.order(order_id)["status"] == "PENDING"

    def test_no_free_one(self, site: PlanSite) -> None:
        order_id = a_running(site, once(None, value="0"))

        assert "paid already" in refusal(site, order_id, "mark-as-paid")

    def test_no_online_one(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), online=True)

        assert "offline" in refusal(site, order["id"], "mark-as-paid")


class TestPayments:
    def test_a_renewal_that_the_bank_refuses(self, site: PlanSite) -> None:
        order = site.buy(site.offer(2, recurring("MONTH", 0)), online=True)
        site.pay(order["id"])
        site.heard()
        site.pay(order["id"], succeeds=False)

        assert site.order(order["id"])["lastPaymentStatus"] == "FAILED"
        assert site.heard() == ["payment:DECLINED", "updated"]

    def test_a_renewal_that_was_refused_may_be_paid_after_all(self, site: PlanSite) -> None:
        order = site.buy(site.offer(2, recurring("MONTH", 0)), online=True)
        site.pay(order["id"])
        site.pay(order["id"], succeeds=False)
        site.heard()
        site.pay(order["id"])

        assert site.order(order["id"])["lastPaymentStatus"] == "PAID"
        assert site.heard() == ["payment:APPROVED", "updated"]

    def test_a_payment_names_order_amount_and_cycle(self, site: PlanSite) -> None:
        order = site.buy(site.offer(2, recurring("MONTH", 0, value="15.50")), online=True)
        site.pay(order["id"])
        site.pass_time(days=28)

        payments = [event.body for event in site.told if "wixAppId" in event.body]
        transactions = [one["transactionStatusChangedEvent"]["transaction"] for one in payments]
        orders = {one["transactionStatusChangedEvent"]["order"]["wixAppOrderId"] for one in payments}
        assert orders == {order["id"]}
        assert {one["wixAppId"] for one in payments} == {"1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"}
        assert [one["amount"] for one in transactions] == [{"amount": 15.5, "currency": "EUR"}] * 2
        assert [one["recurringPaymentDetails"]["cycleNumber"] for one in transactions] == [1, 2]
        assert len({one["id"] for one in transactions}) == 2


class TestEvents:
    def test_they_say_who_did_it_and_count_on(self, site: PlanSite) -> None:
        order = site.buy(site.offer(), online=True)
        site.pay(order["id"])
        site.act(order["id"], "pause")

        told = [event for event in site.told if "entityFqdn" in event.body]
        sequences = [int(event.body["entityEventSequence"]) for event in told]
        assert sequences == sorted(set(sequences))
        assert told[0].identity == BUYER.identity == {"identityType": "MEMBER", "memberId": MEMBER}
        assert told[-1].identity == {"identityType": "APP", "appId": "sandbox-app"}
        assert {event.body["entityId"] for event in told} == {order["id"]}
        assert len({event.body["id"] for event in told}) == len(told)

    def test_each_carries_the_order_as_it_is_after_the_change(self, site: PlanSite) -> None:
        order_id = a_running(site)
        site.act(order_id, "pause")
        updated, paused = (event.body for event in site.told)

        assert updated["updatedEvent"]["currentEntity"] == site.order(order_id)
        assert paused["actionEvent"]["body"] == {"order": site.order(order_id)}
