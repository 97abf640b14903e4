"""The life of running plan orders: what each change does, what Wix tells of it, what it refuses."""

from typing import Any

import pytest

from sandbox.wix_api.refusal import Refusal
from tests.sandbox.plan_site import (
    BUYER,
    MEMBER,
    OTHER_BUYER,
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
