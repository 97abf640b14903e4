"""Plans as the owner of a site offers them. No I/O."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from sandbox.wix_api.plans.term import Duration
from sandbox.wix_api.refusal import not_found
from sandbox.wix_api.wire import Guid, JsonObject, Wire

Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class Price(Wire):
    """Money: a decimal and its currency."""

    value: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"


class Cycles(Wire):
    """A plan that renews itself: 0 cycles are until canceled."""

    cycle_duration: Duration
    cycle_count: int = Field(default=0, ge=0, le=2000)


class PlanPricing(Wire):
    """One of three models, with its price and, for subscriptions only, a trial."""

    subscription: Cycles | None = None
    single_payment_for_duration: Duration | None = None
    single_payment_unlimited: bool | None = None
    price: Price
    free_trial_days: int | None = Field(default=None, ge=1, le=999)

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        models = (self.subscription, self.single_payment_for_duration, self.single_payment_unlimited or None)
        if sum(model is not None for model in models) != 1:
            raise ValueError("needs one of subscription, singlePaymentForDuration and singlePaymentUnlimited")
        if self.free_trial_days and self.subscription is None:
            raise ValueError("freeTrialDays are for subscriptions only")
        return self

    def model(self) -> JsonObject:
        """The model as an order shows it."""
        chosen = self.model_dump(by_alias=True, exclude={"price", "free_trial_days"}, mode="json")
        return {name: value for name, value in chosen.items() if value}


class Plan(Wire):
    """A plan. `maxPurchasesPerBuyer` 0 is without limit."""

    id: Guid
    name: str = "Studio Pass"
    description: str = ""
    pricing: PlanPricing
    max_purchases_per_buyer: int = Field(default=0, ge=0)
    allow_future_start_date: bool = True
    buyer_can_cancel: bool = True
    archived: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing by itself."""
        return not self.pricing.price.value

    @property
    def cycles(self) -> int | None:
        """How many cycles an order has; None until canceled."""
        return 1 if self.pricing.subscription is None else self.pricing.subscription.cycle_count or None

    @property
    def cycle(self) -> Duration | None:
        """How long a cycle is; None without end."""
        subscription = self.pricing.subscription
        return (
            self.pricing.single_payment_for_duration if subscription is None else subscription.cycle_duration
        )


class Plans:
    """The plans of one site."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}

    def upsert(self, plan: Plan) -> None:
        """Put a plan in place of the one with its id; orders keep what they were bought with."""
        self._plans[plan.id] = plan

    def find(self, plan_id: str) -> Plan | None:
        """A plan, if there is one of that id."""
        return self._plans.get(plan_id)

    def get(self, plan_id: str) -> Plan:
        """A plan.

        Raises:
            Refusal: 404.
        """
        if plan_id not in self._plans:
            raise not_found("Plan", plan_id)
        return self._plans[plan_id]
