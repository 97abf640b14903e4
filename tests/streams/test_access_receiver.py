"""The receiver of access changes: how it must be set, what it is sent, and what its answers mean."""

import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from streams import reason
from streams.access_errors import ReceiverAway, ReceiverRefused
from streams.access_receiver import FAILURES, AccessReceiver, AccessSettingsWrong, Endpoint, endpoint
from streams.access_signature import keys_of, signature
from streams.doctor.access import check_access
from streams.doctor.finding import Verdict
from streams.settings import AccessSettings
from tests.source_tree import ROOT
from tests.started import ended
from tests.streams.wix_site import ACCESS_SECRET as SECRET
from tests.streams.wix_site import SandboxSite, sandbox_site

NEXT_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CHANGE = {
    "type": "access.granted",
    "timestamp": "2026-03-04T10:00:00.000000Z",
    "data": {"instanceId": "i-1", "orderId": "o-1", "change": "started"},
}
POST = {"method": "POST", "path": "/access"}


def settings(url: str = "https://school.example/access", secret: str = SECRET) -> AccessSettings:
    return AccessSettings(_env_file=None, access_url=url, access_secret=SecretStr(secret))


class TestSignature:
    def test_published_example_is_signed_as_published(self) -> None:
        """The vector that the reference libraries of Standard Webhooks are tested with."""
        found = signature(
            keys_of(NEXT_SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
        )

        assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_several_secrets_give_a_signature_each(self) -> None:
        both = signature(keys_of(f"{SECRET}, {NEXT_SECRET}"), "id", 1, b"{}")

        each = [signature(keys_of(one), "id", 1, b"{}") for one in (SECRET, NEXT_SECRET)]
        assert both.split(" ") == each


class TestEndpoint:
    def test_without_a_url_access_is_off(self) -> None:
        assert endpoint(settings(url="")) is None

    @pytest.mark.parametrize(
        "url",
        [
            "https://school.example/access",
            "http://127.0.0.1:8200/access",
            "http://[::1]/",
            "http://localhost",
        ],
    )
    def test_https_is_taken_and_plain_http_on_this_machine(self, url: str) -> None:
        found = endpoint(settings(url=url))

        assert found is not None
        assert found.url == url

    @pytest.mark.parametrize(
        ("url", "secret", "told"),
        [
            ("http://school.example/access", SECRET, "plain http"),
            ("http://127.0.0.1.school.example/", SECRET, "plain http"),
            ("school.example/access", SECRET, "no address"),
            ("https://", SECRET, "no address"),
            ("https://school.example:port/", SECRET, "no address"),
            ("https://me:hunter2@school.example/", SECRET, "login"),
            ("https://school.example/", "", "ACCESS_SECRET is not"),
            ("https://school.example/", SECRET.removeprefix("whsec_"), "begin with whsec_"),
            ("https://school.example/", "whsec_not/base64!", "not base64"),
            ("https://school.example/", "whsec_c2hvcnQ=", "5 bytes"),
            ("https://school.example/", f"{SECRET},whsec_c2hvcnQ=", "5 bytes"),
        ],
    )
    def test_what_cannot_be_used_is_refused_with_what_to_do(self, url: str, secret: str, told: str) -> None:
        with pytest.raises(AccessSettingsWrong) as refused:
            endpoint(settings(url, secret))

        said = str(refused.value)
        assert told in said
        assert "https" in said or "Set ACCESS_SECRET" in said or "Leave it out" in said
        # Neither secrets nor logins are repeated.
        assert "hunter2" not in said
        assert not secret or secret not in said

    def test_worker_does_not_start_with_settings_that_cannot_be_used(self, tmp_path: Path) -> None:
        environment = os.environ | {
            "ACCESS_URL": "http://school.example/",
            "ACCESS_SECRET": SECRET,
            "DATA_DIR": str(tmp_path),
        }

        done = ended("streams", "worker", environment=environment)

        assert done.returncode == 1
        assert "Error: ACCESS_URL is plain http" in done.stderr
        assert "Traceback" not in done.stderr
        assert SECRET not in done.stderr + done.stdout

    def test_secret_is_in_no_text_of_it(self) -> None:
        found = endpoint(settings())

        assert SECRET not in repr(settings())
        assert str(keys_of(SECRET)[0]) not in repr(found)


def where(site: SandboxSite, secret: str = SECRET) -> Endpoint:
    found = endpoint(settings(f"{site.url}/access", secret))
    assert found is not None
    return found


@pytest.fixture
async def receiver(site: SandboxSite) -> AsyncIterator[AccessReceiver]:
    async with AccessReceiver(where(site)) as receiver:
        yield receiver


class TestPost:
    async def test_change_arrives_signed_and_under_its_id(
        self, site: SandboxSite, receiver: AccessReceiver
    ) -> None:
        await receiver.post("access:grant:i-1:o-1:0", CHANGE)

        [taken] = site.access
        assert taken["webhookId"] == "access:grant:i-1:o-1:0"
        assert taken["body"] == CHANGE
        assert (taken["instanceId"], taken["orderId"]) == ("i-1", "o-1")

    async def test_same_id_again_is_taken_for_what_it_is(
        self, site: SandboxSite, receiver: AccessReceiver
    ) -> None:
        for _ in range(3):
            await receiver.post("access:grant:i-1:o-1:0", CHANGE)

        [taken] = site.access
        assert taken["deliveries"] == 3

    async def test_secret_can_be_changed_without_a_gap(self, site: SandboxSite) -> None:
        """First we sign with both, then the receiver changes over, then the old one goes."""
        async with AccessReceiver(where(site, f"{NEXT_SECRET},{SECRET}")) as signing_with_both:
            await signing_with_both.post("access:grant:i-1:o-1:0", CHANGE)

        assert len(site.access) == 1

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
    async def test_receiver_that_asks_for_patience_gets_it(
        self, site: SandboxSite, receiver: AccessReceiver, status: int
    ) -> None:
        site.fault(**POST, status=status, headers={"retry-after": "7"})

        with pytest.raises(ReceiverAway) as away:
            await receiver.post("a", CHANGE)

        assert (away.value.status, away.value.retry_after) == (status, 7.0)
        assert site.access == []

    @pytest.mark.parametrize("after", [True, False])
    async def test_no_answer_is_no_refusal(
        self, site: SandboxSite, receiver: AccessReceiver, *, after: bool
    ) -> None:
        site.fault(**POST, after=after)

        with pytest.raises(ReceiverAway):
            await receiver.post("a", CHANGE)

        assert len(site.access) == after

    async def test_late_answer_is_none(self, site: SandboxSite) -> None:
        # Answered late, and not taken even then: the sandbox is other tests' too.
        site.fault(**POST, delay_seconds=5, status=503)
        async with AccessReceiver(where(site), timeout_seconds=0.2) as hurried:
            with pytest.raises(ReceiverAway):
                await hurried.post("a", CHANGE)

    @pytest.mark.parametrize(
        ("status", "told"),
        [
            (302, "redirects"),
            (400, "answered 400"),
            (401, "ACCESS_SECRET"),
            (404, "answered 404"),
            (410, "gone for good"),
        ],
    )
    async def test_no_is_for_a_person_who_is_told_what_to_do(
        self, site: SandboxSite, receiver: AccessReceiver, status: int, told: str
    ) -> None:
        site.fault(**POST, status=status)

        with pytest.raises(ReceiverRefused) as refused:
            await receiver.post("a", CHANGE)

        assert refused.value.status == status
        assert refused.value.reason == reason.RECEIVER_REFUSED
        assert told in str(refused.value.next_step)

    async def test_receiver_that_fails_and_fails_is_tried_by_one_call_at_a_time(
        self, site: SandboxSite
    ) -> None:
        clock = [0.0]
        site.fault(**POST, status=503, times=FAILURES + 1)
        async with AccessReceiver(where(site), monotonic=lambda: clock[0]) as receiver:
            for _ in range(FAILURES):
                receiver.check_rest()
                with pytest.raises(ReceiverAway):
                    await receiver.post("a", CHANGE)
            with pytest.raises(ReceiverAway):
                receiver.check_rest()
            clock[0] += 11
            receiver.check_rest()
            with pytest.raises(ReceiverAway):
                receiver.check_rest()
            with pytest.raises(ReceiverAway):
                await receiver.post("a", CHANGE)
            await receiver.post("a", CHANGE)

            receiver.check_rest()
            assert len(site.access) == 1


class TestSandboxReceiver:
    """What a receiver must refuse, the sandbox's does; else a wrong signature would go unnoticed."""

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({}, 200),
            ({"webhook-signature": "v1,AAAA"}, 401),
            ({"webhook-signature": "v2,AAAA"}, 401),
            ({"webhook-id": "another"}, 401),
            ({"webhook-timestamp": "1614265330"}, 401),
            ({"webhook-timestamp": "now"}, 400),
            ({"webhook-id": ""}, 400),
        ],
    )
    def test_only_a_whole_and_fresh_signature_is_believed(
        self, site: SandboxSite, change: dict[str, str], status: int
    ) -> None:
        body = httpx.Request("POST", site.url, json=CHANGE).content

        answer = httpx.post(f"{site.url}/access", content=body, headers=signed(body) | change)

        assert answer.status_code == status
        assert len(site.access) == (status == 200)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type": "access.granted"}', b"\xff"])
    def test_what_is_no_change_of_access_is_refused(self, site: SandboxSite, body: bytes) -> None:
        answer = httpx.post(f"{site.url}/access", content=body, headers=signed(body))

        assert answer.status_code == 400

    def test_without_a_secret_it_believes_nobody(self, tmp_path: Path) -> None:
        with sandbox_site(tmp_path / "secretless") as site:
            answer = httpx.post(f"{site.url}/access", content=b"{}", headers=signed(b"{}"))

            assert answer.status_code == 401


