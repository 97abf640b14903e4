"""New plan orders: how they begin, what Wix tells of it, their trials and their dates."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.wix_api.refusal import Refusal
from tests.sandbox.plan_site import (
    BORN,
    CONTACT,
    MEMBER,
    OTHER_MEMBER,
    START,
    PlanSite,
    a_running,
    iso,
    once,
    recurring,
    refusal,
    shown,
)


@pytest.fixture
def site() -> PlanSite:
    """A site that offers a monthly plan of twelve cycles."""
    site = PlanSite()
    site.offer()
    return site


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
