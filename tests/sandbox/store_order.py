"""One store order at the sandbox Wix, and its fulfillments: what tests of the store share."""

from typing import Any

import httpx

from tests.sandbox.wix_site import LINE, OTHER_LINE, STORE_ORDER, Wix

ORDER = "11111111-1111-4111-8111-111111111111"


def create(wix: Wix, *lines: tuple[str, int | None], **fulfillment: Any) -> httpx.Response:
    """Create a fulfillment of these lines; None is all that is left of one, no line is everything."""
    asked = [
        {"id": line} if quantity is None else {"id": line, "quantity": quantity} for line, quantity in lines
    ]
    body = {"fulfillment": {"lineItems": asked, **fulfillment}}
    return wix.post(f"/ecom/v1/fulfillments/orders/{ORDER}/create-fulfillment", body)


def made(wix: Wix, *lines: tuple[str, int | None], **fulfillment: Any) -> dict[str, Any]:
    """A fulfillment that was created."""
    answer = create(wix, *lines, **fulfillment)
    assert answer.status_code == 200, answer.text
    newest: dict[str, Any] = answer.json()["orderWithFulfillments"]["fulfillments"][-1]
    return newest


def status(wix: Wix) -> str:
    """How far the order is fulfilled."""
    return str(wix.get(f"/ecom/v1/orders/{ORDER}").json()["order"]["fulfillmentStatus"])


def a_store_order() -> dict[str, Any]:
    """An approved order with three of one thing and one of another."""
    lines = [{"id": LINE, "quantity": 3}, {"id": OTHER_LINE, "quantity": 1}]
    return {**STORE_ORDER, "id": ORDER, "number": "10003", "lineItems": lines}
