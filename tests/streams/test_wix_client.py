"""One request to Wix: its token, its errors, its limits."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from analytics.lifecycle import Line
from streams.quota import QuotaWait
from streams.settings import WixSettings
from streams.wix import email_subscriptions, fulfillments, inbox, plan_orders
from streams.wix.auth import TOKEN_PATH
from streams.wix.client import REPEAT_SECONDS, WixClient, in_path
from streams.wix.errors import (
    AppRemoved,
    NotFound,
    Unauthorized,
    WixBusy,
    WixError,
    WixRefused,
    WixUnreachable,
)
from tests.streams.event_records import PAYLOADS
from tests.streams.wix_site import PLAN_ORDER, SITE, SandboxSite, sandbox_site

OTHER_SITE = "99999999-9999-4999-8999-999999999999"
SECRET = "very-secret"
PATH = "/some/v1/thing"

Answering = Callable[[httpx.Request], httpx.Response]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Wire:
    """What Wix's side of the wire sees and says. Tokens are numbered; calls get what `answer` says."""

    def __init__(self, answer: Answering | httpx.Response | None = None, life: Any = 14400) -> None:
        self.answer = answer or httpx.Response(200, json={})
        self.life = life
        self.token_answer: httpx.Response | None = None
        self.token_requests: list[dict[str, Any]] = []
        self.calls: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            self.token_requests.append(json.loads(request.content))
            await asyncio.sleep(0)
            number = len(self.token_requests)
            token = {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": self.life}
            return self.token_answer or httpx.Response(200, json=token)
        self.calls.append(request)
        return self.answer(request) if callable(self.answer) else self.answer

    @property
    def authorizations(self) -> list[str]:
        return [call.headers["authorization"] for call in self.calls]


async def at_once(_: float) -> None:
    """Waits no time."""


def client(
    wire: Wire,
    clock: Clock | None = None,
    take: Callable[[str], None] | None = None,
    pause: Callable[[float], Awaitable[None]] = at_once,
    **given: Any,
) -> WixClient:
    settings: dict[str, Any] = {
        "wix_api_url": "https://wix.test",
        "wix_app_id": "our-app",
        "wix_app_secret": SecretStr(SECRET),
        "wix_timeout_seconds": 5,
    }
    return WixClient(
        WixSettings(_env_file=None, **(settings | given)),
        take=take,
        transport=httpx.MockTransport(wire),
        monotonic=clock or Clock(),
        pause=pause,
    )


async def error_of(answer: httpx.Response) -> WixError:
    """What the client raises for an answer."""
    async with client(Wire(answer)) as wix:
        with pytest.raises(WixError) as raised:
            await wix.request(SITE, "GET", PATH)
    return raised.value


class TestToken:
    async def test_it_is_asked_for_with_the_apps_credentials_and_sent_as_it_is(self) -> None:
        wire = Wire()
        async with client(wire) as wix:
            await wix.request(SITE, "GET", PATH)

        assert wire.token_requests == [
            {
                "grant_type": "client_credentials",
                "client_id": "our-app",
                "client_secret": SECRET,
                "instance_id": SITE,
            }
        ]
        assert wire.authorizations == ["token-1"]

    async def test_each_site_has_its_own_and_keeps_it(self) -> None:
        wire = Wire()
        async with client(wire) as wix:
            for site in (SITE, OTHER_SITE, SITE, OTHER_SITE):
                await wix.request(site, "GET", PATH)

        assert wire.authorizations == ["token-1", "token-2", "token-1", "token-2"]

    async def test_many_calls_at_once_ask_for_one_token(self) -> None:
        wire = Wire()
        async with client(wire) as wix:
            await asyncio.gather(*(wix.request(SITE, "GET", PATH) for _ in range(20)))

        assert len(wire.token_requests) == 1
        assert set(wire.authorizations) == {"token-1"}

    @pytest.mark.parametrize(("later", "token"), [(14339, "token-1"), (14340, "token-2")])
    async def test_it_is_renewed_a_minute_before_it_ends(self, later: float, token: str) -> None:
        wire, clock = Wire(life=14400), Clock()
        async with client(wire, clock) as wix:
            await wix.request(SITE, "GET", PATH)
            clock.now += later
            await wix.request(SITE, "GET", PATH)

        assert wire.authorizations[-1] == token

    async def test_a_refused_one_is_replaced_once_and_the_call_goes_on(self) -> None:
        def expired(request: httpx.Request) -> httpx.Response:
            is_old = request.headers["authorization"] == "token-1"
            return httpx.Response(401) if is_old else httpx.Response(200, json={"fine": True})

        wire = Wire(expired)
        async with client(wire) as wix:
            answer = await wix.request(SITE, "POST", PATH, json={"n": 1})

        assert answer.body == {"fine": True}
        assert [json.loads(call.content) for call in wire.calls] == [{"n": 1}, {"n": 1}]

    async def test_refused_twice_is_unauthorized(self) -> None:
        wire = Wire(httpx.Response(401))
        async with client(wire) as wix:
            with pytest.raises(Unauthorized):
                await wix.request(SITE, "GET", PATH)

        assert len(wire.calls) == 2

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (400, "invalid_grant", AppRemoved),
            (403, "access_denied", AppRemoved),
            (404, None, AppRemoved),
            # Our own fault: it must never look as if every site had removed the app.
            (401, "invalid_client", Unauthorized),
            (403, "unauthorized_client", Unauthorized),
            (400, "invalid_request", Unauthorized),
            (429, None, WixBusy),
            (500, None, WixUnreachable),
        ],
    )
    async def test_no_token_is_told_by_its_cause(
        self, status: int, code: str | None, kind: type[WixError]
    ) -> None:
        wire = Wire()
        wire.token_answer = httpx.Response(status, json={"error": code, "error_description": "no"})
        async with client(wire) as wix:
            with pytest.raises(WixError) as raised:
                await wix.request(SITE, "GET", PATH)

        assert type(raised.value) is kind
        assert wire.calls == []

    @pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 7}])
    async def test_an_answer_without_a_token_is_no_answer(self, body: dict[str, Any]) -> None:
        wire = Wire()
        wire.token_answer = httpx.Response(200, json=body)
        async with client(wire) as wix:
            with pytest.raises(WixUnreachable):
                await wix.request(SITE, "GET", PATH)


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


