"""`python -m streams doctor`: what is right is said to be, and what is wrong is found and named."""

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from ingest.admin import ensure_topics
from ingest.settings import KafkaSettings
from streams.commands.doctor import doctor
from streams.doctor.finding import Finding, Verdict
from streams.doctor.keys import check_credentials, check_key
from streams.doctor.log import check_log
from streams.doctor.rooms import check_outbox, check_reports, check_worker, sites_known
from streams.doctor.wix import PROBES, check_site, send_test
from streams.outbox import Outbox
from streams.settings import KeySettings, OutboxSettings, ReportsSettings, WixSettings
from streams.wix.client import WixClient
from tests.streams.on_the_log import purchases, put, put_rows
from tests.streams.processes import Process, free_port, running, wait_until
from tests.streams.wix_site import (
    CONTACTS_ADDRESS,
    MEMBER,
    MEMBERS_ADDRESS,
    SITE,
    SandboxSite,
    a_subscription,
    sandbox_site,
)

STRANGER = "99999999-9999-4999-8999-999999999990"


def pem(key: Any) -> str:
    encoded: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


@pytest.fixture(scope="module")
def key() -> str:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SandboxSite]:
    with sandbox_site(tmp_path) as running_site:
        yield running_site


def examined(site: SandboxSite, where: str = SITE, **changed: Any) -> dict[str, Finding]:
    async def ask() -> list[Finding]:
        async with WixClient(site.settings(**changed)) as wix:
            return await check_site(wix, where)

    return {one.about: one for one in asyncio.run(ask())}


def sent(site: SandboxSite, member_id: str = MEMBER) -> Finding:
    async def ask() -> Finding:
        async with WixClient(site.settings()) as wix:
            return await send_test(wix, SITE, member_id)

    return asyncio.run(ask())


class TestKey:
    def test_a_key_may_be_pem_or_base64_of_it_and_stand_beside_others(self, key: str) -> None:
        one_line = base64.b64encode(key.encode()).decode()
        for text in (key, key.replace("\n", "\\n"), one_line, f"{one_line},{one_line}", key + key):
            assert check_key(KeySettings(_env_file=None, wix_public_keys=text)).verdict == "ok"

    def test_a_file_may_hold_it(self, key: str, tmp_path: Path) -> None:
        file = tmp_path / "keys.pem"
        file.write_text(key)

        assert check_key(KeySettings(_env_file=None, wix_public_keys_file=file)).verdict == "ok"

    def test_another_kind_of_key_or_none_is_wrong(self, key: str, tmp_path: Path) -> None:
        short = pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))
        other = pem(ec.generate_private_key(ec.SECP256R1()))
        for text in ("", "nonsense", "x" * 40, short, other, key + other):
            assert check_key(KeySettings(_env_file=None, wix_public_keys=text)).verdict == "wrong"
        lost = KeySettings(_env_file=None, wix_public_keys_file=tmp_path / "lost.pem")
        assert check_key(lost).verdict == "wrong"


