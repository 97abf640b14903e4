"""Buying a plan on a site: who may, at which price, and what the order will be. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sandbox.wix_api.plans.birth import OrderType, Purchase
from sandbox.wix_api.plans.coupon import Code
from sandbox.wix_api.plans.plan import Plan
from sandbox.wix_api.plans.price import prices
from sandbox.wix_api.plans.term import Moment, whole
from sandbox.wix_api.refusal import invalid_field, refused
from sandbox.wix_api.tokens import Caller
from sandbox.wix_api.wire import Flag, Guid, JsonObject, Wire
from sandbox.wix_api.world import Site

# A clock that is a little behind ours asks for no start in the past.
_TOLERANCE = timedelta(minutes=1)


class OnBehalf(Wire):
    """For whom an app orders."""

    member_id: Guid | None = None
    order_method: Literal["UNKNOWN", "MOTO", "POS"] | None = None


class Chosen(Wire):
    """What every checkout call names: the plan, and perhaps a coupon."""

    plan_id: Guid
    coupon_code: Code | None = None


class OnlinePreviewRequest(Chosen):
    """Body of Get Online Order Preview."""

    start_date: Moment | None = None


class OfflinePreviewRequest(OnlinePreviewRequest):
    """Body of Get Offline Order Preview."""

    member_id: Guid


class OfflineRequest(OfflinePreviewRequest):
    """Body of Create Offline Order."""

    paid: Flag = False
    submission_id: Guid | None = None


class OnlineRequest(OnlinePreviewRequest):
    """Body of Create Online Order."""

    submission_id: Guid | None = None
    on_behalf: OnBehalf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The checkout of one site at one time."""

    site: Site
    now: datetime

    def plan(self, chosen: Chosen) -> Plan:
        """The plan that was chosen.

        Raises:
            Refusal: 404, or 428 where Pricing Plans isn't installed or taxes can't be told.
        """
        if not self.site.has_plans:
            raise refused(428, "PRICING_PLANS_NOT_INSTALLED", "Pricing Plans is not installed on this site")
        if self.site.missing_address:
            code = f"MISSING_BUSINESS_ADDRESS_{self.site.missing_address}"
            raise refused(428, code, "The business address lacks what taxes are told by")
        return self.site.plans.get(chosen.plan_id)

    def prices(self, plan: Plan, chosen: Chosen, *, member_id: str | None) -> list[JsonObject]:
        """What it costs.

        Raises:
            Refusal: 428 with one of the eight coupon errors.
        """
        coupon = self.site.coupons.redeemed(
            chosen.coupon_code,
            plan=plan,
            member_id=member_id,
            uses=self.site.plan_orders.coupon_uses(),
            now=self.now,
        )
        return prices(plan, coupon, self.site.tax)

    def offline(self, asked: OfflinePreviewRequest, *, is_paid: bool, submission: str | None) -> Purchase:
        """What the owner orders for a member.

        Raises:
            Refusal: 400 for a member who doesn't exist; see also `plan` and `prices`.
        """
        plan = self.plan(asked)
        if asked.member_id not in self.site.members:
            raise invalid_field("memberId", "member doesn't exist", rule_name="MEMBER_DOESNT_EXIST")
        return self._purchase(plan, asked, asked.member_id, "OFFLINE", is_paid, submission, None)

    def online(self, asked: OnlinePreviewRequest, member_id: str, behalf: OnBehalf | None) -> Purchase:
        """What a member orders.

        Raises:
            Refusal: for an archived plan, an unknown member or a start date that can't be chosen;
                see also `plan` and `prices`.
        """
        plan = self.plan(asked)
        if plan.archived:
            raise refused(428, "archived_plan", "The plan is archived", planId=plan.id)
        if member_id not in self.site.members:
            raise refused(404, "member_not_found", "The member doesn't exist", memberId=member_id)
        self._check_start(plan, asked.start_date)
        method = None if behalf is None else behalf.order_method
        if method == "POS" and plan.pricing.subscription is not None:
            raise invalid_field(
                "onBehalf.orderMethod", "recurring at a POS", rule_name="RECURRING_POS_UNSUPPORTED"
            )
        submission = asked.submission_id if isinstance(asked, OnlineRequest) else None
        return self._purchase(plan, asked, member_id, "ONLINE", False, submission, method)

    def limit_exceeded(self, purchase: Purchase) -> bool:
        """Whether the buyer had the plan as often as it may be bought."""
        most = purchase.plan.max_purchases_per_buyer
        return bool(most) and self._bought(purchase.plan, purchase.buyer["memberId"]) >= most

    def _check_start(self, plan: Plan, start: datetime | None) -> None:
        if start is None:
            return
        if start < self.now - _TOLERANCE:
            raise refused(428, "invalid_start_date", "The start date is in the past")
        if start > self.now + _TOLERANCE and not plan.allow_future_start_date:
            raise refused(
                428,
                "buyer_can_not_pick_future_start_date",
                "The plan starts when it is bought",
                planId=plan.id,
            )

    def _bought(self, plan: Plan, member_id: str) -> int:
        return self.site.plan_orders.purchases(plan_id=plan.id, member_id=member_id)

    def _purchase(
        self,
        plan: Plan,
        asked: OnlinePreviewRequest,
        member_id: str,
        kind: OrderType,
        is_paid: bool,
        submission: str | None,
        method: str | None,
    ) -> Purchase:
        contact_id = self.site.members.get(member_id).get("contactId", member_id)
        return Purchase(
            plan=plan,
            prices=self.prices(plan, asked, member_id=member_id),
            buyer={"memberId": member_id, "contactId": contact_id},
            type=kind,
            start=whole(asked.start_date or self.now),
            has_trial=not self._bought(plan, member_id),
            is_paid=is_paid,
            submission_id=submission,
            order_method=method,
        )


def buyer(caller: Caller, behalf: OnBehalf | None) -> str:
    """Who buys online: the member who calls, or the one for whom an app calls.

    Raises:
        Refusal: 400 or 403, nobody was named.
    """
    if caller.kind == "MEMBER":
        return caller.id
    if caller.kind == "VISITOR":
        raise refused(403, "MEMBER_REQUIRED", "Only members can buy plans")
    if behalf is None or behalf.member_id is None:
        raise invalid_field("onBehalf.memberId", "is required of an app", rule="REQUIRED_FIELD")
    return behalf.member_id
