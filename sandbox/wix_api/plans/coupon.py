"""Coupons, and the eight ways in which Wix refuses one. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sandbox.wix_api.plans.plan import Amount, Plan
from sandbox.wix_api.plans.term import Moment
from sandbox.wix_api.refusal import Refusal, refused
from sandbox.wix_api.wire import Guid, Wire

Problem = Literal[
    "ERROR_COUPON_DOES_NOT_EXIST",
    "ERROR_COUPON_IS_DISABLED",
    "ERROR_COUPON_IS_NOT_ACTIVE_YET",
    "ERROR_COUPON_HAS_EXPIRED",
    "ERROR_COUPON_USAGE_EXCEEDED",
    "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED",
    "ERROR_COUPON_NOT_APPLICABLE_FOR_PLAN",
    "ERROR_INVALID_SUBTOTAL",
]

_WORDS: dict[Problem, str] = {
    "ERROR_COUPON_DOES_NOT_EXIST": "coupon does not exist",
    "ERROR_COUPON_IS_DISABLED": "coupon is disabled",
    "ERROR_COUPON_IS_NOT_ACTIVE_YET": "coupon is not active yet",
    "ERROR_COUPON_HAS_EXPIRED": "coupon has expired",
    "ERROR_COUPON_USAGE_EXCEEDED": "coupon usage limit is reached",
    "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED": "coupon limit of this customer is reached",
    "ERROR_COUPON_NOT_APPLICABLE_FOR_PLAN": "coupon is not applicable for this plan",
    "ERROR_INVALID_SUBTOTAL": "subtotal is too low for this coupon",
}

Code = Annotated[str, Field(min_length=1, max_length=20)]


class Coupon(Wire):
    """A coupon. It takes off money or a percentage; 0 `discountedCycleCount` means every cycle.

    Without `planIds` it is good for all plans; limits of 0 are none.
    """

    id: Guid
    code: Code
    money_off_amount: Amount | None = None
    percent_off_rate: Annotated[Decimal, Field(gt=0, le=100)] | None = None
    discounted_cycle_count: int = Field(default=0, ge=0)
    active: bool = True
    start_time: Moment | None = None
    expiration_time: Moment | None = None
    usage_limit: int = Field(default=0, ge=0)
    limit_per_customer: int = Field(default=0, ge=0)
    plan_ids: list[Guid] = Field(default_factory=list)
    minimum_subtotal: Amount = Decimal(0)

    @model_validator(mode="after")
    def _takes_off(self) -> Self:
        if (self.money_off_amount is None) == (self.percent_off_rate is None):
            raise ValueError("needs one of moneyOffAmount and percentOffRate")
        return self

    def off(self, price: Decimal) -> Decimal:
        """What it takes off a price: never more than the price."""
        if self.money_off_amount is not None:
            return min(self.money_off_amount, price)
        return price * (self.percent_off_rate or Decimal(0)) / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a coupon, by an order."""

    coupon_id: str
    member_id: str


class Coupons:
    """The coupons of one site; codes differ in case only on paper."""

    def __init__(self) -> None:
        self._coupons: dict[str, Coupon] = {}

    def upsert(self, coupon: Coupon) -> None:
        """Put a coupon in place of the one with its code."""
        self._coupons[coupon.code.lower()] = coupon

    def redeemed(
        self, code: str | None, *, plan: Plan, member_id: str | None, uses: Iterable[Use], now: datetime
    ) -> Coupon | None:
        """The coupon of a code, if there is a code; nobody's limit is looked at without a member.

        Raises:
            Refusal: 428 with one of the eight codes.
        """
        if code is None:
            return None
        coupon = self._coupons.get(code.lower())
        if coupon is None:
            raise _refusal("ERROR_COUPON_DOES_NOT_EXIST", code, plan)
        problem = _problem(coupon, plan, now) or _used_up(coupon, member_id, uses)
        if problem is not None:
            raise _refusal(problem, code, plan)
        return coupon


def _problem(coupon: Coupon, plan: Plan, now: datetime) -> Problem | None:
    if not coupon.active:
        return "ERROR_COUPON_IS_DISABLED"
    if coupon.start_time is not None and now < coupon.start_time:
        return "ERROR_COUPON_IS_NOT_ACTIVE_YET"
    if coupon.expiration_time is not None and now >= coupon.expiration_time:
        return "ERROR_COUPON_HAS_EXPIRED"
    if coupon.plan_ids and plan.id not in coupon.plan_ids:
        return "ERROR_COUPON_NOT_APPLICABLE_FOR_PLAN"
    if plan.is_free or plan.pricing.price.value < coupon.minimum_subtotal:
        return "ERROR_INVALID_SUBTOTAL"
    return None


def _used_up(coupon: Coupon, member_id: str | None, uses: Iterable[Use]) -> Problem | None:
    mine = [use for use in uses if use.coupon_id == coupon.id]
    if coupon.usage_limit and len(mine) >= coupon.usage_limit:
        return "ERROR_COUPON_USAGE_EXCEEDED"
    by_member = sum(use.member_id == member_id for use in mine)
    if coupon.limit_per_customer and member_id and by_member >= coupon.limit_per_customer:
        return "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED"
    return None


def _refusal(problem: Problem, code: str, plan: Plan) -> Refusal:
    return refused(428, problem, _WORDS[problem], couponCode=code, planId=plan.id)
