"""No output of any command shows a secret: help, logs, metrics, answers, refusals, the doctor."""

import os
import re
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from ingest.settings import KafkaSettings
from tests.settings_table import PRODUCT, settings_classes
from tests.started import ended
from tests.streams.processes import running, wait_until

MARK = "planted-secret"
NOWHERE = "127.0.0.1:1"
SITE = "11111111-1111-4111-8111-111111111111"


def secrets() -> dict[str, str]:
    """Every secret setting of the product, each with a mark of its own."""
    names = {
        name.upper()
        for kind in settings_classes(*PRODUCT)
        for name, field in kind.model_fields.items()
        if field.annotation is SecretStr
    }
    planted = {name: f"{MARK}-{name.lower()}" for name in names}
    return planted | {
        "ALERT_URL": f"https://127.0.0.1:1/{MARK}-alert",
        "OUTBOX_URL": f"postgresql+psycopg://orderline:{MARK}-outbox@127.0.0.1:1/none",
        "ACCESS_URL": f"https://127.0.0.1:1/{MARK}-access",
        "ACCESS_SECRET": "whsec_cGxhbnRlZC1zZWNyZXQtYWNjZXNzLXNlY3JldA==",
        "HANDOVER_TOKENS": "",
    }


# As planted, and ACCESS_SECRET's own form.
SHOWN = re.compile(rf"{MARK}[\w-]*|whsec_cGxh\w*")


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in secrets().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", NOWHERE)
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "orderline")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REPORTS_URL", f"http://{NOWHERE}")


def said(*command: str, **settings: str) -> str:
    """All that a command prints until it ends."""
    done = ended(*command, environment=os.environ | settings)
    assert done.stdout or done.stderr
    return done.stdout + done.stderr


class TestCommands:
    def test_there_are_secrets_to_be_seen(self) -> None:
        assert {"WIX_APP_SECRET", "WIX_API_KEY", "REPORTS_TOKEN", "KAFKA_SASL_PASSWORD"} <= set(secrets())

    @pytest.mark.parametrize(
        "command",
        [
            ("ingest", "--help"),
            ("streams", "worker", "--help"),
            ("ingest", "topics"),
            ("streams", "doctor"),
            ("streams", "effects", "list"),
            ("analytics", "report", "sites"),
        ],
        ids=" ".join,
    )
    def test_none_shows_in_what_a_command_prints(self, command: tuple[str, ...]) -> None:
        assert SHOWN.findall(said(*command)) == []

    @pytest.mark.parametrize(
        ("command", "wrong"),
        [
            (("ingest", "serve"), {"HANDOVER_TOKENS": f"{MARK}-no-token"}),
            (("ingest", "serve"), {"WIX_PUBLIC_KEYS": f"{MARK}-no-key"}),
            (("streams", "worker"), {"ACCESS_SECRET": f"{MARK}-no-whsec"}),
            (("streams", "worker"), {"ALERT_URL": f"http://example.com/{MARK}"}),
            (("streams", "worker"), {"OUTBOX_URL": f"no-such://x:{MARK}@y/z"}),
            (("streams", "worker"), {"OUTBOX_URL": f"postgresql://x:{MARK}@y:port/z"}),
            (("streams", "effects", "list"), {"OUTBOX_URL": f"mysql://x:{MARK}@y/z"}),
            (("streams", "replay", "rebuild"), {"SNAPSHOT_SECONDS": f"{MARK}-no-number"}),
            (("streams", "templates", "check"), {"NOTICE_MAX_AGE": f"{MARK}-no-time"}),
            (("streams", "plan-orders", "list", "--site", SITE), {"WIX_API_URL": f"{MARK}-no-address"}),
            (("analytics", "report", "sites"), {"SWITCH_WITHIN": f"{MARK}-no-time"}),
            (("dashboard",), {"REPORTS_URL": f"http://x:{MARK}@y:port"}),
        ],
        ids=str,
    )
    def test_nor_where_it_is_the_one_that_cant_be_used(
        self, command: tuple[str, ...], wrong: dict[str, str]
    ) -> None:
        printed = said(*command, **wrong)

        assert SHOWN.findall(printed) == []
        assert next(iter(wrong)) in printed or "public key" in printed
        assert "Traceback" not in printed


class TestProcesses:
    @pytest.fixture
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(_env_file=None, kafka_bootstrap_servers=NOWHERE)

    @pytest.mark.parametrize(("process", "lacks"), [("worker", "outbox_away"), ("ledger", "no_partitions")])
    def test_none_shows_in_log_metrics_or_health(
        self, process: str, lacks: str, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        with running(kafka, tmp_path, process, LOG_FORMAT="json") as running_one:
            wait_until(lambda: lacks in running_one.lacks(), process=running_one)
            answers = [
                httpx.get(f"http://127.0.0.1:{running_one.internal_port}/{route}").text
                for route in ("healthz", "readyz", "metrics")
            ]
            running_one.end()

            assert "orderline_build_info" in answers[2]
            assert SHOWN.findall("\n".join([*answers, running_one.log])) == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("command", "settings", "way_out"),
        [
            (("streams", "ledger"), {"REPORTS_HOST": "0.0.0.0", "REPORTS_TOKEN": ""}, "REPORTS_TOKEN"),
            (("dashboard",), {"DASHBOARD_HOST": "0.0.0.0"}, "DASHBOARD_BEHIND_PROXY"),
            (("streams", "worker"), {"WORKER_INTERNAL_PORT": "70000"}, "WORKER_INTERNAL_PORT"),
            (("ingest", "serve"), {"INGEST_PORT": "70000"}, "INGEST_PORT"),
        ],
        ids=str,
    )
    def test_what_would_be_open_to_the_world_or_nowhere_does_not_start(
        self, command: tuple[str, ...], settings: dict[str, str], way_out: str
    ) -> None:
        printed = said(*command, **settings)

        assert way_out in printed
        assert "Traceback" not in printed