class TestCredentials:
    @pytest.mark.parametrize(
        ("given", "verdict"),
        [
            ({"wix_app_id": "a", "wix_app_secret": SecretStr("s")}, "ok"),
            ({"wix_app_id": "a"}, "wrong"),
            ({}, "wrong"),
            ({"wix_api_key": SecretStr("k"), "wix_site_id": SITE}, "ok"),
            ({"wix_api_key": SecretStr("k")}, "wrong"),
        ],
    )
    def test_app_and_secret_or_a_key_and_its_site(
        self, given: dict[str, Any], verdict: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("WIX_APP_ID", "WIX_APP_SECRET", "WIX_API_KEY", "WIX_SITE_ID"):
            monkeypatch.delenv(name, raising=False)

        finding = check_credentials(WixSettings(_env_file=None, **given))

        assert finding.verdict == verdict


class TestWix:
    def test_a_site_where_all_is_granted_is_well(self, site: SandboxSite) -> None:
        findings = examined(site)

        assert {one.verdict for one in findings.values()} == {"ok"}
        assert len(findings) == 2 + len(PROBES)

    def test_looking_changes_nothing(self, site: SandboxSite) -> None:
        examined(site)

        assert (site.messages, site.fulfillments) == ([], [])

    @pytest.mark.parametrize(
        ("denied", "permission"),
        [
            ("PRICING_PLANS.READ_ORDERS", "Read Orders (Pricing Plans)"),
            ("MEMBERS.MEMBER_READ", "Read Members"),
            ("CONTACTS.VIEW", "Read Contacts"),
            ("EMAIL_SUBSCRIPTIONS.VIEW", "Manage Email Subscriptions"),
            ("INBOX.SEND_MESSAGES", "Manage Inbox Messages"),
            ("ECOM.READ_ORDERS", "Read Orders (eCommerce)"),
            ("ECOM.MODIFY_FULFILLMENTS", "Manage Orders (eCommerce)"),
            ("ECOM.READ_FULFILLMENTS", "Read Fulfillments (eCommerce)"),
        ],
    )
    def test_each_missing_permission_is_named_with_the_flow_that_needs_it(
        self, site: SandboxSite, denied: str, permission: str
    ) -> None:
        site.seed(sites=[{"denied": [denied]}])

        findings = examined(site)

        assert [one.about for one in findings.values() if one.verdict == "wrong"] == [
            f"permission: {permission}"
        ]
        assert "can't work" in findings[f"permission: {permission}"].found

    def test_a_wrong_secret_is_told_from_an_app_that_is_not_there(self, site: SandboxSite) -> None:
        wrong_secret = examined(site, wix_app_secret=SecretStr("guessed"))
        not_there = examined(site, where=STRANGER)

        assert "WIX_APP_SECRET" in wrong_secret["token"].remedy
        assert "Install the app" in not_there["token"].remedy
        assert {one.verdict for one in (*wrong_secret.values(), *not_there.values())} == {"wrong"}

    def test_wix_being_away_is_said_once(self, site: SandboxSite) -> None:
        findings = examined(site, wix_api_url="http://127.0.0.1:1")

        assert list(findings) == ["token"]
        assert "WIX_API_URL" in findings["token"].remedy

    @pytest.mark.parametrize(
        ("off_seconds", "verdict"), [(0, "ok"), (20, "ok"), (-20, "ok"), (60, "wrong"), (-60, "wrong")]
    )
    async def test_a_clock_half_a_minute_off_is_wrong(
        self, site: SandboxSite, off_seconds: int, verdict: str
    ) -> None:
        """A minute off, webhooks are refused."""
        theirs = datetime.now(UTC) + timedelta(seconds=off_seconds)
        headers = {"date": format_datetime(theirs, usegmt=True)}
        body = {"access_token": "token", "orders": []}
        wire = httpx.MockTransport(lambda _: httpx.Response(200, json=body, headers=headers))
        async with WixClient(site.settings(), transport=wire) as wix:
            findings = await check_site(wix, SITE)

        assert {one.about: one.verdict for one in findings}["clock"] == verdict


class TestTestMessage:
    def test_a_subscribed_member_gets_it(self, site: SandboxSite) -> None:
        assert sent(site).verdict == "ok"
        (message,) = site.messages
        assert "test message" in json.dumps(message)

    def test_who_did_not_agree_gets_none(self, site: SandboxSite) -> None:
        site.seed(subscriptions=[a_subscription(MEMBERS_ADDRESS, "UNSUBSCRIBED")])

        finding = sent(site)

        assert (finding.verdict, site.messages) == ("wrong", [])
        assert "UNSUBSCRIBED" in finding.found

    def test_a_member_who_is_none_is_said(self, site: SandboxSite) -> None:
        assert "nothing by this id" in sent(site, STRANGER).found


class TestOutbox:
    async def test_without_a_file_it_says_where_it_looked(self, tmp_path: Path) -> None:
        finding = await check_outbox(OutboxSettings(_env_file=None, data_dir=tmp_path))

        assert finding.verdict == "wrong"
        assert str(tmp_path) in finding.found

    async def test_one_that_was_made_is_well(self, tmp_path: Path) -> None:
        settings = OutboxSettings(_env_file=None, data_dir=tmp_path)
        outbox = Outbox(settings)
        await outbox.open()
        await outbox.close()

        assert await check_outbox(settings) == Finding(
            about="outbox", verdict=Verdict.OK, found="empty", remedy=""
        )


class TestProcesses:
    async def test_a_worker_that_is_not_there_is_wrong(self) -> None:
        assert "python -m streams worker" in (await check_worker(free_port())).remedy

    async def test_reports_that_are_not_there_are_wrong_and_the_ledger_unknown(self) -> None:
        settings = ReportsSettings(_env_file=None, reports_url=f"http://127.0.0.1:{free_port()}")

        verdicts = {one.about: one.verdict for one in await check_reports(settings)}

        assert verdicts == {"report service": "wrong", "ledger": "skipped"}
        assert await sites_known(settings) == []


@pytest.mark.kafka
class TestLog:
    def test_without_topics_it_says_how_to_make_them(self, kafka: KafkaSettings) -> None:
        findings = {one.about: one for one in check_log(kafka)}

        assert "python -m ingest topics" in findings["topics"].remedy

    def test_a_quiet_day_is_suspicious(self, kafka: KafkaSettings) -> None:
        ensure_topics(kafka)

        findings = {one.about: one for one in check_log(kafka)}

        assert {name: one.verdict for name, one in findings.items()} == {
            "topics": "ok",
            "offset retention": "ok",
            "webhooks of the last day": "wrong",
        }

    def test_what_came_today_is_counted_by_topic(self, kafka: KafkaSettings) -> None:
        ensure_topics(kafka)
        put(kafka, purchases(3))

        findings = {one.about: one for one in check_log(kafka)}

        assert findings["webhooks of the last day"].found == "plan-orders 3"

    def test_kafka_being_away_is_said_once(self) -> None:
        away = KafkaSettings(_env_file=None, kafka_bootstrap_servers=f"127.0.0.1:{free_port()}")

        assert [one.verdict for one in check_log(away)] == ["wrong", "skipped", "skipped"]


@pytest.mark.kafka
class TestEverything:
    """The whole command, with everything that it looks at really running."""

    @pytest.fixture
    def ward(
        self,
        kafka: KafkaSettings,
        site: SandboxSite,
        key: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[Process]:
        ensure_topics(kafka)
        put(kafka, purchases(1))
        put_rows(kafka, purchases(1))
        with running(kafka, tmp_path, "ledger") as ledger, running(kafka, tmp_path, "worker") as worker:
            wait_until(ledger.ready, process=ledger)
            wait_until(worker.ready, process=worker)
            given = {
                "KAFKA_BOOTSTRAP_SERVERS": kafka.kafka_bootstrap_servers,
                "TOPIC_PREFIX": kafka.topic_prefix,
                "DATA_DIR": str(tmp_path),
                "WIX_API_URL": site.url,
                "WIX_APP_ID": "sandbox-app",
                "WIX_APP_SECRET": "sandbox-secret",
                "WIX_PUBLIC_KEYS": key.replace("\n", "\\n"),
                "WORKER_INTERNAL_PORT": str(worker.internal_port),
                "REPORTS_URL": f"http://127.0.0.1:{ledger.reports_port}",
            }
            for name, value in given.items():
                monkeypatch.setenv(name, value)
            for name in ("WIX_API_KEY", "WIX_SITE_ID", "WIX_PUBLIC_KEYS_FILE", "REPORTS_TOKEN"):
                monkeypatch.delenv(name, raising=False)
            monkeypatch.chdir(tmp_path)
            yield ledger

    def asked(self, *more: str) -> Result:
        return CliRunner().invoke(doctor, more)

    def test_when_all_is_well_every_line_says_so(self, ward: Process, site: SandboxSite) -> None:
        done = self.asked("--site", SITE, "--send-test-to", MEMBER, "--json")

        findings = json.loads(done.stdout)
        assert {one["about"]: one["verdict"] for one in findings if one["verdict"] != "ok"} == {}
        assert done.exit_code == 0
        assert len(site.messages) == 1
        self.one_thing_wrong_is_enough(site)

    def one_thing_wrong_is_enough(self, site: SandboxSite) -> None:
        """In the same run, since starting the processes takes its time."""
        site.seed(sites=[{"denied": ["MEMBERS.MEMBER_READ"]}])

        done = self.asked("--site", SITE)

        assert done.exit_code == 1
        assert "1 wrong." in done.stderr
        assert "Read Members" in done.stdout
        assert CONTACTS_ADDRESS not in done.output
