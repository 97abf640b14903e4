"""Whatever is shipped, changed and taken back, in whatever order: units, numbers and statuses add up."""

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sandbox.wix_api.refusal import Refusal
from tests.sandbox.plan_site import PlanSite

ORDER = "11111111-1111-4111-8111-111111111111"
LINES = {"00000000-0000-0000-0000-000000000001": 3, "00000000-0000-0000-0000-000000000002": 1}
NOBODYS_LINE = "00000000-0000-0000-0000-000000000009"
ROOT = "/ecom/v1/fulfillments"
NUMBERS = st.sampled_from([None, "A", "B", "C"])


class Shipping(RuleBasedStateMachine):
    """Fulfillments of one order, legal and illegal."""

    @initialize()
    def place_the_order(self) -> None:
        self.site = PlanSite()
        lines = [{"id": line, "quantity": units} for line, units in LINES.items()]
        order = {"id": ORDER, "status": "APPROVED", "lineItems": lines, "shippingInfo": {}}
        self.site.seed(storeOrders=[{"order": {**order, "fulfillmentStatus": "NOT_FULFILLED"}}])

    @rule(
        lines=st.lists(
            st.tuples(
                st.sampled_from([*LINES, NOBODYS_LINE]),
                st.one_of(st.none(), st.integers(min_value=1, max_value=4)),
            ),
            max_size=3,
        ),
        number=NUMBERS,
    )
    def create(self, lines: list[tuple[str, int | None]], number: str | None) -> None:
        items = [{"id": line, **({"quantity": units} if units else {})} for line, units in lines]
        body = {"fulfillment": {"lineItems": items, **_tracked(number)}}
        self._do("POST", f"{ROOT}/orders/{ORDER}/create-fulfillment", body)

    @rule(place=st.integers(min_value=0, max_value=3), number=NUMBERS)
    def update(self, place: int, number: str | None) -> None:
        body = {"fulfillment": {"status": "Ready", **_tracked(number)}}
        self._do("PATCH", f"{ROOT}/{self._one(place)}/orders/{ORDER}", body)

    @rule(place=st.integers(min_value=0, max_value=3))
    def delete(self, place: int) -> None:
        self._do("DELETE", f"{ROOT}/{self._one(place)}/orders/{ORDER}", {})

    @invariant()
    def no_more_is_shipped_than_was_ordered(self) -> None:
        shipped = self._shipped()

        assert set(shipped) <= set(LINES)
        assert all(units <= LINES[line] for line, units in shipped.items())

    @invariant()
    def the_status_says_how_much_is_left(self) -> None:
        shipped = self._shipped()
        status = "PARTIALLY_FULFILLED" if shipped else "NOT_FULFILLED"

        assert self._order()["fulfillmentStatus"] == ("FULFILLED" if shipped == LINES else status)

    @invariant()
    def a_tracking_number_is_used_once_and_an_id_too(self) -> None:
        numbers = [one["trackingInfo"]["trackingNumber"] for one in self._made() if "trackingInfo" in one]
        ids = [one["id"] for one in self._made()]

        assert len(set(numbers)) == len(numbers)
        assert len(set(ids)) == len(ids)

    def _do(self, method: str, path: str, body: dict[str, Any]) -> None:
        before = (self._made(), self._order())
        self.site.told.clear()
        try:
            self.site.call(method, path, body)
        except Refusal:
            assert (self._made(), self._order()) == before
            assert self.site.told == []
            return
        told = [event.event_type.removeprefix("wix.ecom.v1.") for event in self.site.told]
        became = self._order()["fulfillmentStatus"]
        newly = became == "FULFILLED" != before[1]["fulfillmentStatus"]
        assert told == ["fulfillments_updated", "order_updated", *(["order_fulfilled"] if newly else [])]
        assert self.site.told[0].body["updatedEvent"]["currentEntity"]["fulfillments"] == self._made()

    def _one(self, place: int) -> str:
        made = self._made()
        return str(made[place]["id"]) if place < len(made) else ORDER

    def _order(self) -> Any:
        return self.site.call("GET", f"/ecom/v1/orders/{ORDER}")["order"]

    def _made(self) -> Any:
        return self.site.call("GET", f"{ROOT}/orders/{ORDER}")["orderWithFulfillments"]["fulfillments"]

    def _shipped(self) -> dict[str, int]:
        shipped: Counter[str] = Counter()
        for fulfillment in self._made():
            shipped.update({line["id"]: line["quantity"] for line in fulfillment["lineItems"]})
        return dict(shipped)


def _tracked(number: str | None) -> dict[str, Any]:
    return {"trackingInfo": {"trackingNumber": number, "shippingProvider": "ups"}} if number else {}


TestShipping = Shipping.TestCase
TestShipping.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
