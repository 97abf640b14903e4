"""What Wix answers, and what the client makes of it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from analytics.lifecycle import Line
from streams.wix import email_subscriptions, fulfillments, inbox, plan_orders
from streams.wix.errors import (
    NotFound,
    WixBusy,
    WixError,
    WixRefused,
    WixUnreachable,
)
from tests.streams.event_records import PAYLOADS
from tests.streams.wix_site import PLAN_ORDER, SITE
from tests.streams.wix_wire import PATH, Wire, client, error_of

APPLICATION_ERROR = {
    "message": "Payment failed",
    "details": {
        "applicationError": {
            "code": "NO_FUNDS",
            "description": "Payment declined due to insufficient funds",
            "data": {"availableFunds": 75.22},
        }
    },
}
VALIDATION_ERROR = {
    "message": "Not really valid",
    "details": {
        "validationError": {
            "fieldViolations": [
                {"field": "fieldA", "description": "no such note", "ruleName": "INVALID_NOTE"},
                {"field": "fieldB", "description": "too long", "violatedRule": "MAX"},
            ]
        }
    },
}


class TestErrors:
    async def test_an_application_error_gives_code_description_and_request_id(self) -> None:
        error = await error_of(
            httpx.Response(428, json=APPLICATION_ERROR, headers={"x-wix-request-id": "123.456"})
        )

        assert isinstance(error, WixRefused)
        assert (error.status, error.code) == (428, "NO_FUNDS")
        assert error.description == "Payment declined due to insufficient funds"
        assert error.request_id == "123.456"
        assert "123.456" in str(error)

    async def test_a_validation_error_names_its_fields(self) -> None:
        error = await error_of(httpx.Response(400, json=VALIDATION_ERROR))

        assert isinstance(error, WixRefused)
        assert (error.code, error.description, error.fields) == (
            "INVALID_NOTE",
            "no such note",
            ("fieldA", "fieldB"),
        )

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html>",
            b"[]",
            b"null",
            b'"text"',
            b'{"details": 7}',
            b'{"message": "", "details": {}}',
            b"\xff",
        ],
    )
    async def test_any_other_body_is_a_refusal_without_a_code(self, content: bytes) -> None:
        error = await error_of(httpx.Response(409, content=content))

        assert type(error) is WixRefused
        assert (error.status, error.code) == (409, None)

    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (404, b"", NotFound),
            (403, b'{"message": "no permission"}', WixRefused),
            (403, b"", WixBusy),  # throttled, as one endpoint was seen to do it
            (429, b"", WixBusy),
            (408, b"", WixBusy),
            (500, b"", WixUnreachable),
            (503, b'{"message": "", "details": {}}', WixUnreachable),
            (504, b"<html>", WixUnreachable),
            (302, b"", WixRefused),
        ],
    )
    async def test_each_status_says_what_to_do_next(
        self, status: int, body: bytes, kind: type[WixError]
    ) -> None:
        assert type(await error_of(httpx.Response(status, content=body))) is kind

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [("7", 7.0), ("0", 0.0), ("-3", None), ("soon", None), ("inf", None), ("nan", None), (None, None)],
    )
    async def test_wix_may_say_how_long_to_wait(self, header: str | None, seconds: float | None) -> None:
        error = await error_of(httpx.Response(429, headers={"Retry-After": header} if header else {}))

        assert isinstance(error, WixBusy)
        assert error.retry_after == seconds

    async def test_or_until_when(self) -> None:
        until = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)

        error = await error_of(httpx.Response(429, headers={"Retry-After": until}))

        assert isinstance(error, WixBusy)
        assert error.retry_after is not None
        assert 500 < error.retry_after <= 600

    async def test_an_address_in_wixs_words_does_not_reach_ours(self) -> None:
        error = await error_of(httpx.Response(400, json={"message": "dana.kim@example.com is blocked"}))

        assert "is blocked" in str(error)
        assert "example.com" not in f"{error} {error!r}"

    @pytest.mark.parametrize("content", [b"<html>sign in</html>", b"[1]", b"7"])
    async def test_success_that_is_no_json_object_is_no_answer(self, content: bytes) -> None:
        """Such as the page of a proxy: whether Wix was reached is open."""
        assert isinstance(await error_of(httpx.Response(200, content=content)), WixUnreachable)

    async def test_success_without_a_body_is_success(self) -> None:
        async with client(Wire(httpx.Response(200))) as wix:
            assert (await wix.request(SITE, "POST", PATH)).body == {}

    async def test_money_stays_exact(self) -> None:
        async with client(Wire(httpx.Response(200, content=b'{"amount": 9.08}'))) as wix:
            assert (await wix.request(SITE, "GET", PATH)).body["amount"] == Decimal("9.08")


class TestAnswers:
    """The modules read Wix's documented answers, and say so when one isn't there."""

    @pytest.mark.parametrize("key", ["subscriptions", "email_subscriptions"])
    async def test_subscriptions_come_under_either_name(self, key: str) -> None:
        found = {"email": "One@Example.com", "subscriptionStatus": "SUBSCRIBED"}
        async with client(Wire(httpx.Response(200, json={key: [found]}))) as wix:
            answer = await email_subscriptions.query(wix, SITE, "one@example.com")

        assert answer.subscription_status == "SUBSCRIBED"
        assert answer.deliverability_status == "ABSENT"

    async def test_another_address_subscribed_is_not_ours(self) -> None:
        found = {"email": "other@example.com", "subscriptionStatus": "SUBSCRIBED"}
        async with client(Wire(httpx.Response(200, json={"subscriptions": [found]}))) as wix:
            answer = await email_subscriptions.query(wix, SITE, "one@example.com")

        assert answer.subscription_status == "ABSENT"

    async def test_the_documented_create_fulfillment(self) -> None:
        wire = Wire(
            httpx.Response(200, content=(PAYLOADS / "rest/create_fulfillment.answer.json").read_bytes())
        )
        asked = json.loads((PAYLOADS / "rest/create_fulfillment.request.json").read_bytes())
        new = fulfillments.NewFulfillment(
            lines=tuple(Line(**line) for line in asked["fulfillment"]["lineItems"]),
            tracking_number="12345",
            shipping_provider="fedex",
        )
        async with client(wire) as wix:
            created = await fulfillments.create(wix, SITE, "6d793d39-6ebf-5626-b67e-be59c7654973", new)

        assert json.loads(wire.calls[0].content) == asked
        assert created.fulfillment_id == created.shipments[0].id

    @pytest.mark.parametrize("body", [{}, {"order": None}, {"order": "text"}])
    async def test_an_answer_without_its_order_is_no_answer(self, body: dict[str, Any]) -> None:
        async with client(Wire(httpx.Response(200, json=body))) as wix:
            with pytest.raises(WixUnreachable):
                await plan_orders.get_order(wix, SITE, PLAN_ORDER)

    async def test_pages_that_go_in_a_circle_are_no_answer(self) -> None:
        page = {"messages": [], "pagingMetadata": {"cursors": {"next": "again"}}}
        async with client(Wire(httpx.Response(200, json=page))) as wix:
            with pytest.raises(WixUnreachable):
                async for _ in inbox.list_messages(wix, SITE, "c", since=datetime.now(UTC)):
                    pass
