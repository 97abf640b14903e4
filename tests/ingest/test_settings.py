from typing import get_type_hints

import pytest
from pydantic import ValidationError

from ingest.settings import IngestSettings, KafkaSettings


class TestKafkaSettings:
    def test_several_servers_stand_with_commas(self) -> None:
        assert KafkaSettings(kafka_bootstrap_servers="a:1, b:2,").servers == ["a:1", "b:2"]

    def test_plain_text_needs_nothing_more(self) -> None:
        settings = KafkaSettings(kafka_bootstrap_servers="a:1")

        assert settings.aiokafka_options() == {
            "bootstrap_servers": ["a:1"],
            "ssl_context": None,
            "security_protocol": "PLAINTEXT",
        }
        assert settings.faust_broker() == (["kafka://a:1"], None)

    def test_tls_with_a_password_reaches_every_client(self) -> None:
        settings = KafkaSettings(
            kafka_bootstrap_servers="a:1",
            kafka_security_protocol="SASL_SSL",
            kafka_sasl_mechanism="SCRAM-SHA-512",
            kafka_sasl_username="orderline",
            kafka_sasl_password="secret",
        )

        options = settings.kafka_python_options()
        _, credentials = settings.faust_broker()

        assert options["sasl_mechanism"] == "SCRAM-SHA-512"
        assert options["sasl_plain_password"] == "secret"
        assert options["ssl_context"].check_hostname
        assert (credentials.username, credentials.protocol.value) == ("orderline", "SASL_SSL")

    def test_tls_alone_is_a_credential_of_its_own(self) -> None:
        _, credentials = KafkaSettings(kafka_security_protocol="SSL").faust_broker()

        assert credentials.protocol.value == "SSL"

    def test_a_password_is_never_shown(self) -> None:
        assert "hunter2" not in repr(KafkaSettings(kafka_sasl_password="hunter2"))
        assert "hunter2" not in repr(IngestSettings(handover_tokens="hunter2"))


class TestIngestSettings:
    def test_clocks_can_not_differ_by_less_than_nothing(self) -> None:
        with pytest.raises(ValidationError, match="wix_leeway_seconds"):
            IngestSettings(wix_leeway_seconds=-1)


class TestDescriptions:
    @pytest.mark.parametrize("model", [KafkaSettings, IngestSettings])
    def test_every_setting_says_what_it_is_for(self, model: type[KafkaSettings | IngestSettings]) -> None:
        fields = set(model.model_fields) & set(get_type_hints(model))

        assert [name for name in sorted(fields) if not model.model_fields[name].description] == []
