"""What is seeded becomes sites with orders and people on them, each put in place by its id."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from sandbox.wix_api.business import Business
from sandbox.wix_api.plans.coupon import Coupon
from sandbox.wix_api.plans.order import PlanOrder
from sandbox.wix_api.plans.passing import due
from sandbox.wix_api.plans.plan import Plan
from sandbox.wix_api.plans.price import Tax
from sandbox.wix_api.subscriptions import Subscription
from sandbox.wix_api.wire import Guid, JsonObject, Wire, guid
from sandbox.wix_api.world import Site, World


def _with_id(entity: JsonObject) -> JsonObject:
    return {**entity, "id": guid(str(entity.get("id")))}


Entity = Annotated[JsonObject, AfterValidator(_with_id)]


class _OnSite(Wire):
    instance_id: Guid


class _Site(_OnSite):
    """`denied` lists permission ids that the app lacks; `installed` false ends its tokens.

    `tax` null is no tax. `missingAddress` is what the business address lacks, `hasPlans` false
    is a site without Pricing Plans.
    """

    name: str | None = None
    denied: frozenset[str] | None = None
    installed: bool | None = None
    tax: Tax | None = None
    missing_address: Literal["COUNTRY", "STATE"] | None = None
    has_plans: bool | None = None
    business: Business | None = None


class _Order(_OnSite):
    order: Entity


class _PlanOrder(_Order):
    """`lives` true has it go on as time passes; else it changes only when it is called for."""

    lives: bool = False

    @field_validator("order")
    @classmethod
    def _parts_are_objects(cls, order: JsonObject) -> JsonObject:
        """The parts that later answers look into; a slip here would show only there."""
        for part in ("buyer", "pricing", "formData"):
            if not isinstance(order.get(part, {}), dict):
                raise ValueError(f"{part} is no object")
        return order

    @model_validator(mode="after")
    def _alive(self) -> Self:
        if self.lives:
            _check_dates(PlanOrder(shown=self.order, lives=True))
        return self


class _Plan(_OnSite):
    plan: Plan


class _Coupon(_OnSite):
    coupon: Coupon


class _Member(_OnSite):
    member: Entity


class _Contact(_OnSite):
    contact: Entity
    merged_from: list[Guid] = Field(default_factory=list)


class _Subscription(_OnSite, Subscription):
    pass


class _Fulfillments(_OnSite):
    order_id: Guid
    fulfillments: list[Entity]


class Seed(Wire):
    """Body of `POST /admin/seed`."""

    sites: list[_Site] = Field(default_factory=list)
    plans: list[_Plan] = Field(default_factory=list)
    coupons: list[_Coupon] = Field(default_factory=list)
    plan_orders: list[_PlanOrder] = Field(default_factory=list)
    store_orders: list[_Order] = Field(default_factory=list)
    fulfillments: list[_Fulfillments] = Field(default_factory=list)
    members: list[_Member] = Field(default_factory=list)
    contacts: list[_Contact] = Field(default_factory=list)
    subscriptions: list[_Subscription] = Field(default_factory=list)


def _check_dates(order: PlanOrder) -> None:
    try:
        due(order)
        _ = order.term.end, order.end, order.cycle_end, order.paused_for
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"can't live: its dates or its pricing can't be read ({error})") from error


def sow(world: World, seed: Seed) -> None:
    """Put everything in its place; no event is told, since nothing of it happened at Wix."""
    for site in seed.sites:
        _describe(world.site(site.instance_id), site)
    for offered in seed.plans:
        world.site(offered.instance_id).plans.upsert(offered.plan)
    for one in seed.coupons:
        world.site(one.instance_id).coupons.upsert(one.coupon)
    for plan in seed.plan_orders:
        world.site(plan.instance_id).plan_orders.upsert(plan.order, lives=plan.lives)
    for made in seed.fulfillments:
        world.site(made.instance_id).fulfillments.put(made.order_id, made.fulfillments)
    for store in seed.store_orders:
        _put_store_order(world.site(store.instance_id), store.order)
    _people(world, seed)


def _people(world: World, seed: Seed) -> None:
    for one in seed.members:
        world.site(one.instance_id).members.upsert(one.member)
    for other in seed.contacts:
        world.site(other.instance_id).contacts.upsert(other.contact, merged_from=other.merged_from)
    for each in seed.subscriptions:
        wanted = Subscription.model_validate(each.model_dump(exclude={"instance_id"}))
        world.site(each.instance_id).subscriptions.upsert(wanted)


def _describe(site: Site, said: _Site) -> None:
    for name in said.model_fields_set - {"instance_id"}:
        value = getattr(said, name)
        if value is not None or name in ("tax", "missing_address"):
            setattr(site, name, value)


def _put_store_order(site: Site, order: JsonObject) -> None:
    # What was shipped here stays shipped, whatever status the order is seeded with again.
    if site.fulfillments.of(order["id"])["fulfillments"]:
        order = {**order, "fulfillmentStatus": site.fulfillments.status(order)}
    site.store_orders.upsert(order)
