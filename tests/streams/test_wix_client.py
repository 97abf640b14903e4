"""One request to Wix: its token, its errors, its limits."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from streams.quota import QuotaWait
from streams.wix import email_subscriptions
from streams.wix.client import REPEAT_SECONDS, in_path
from streams.wix.errors import (
    AppRemoved,
    NotFound,
    Unauthorized,
    WixBusy,
    WixError,
    WixUnreachable,
)
from tests.streams.wix_site import SITE
from tests.streams.wix_wire import OTHER_SITE, PATH, SECRET, Clock, Wire, client


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
        async with client(wire := self.failing(1)) as wix:
            await email_subscriptions.query(wix, SITE, "dana@example.com")

        assert [call.method for call in wire.calls] == ["POST", "POST"]

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