class TestQuota:
    async def test_every_request_is_counted_before_it_is_sent(self) -> None:
        counted: list[str] = []
        wire = Wire()
        async with client(wire, take=counted.append) as wix:
            await wix.request(SITE, "GET", PATH)
            await wix.request(OTHER_SITE, "GET", PATH)

        assert counted == [SITE, OTHER_SITE]

    async def test_over_the_quota_nothing_is_sent(self) -> None:
        def full(_: str) -> None:
            raise QuotaWait(datetime.now(UTC))

        wire = Wire()
        async with client(wire, take=full) as wix:
            with pytest.raises(QuotaWait):
                await wix.request(SITE, "POST", PATH)

        assert wire.calls == []


class TestRepeats:
    """What only reads is asked again; a change might then be made twice."""

    @staticmethod
    def failing(times: int) -> Wire:
        answers = [httpx.Response(503)] * times + [httpx.Response(200, json={"fine": True})]
        return Wire(lambda _: answers.pop(0))

    async def test_a_read_is_tried_three_times_with_growing_pauses_by_chance(self) -> None:
        pauses: list[float] = []

        async def pause(seconds: float) -> None:
            pauses.append(seconds)

        wire, counted = self.failing(2), list[str]()
        async with client(wire, take=counted.append, pause=pause) as wix:
            answer = await wix.request(SITE, "GET", PATH)

        assert answer.body == {"fine": True}
        assert counted == [SITE] * 3
        assert 0 <= pauses[0] <= REPEAT_SECONDS
        assert 0 <= pauses[1] <= 2 * REPEAT_SECONDS

    async def test_then_it_is_given_up(self) -> None:
        async with client(wire := self.failing(3)) as wix:
            with pytest.raises(WixUnreachable):
                await wix.request(SITE, "GET", PATH)

        assert len(wire.calls) == 3

    async def test_a_question_by_post_is_a_read(self) -> None:
        async with client(self.failing(1)) as wix:
            await email_subscriptions.query(wix, SITE, "dana@example.com")

    @pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
    async def test_a_change_is_made_once(self, method: str) -> None:
        async with client(wire := self.failing(1)) as wix:
            with pytest.raises(WixUnreachable):
                await wix.request(SITE, method, PATH)

        assert len(wire.calls) == 1

    async def test_a_token_is_asked_for_again(self) -> None:
        wire = Wire()
        wire.token_answer = httpx.Response(503)
        async with client(wire) as wix:
            with pytest.raises(WixUnreachable):
                await wix.request(SITE, "GET", PATH)

        assert len(wire.token_requests) == 3

    async def test_a_change_that_found_no_token_is_in_no_doubt(self) -> None:
        """Nothing was sent, so it may simply be made later."""
        wire = Wire()
        wire.token_answer = httpx.Response(503)
        async with client(wire) as wix:
            with pytest.raises(WixBusy):
                await wix.request(SITE, "POST", PATH)

        assert wire.calls == []

    @pytest.mark.parametrize("status", [400, 403, 404, 409, 428, 429])
    async def test_a_clear_answer_is_not_asked_for_again(self, status: int) -> None:
        async with client(wire := Wire(httpx.Response(status))) as wix:
            with pytest.raises(WixError):
                await wix.request(SITE, "GET", PATH)

        assert len(wire.calls) == 1