def signed(body: bytes) -> dict[str, Any]:

    timestamp = int(time.time())
    return {
        "webhook-id": "a",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(keys_of(SECRET), "a", timestamp, body),
    }


class TestDoctor:
    async def test_access_that_is_off_is_no_trouble(self) -> None:
        found = await check_access(settings(url=""))

        assert (found.verdict, found.found) == (Verdict.OK, "off: ACCESS_URL is not set")

    async def test_receiver_that_answers_is_fine_and_is_told_nothing(self, site: SandboxSite) -> None:
        found = await check_access(settings(f"{site.url}/access", f"{SECRET},{NEXT_SECRET}"))

        assert (found.verdict, found.found) == (Verdict.OK, "on, signed with 2 secrets")
        assert site.access == []

    @pytest.mark.parametrize(
        ("url", "secret"), [("http://127.0.0.1:1/", SECRET), ("http://127.0.0.1:1/", "")]
    )
    async def test_receiver_that_cannot_be_told_is_wrong(self, url: str, secret: str) -> None:
        found = await check_access(settings(url, secret))

        assert found.verdict is Verdict.WRONG
        assert found.remedy


class TestDocumentation:
    def test_the_receiver_of_the_documentation_takes_what_is_ours_once_and_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        page = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
        code = page.partition("```python\n")[2].partition("HTTPServer((")[0]
        monkeypatch.setenv("ACCESS_SECRET", SECRET)
        there: dict[str, Any] = {}
        exec(code, there)
        change = CHANGE | {"data": {"memberId": "m-1", "planId": "p-1"}}
        body = httpx.Request("POST", "http://here", json=change).content
        with there["HTTPServer"](("127.0.0.1", 0), there["Receiver"]) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}/"

            stranger = signed(body) | {"webhook-signature": "v1,AAAA"}
            answers = [
                httpx.post(url, content=body, headers=one) for one in (stranger, signed(body), signed(body))
            ]
            server.shutdown()

        assert [answer.status_code for answer in answers] == [401, 204, 204]
        assert capsys.readouterr().out == "access.granted m-1 p-1\n"
