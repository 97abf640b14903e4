"""Which fulfillments an event makes due, and how much of an order is left to ship."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.lifecycle import Line, Shipment
from ingest.record import Unreadable
from streams import due
from streams.effect import FULFILLMENT, NOTHING, HandoverClaim, handover_key, immediate_key
from streams.fulfillment import left_to_ship, same_shipment, units, unwanted
from streams.order import OrderLine, StoreOrder
from tests.streams.event_records import AT, HANDOVER, SITE, a_handover, payload, record, recorded

ORDER = "9e68e67e-bdfa-5fb0-a0dc-55d2e2dff1e2"
SHIRT, HAT, EBOOK = "shirt", "hat", "e-book"


class TestApprovedOrders:
    def test_an_approved_order_makes_one_immediate_fulfillment_due(self) -> None:
        """Whether the site ships at once or by its warehouse is judged later, by the runner."""
        decision = due.decide(recorded("store_order_approved__shipped"))

        [effect] = decision.effects
        assert effect.flow == FULFILLMENT
        assert effect.key == immediate_key(SITE, ORDER)
        assert (effect.order_id, effect.event_at) == (ORDER, AT)
        assert effect.payload == {"mode": "immediate"}
        assert decision.handover is None

    def test_the_order_is_named_by_entity_id_or_by_the_order_itself(self) -> None:
        body = payload("store_order_approved__shipped")
        del body["entityId"]

        assert due.decide(record(body)).effects[0].order_id == ORDER

    @pytest.mark.parametrize(
        "name",
        [
            "store_order_canceled__by_mistake",
            "store_order_fulfilled__marked",
            "store_order_payment_status_updated__paid",
            "store_order_updated__gift_card",
            "fulfillments_updated__one",
        ],
    )
    def test_no_other_event_of_an_order_ships_anything(self, name: str) -> None:
        assert due.decide(recorded(name)) == NOTHING

    def test_an_anonymized_order_ships_nothing(self) -> None:
        body = payload("store_order_approved__shipped") | {"triggeredByAnonymizeRequest": True}

        assert due.decide(record(body)) == NOTHING


class TestHandovers:
    def test_a_handover_makes_its_fulfillment_due_and_claims_its_key(self) -> None:
        decision = due.decide(a_handover())

        [effect] = decision.effects
        assert effect.key == handover_key(SITE, HANDOVER["orderId"], "north", "box-1")  # type: ignore[arg-type]
        assert effect.payload == {
            "mode": "handover",
            "warehouse": "north",
            "key": "box-1",
            "lines": [{"id": "00000000-0000-0000-0000-000000000001", "quantity": 2}],
            "tracking_number": "12345",
            "shipping_provider": "fedex",
            "tracking_link": None,
        }
        assert decision.handover == HandoverClaim(
            warehouse="north",
            key="box-1",
            instance_id=SITE,
            order_id=str(HANDOVER["orderId"]),
            body_hash="0f0f",
            event_id="h-1",
            at=AT,
        )

    def test_without_lines_it_means_all_that_is_left(self) -> None:
        [effect] = due.decide(a_handover(lineItems=None)).effects

        assert effect.payload["lines"] == []

    @pytest.mark.parametrize(
        "broken",
        [
            *({"orderId": None}, {"trackingNumber": ""}, {"shippingProvider": None}, {"bodyHash": 7}),
            *({"warehouse": None}, {"idempotencyKey": None}),
            *({"lineItems": [{"id": "1"}]}, {"lineItems": [{"id": "1", "quantity": 0}]}),
        ],
        ids=str,
    )
    def test_a_handover_that_lacks_what_names_it_can_not_be_decided(self, broken: dict[str, Any]) -> None:
        with pytest.raises(Unreadable):
            due.decide(a_handover(**broken))


def an_order(*lines: OrderLine) -> StoreOrder:
    return StoreOrder(id=ORDER, status="APPROVED", lines=lines)


def a_line(line_id: str, quantity: int, *, is_shipped: bool = True) -> OrderLine:
    return OrderLine(id=line_id, quantity=quantity, is_shipped=is_shipped)


def a_shipment(*lines: Line, tracking_number: str = "12345", shipment_id: str = "s-1") -> Shipment:
    return Shipment(id=shipment_id, lines=lines, tracking_number=tracking_number)


quantities = st.dictionaries(st.sampled_from([SHIRT, HAT, EBOOK]), st.integers(1, 9))


class TestLeftToShip:
    def test_units_in_any_fulfillment_are_gone(self) -> None:
        order = an_order(a_line(SHIRT, 3), a_line(HAT, 1), a_line(EBOOK, 1, is_shipped=False))
        shipments = [a_shipment(Line(id=SHIRT, quantity=1)), a_shipment(Line(id=HAT, quantity=1))]

        assert left_to_ship(order, shipments) == (Line(id=SHIRT, quantity=2),)

    @given(ordered=quantities, shipped=st.lists(quantities, max_size=4))
    def test_never_more_than_was_ordered_and_never_less_than_nothing(
        self, ordered: dict[str, int], shipped: list[dict[str, int]]
    ) -> None:
        order = an_order(*(a_line(line, quantity) for line, quantity in ordered.items()))
        shipments = [
            a_shipment(*(Line(id=line, quantity=quantity) for line, quantity in one.items()))
            for one in shipped
        ]

        left = units(left_to_ship(order, shipments))

        gone = units(line for shipment in shipments for line in shipment.lines)
        assert all(left[line] == max(ordered[line] - gone[line], 0) for line in ordered)
        assert set(left) <= set(ordered)


class TestSameShipment:
    def test_it_has_the_tracking_number_and_exactly_the_units(self) -> None:
        ours = a_shipment(Line(id=SHIRT, quantity=2), Line(id=HAT, quantity=1), shipment_id="ours")
        others = [
            a_shipment(Line(id=SHIRT, quantity=2)),
            a_shipment(Line(id=SHIRT, quantity=2), Line(id=HAT, quantity=1), tracking_number="other"),
        ]
        # The order of lines, and whether units come in one line or two, don't count.
        wanted = [Line(id=HAT, quantity=1), Line(id=SHIRT, quantity=1), Line(id=SHIRT, quantity=1)]

        assert same_shipment([*others, ours], "12345", wanted) == ours
        assert same_shipment(others, "12345", wanted) is None


def test_the_age_of_an_order_is_its_own_not_the_events() -> None:
    [effect] = due.decide(a_handover()).effects
    old = StoreOrder(
        id=ORDER, status="APPROVED", created_at=AT - timedelta(days=31), lines=(a_line(SHIRT, 1),)
    )

    assert unwanted(effect, old, max_age=timedelta(days=30), now=AT) == "too_old"
    assert unwanted(effect, old, max_age=timedelta(days=32), now=AT) is None
