"""Whether a member may buy a plan, and would get its free trial."""

from dataclasses import dataclass

from streams.wix import plan_checkout, plan_orders
from streams.wix.client import WixClient
from streams.wix.order_query import OrderQuery
from streams.wix.plan_checkout import Purchase

# An order that nobody has paid yet is no purchase.
DRAFT = "DRAFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """`trial_days` is what this member would get, 0 for none; `earlier` are their orders of the plan."""

    may_buy: bool
    trial_days: int
    earlier: int


async def ask(wix: WixClient, site: str, plan_id: str, member_id: str) -> Eligibility:
    """Ask Wix for a preview, and for the member's earlier orders of the plan."""
    preview = await plan_checkout.preview_offline_order(
        wix, site, Purchase(plan_id=plan_id), member_id=member_id
    )
    query = OrderQuery(buyer_ids=(member_id,), plan_ids=(plan_id,))
    orders = [order async for order in plan_orders.list_orders(wix, site, query)]
    earlier = sum(order.status != DRAFT for order in orders)
    return Eligibility(
        may_buy=not preview.is_limit_exceeded,
        trial_days=0 if earlier else preview.order.trial_days or 0,
        earlier=earlier,
    )
