import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import rsa

from ingest.__main__ import main
from ingest.admin import ensure_topics
from ingest.settings import IngestSettings, KafkaSettings
from tests.conftest import TestKafka
from tests.ingest.tokens import public_pem


def run(*arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(main, arguments, env=settings)


def of(kafka: TestKafka) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.kafka_bootstrap_servers, "TOPIC_PREFIX": kafka.topic_prefix}


class TestHelp:
    @pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help")])
    def test_it_lists_every_setting(self, arguments: tuple[str, ...]) -> None:
        text = run(*arguments).stdout

        names = [*IngestSettings.model_fields, *KafkaSettings.model_fields]
        assert [name for name in names if not re.search(rf"^ +{name.upper()}\b", text, re.M)] == []


class TestTopics:
    @pytest.mark.kafka
    def test_they_are_created_and_shown(self, kafka: TestKafka) -> None:
        first, second = run("topics", **of(kafka)), run("topics", **of(kafka))

        assert (first.exit_code, second.exit_code) == (0, 0)
        assert re.search(rf"{kafka.topic_prefix}order-lifecycle +1 +for ever +created", first.stdout)
        assert re.search(rf"{kafka.topic_prefix}payments +12 +400 days +present", second.stdout)

    @pytest.mark.kafka
    def test_checking_creates_none_and_fails_while_some_are_missing(self, kafka: TestKafka) -> None:
        before = run("topics", "--check", **of(kafka))
        ensure_topics(kafka)
        after = run("topics", "--check", **of(kafka))

        assert (before.exit_code, after.exit_code) == (1, 0)
        assert before.stdout.count(" missing") == 11

    def test_without_a_broker_it_says_so_and_ends_with_3(self) -> None:
        result = run("topics", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")

        assert result.exit_code == 3
        assert "Kafka does not answer at 127.0.0.1:1" in result.stderr


class TestServe:
    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({}, "No public key: set WIX_PUBLIC_KEYS"),
            ({"WIX_PUBLIC_KEYS": "nonsense!"}, "neither PEM nor base64"),
            ({"WIX_PUBLIC_KEYS_FILE": "nowhere.pem"}, "nowhere.pem can't be read"),
            ({"INGEST_PORT": "eighty"}, "INGEST_PORT: "),
            ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL: "),
        ],
    )
    def test_a_setting_that_cannot_be_used_is_named(
        self, settings: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("WIX_PUBLIC_KEYS", raising=False)
        monkeypatch.delenv("WIX_PUBLIC_KEYS_FILE", raising=False)

        result = run("serve", **settings)

        assert result.exit_code == 2
        assert said in result.stderr
        assert "Traceback" not in result.output

    def test_a_bad_warehouse_is_named_without_its_hash(self, key: rsa.RSAPrivateKey) -> None:
        result = run("serve", WIX_PUBLIC_KEYS=public_pem(key), HANDOVER_TOKENS="north:abcdef")

        assert result.exit_code == 2
        assert "HANDOVER_TOKENS: 'north'" in result.stderr
        assert "abcdef" not in result.output