class TestApiKey:
    KEY = "IST.of-the-owner"

    async def test_a_key_is_sent_with_the_site_it_is_for(self) -> None:
        async with client(wire := Wire(), wix_api_key=SecretStr(self.KEY), wix_site_id="the-site") as wix:
            await wix.request(SITE, "GET", PATH)

        (call,) = wire.calls
        assert (call.headers["authorization"], call.headers["wix-site-id"]) == (self.KEY, "the-site")
        assert wire.token_requests == []

    async def test_a_refused_key_is_refused_at_once(self) -> None:
        wire = Wire(httpx.Response(401))
        async with client(wire, wix_api_key=SecretStr(self.KEY), wix_site_id="the-site") as wix:
            with pytest.raises(Unauthorized):
                await wix.request(SITE, "GET", PATH)

        assert len(wire.calls) == 1


class TestMember:
    async def test_a_members_calls_carry_the_members_token(self) -> None:
        async with client(wire := Wire()) as wix:
            await wix.as_member("members-own").request(SITE, "GET", PATH)
            await wix.request(SITE, "GET", PATH)

        assert wire.authorizations == ["members-own", "token-1"]

    async def test_they_count_against_the_same_quota(self) -> None:
        counted: list[str] = []
        async with client(Wire(), take=counted.append) as wix:
            await wix.as_member("members-own").request(SITE, "GET", PATH)

        assert counted == [SITE]

    async def test_a_members_ended_token_is_not_replaced_by_ours(self) -> None:
        wire = Wire(httpx.Response(401))
        async with client(wire) as wix:
            with pytest.raises(Unauthorized):
                await wix.as_member("ended").request(SITE, "GET", PATH)

        assert wire.authorizations == ["ended"]


class TestSecrets:
    async def test_neither_secret_nor_token_nor_address_is_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        async with client(Wire()) as wix:
            await email_subscriptions.query(wix, SITE, "dana@example.com")

        assert caplog.text
        for secret in (SECRET, "token-1", "dana"):
            assert secret not in caplog.text

    async def test_one_sites_cookies_do_not_reach_another(self) -> None:
        wire = Wire(httpx.Response(200, json={}, headers={"Set-Cookie": "session=of-one-site; Path=/"}))
        async with client(wire) as wix:
            await wix.request(SITE, "GET", PATH)
            await wix.request(OTHER_SITE, "GET", PATH)

        assert all("cookie" not in call.headers for call in wire.calls)


class TestPaths:
    @pytest.mark.parametrize("bad", ["", "..", "a/b", "a?b", "a b", "ä", "%2e", "x" * 200])
    def test_what_is_no_id_is_found_nowhere(self, bad: str) -> None:
        with pytest.raises(NotFound):
            in_path(bad)


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


class TestNetwork:
    """Over real sockets."""

    @pytest.fixture
    def site(self, tmp_path: Path) -> Iterator[SandboxSite]:
        with sandbox_site(tmp_path) as running:
            yield running

    @pytest.fixture
    async def wix(self, site: SandboxSite) -> AsyncIterator[WixClient]:
        async with WixClient(site.settings(wix_timeout_seconds=1)) as wix:
            yield wix

    async def test_an_order_is_read(self, wix: WixClient) -> None:
        order = await plan_orders.get_order(wix, SITE, PLAN_ORDER)

        assert (order.id, order.plan_name) == (PLAN_ORDER, "Studio Pass")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_cut_connection_is_no_answer(
        self, site: SandboxSite, wix: WixClient, method: str
    ) -> None:
        site.fault(path="/cut", times=20)

        with pytest.raises(WixUnreachable):
            await wix.request(SITE, method, "/cut")

    async def test_a_late_answer_is_no_answer(self, site: SandboxSite, wix: WixClient) -> None:
        site.fault(path="/late", delaySeconds=3)

        with pytest.raises(WixUnreachable) as late:
            await wix.request(SITE, "GET", "/late")

        assert late.value.code in ("timeout", "network")

    async def test_the_limit_is_for_token_and_call_together(self, site: SandboxSite, wix: WixClient) -> None:
        """So that a claim can be sure to outlast the call."""
        site.fault(path=TOKEN_PATH, delaySeconds=0.8)
        site.fault(path=f"*/{PLAN_ORDER}", delaySeconds=0.8)

        with pytest.raises(WixUnreachable):
            await plan_orders.get_order(wix, SITE, PLAN_ORDER)

    async def test_nobody_there_is_no_answer(self, site: SandboxSite) -> None:
        async with WixClient(site.settings(wix_api_url="http://127.0.0.1:1")) as wix:
            with pytest.raises(WixUnreachable):
                await wix.request(SITE, "GET", PATH)

    async def test_after_a_cut_the_next_call_works(self, site: SandboxSite, wix: WixClient) -> None:
        site.fault(path="/cut", times=20)
        with pytest.raises(WixUnreachable):
            await wix.request(SITE, "POST", "/cut")

        assert (await plan_orders.get_order(wix, SITE, PLAN_ORDER)).id == PLAN_ORDER

    async def test_wrong_credentials_are_unauthorized(self, site: SandboxSite) -> None:
        async with WixClient(site.settings(wix_app_secret=SecretStr("wrong"))) as wix:
            with pytest.raises(Unauthorized):
                await wix.request(SITE, "GET", PATH)
