"""Settings of the door and of the log, from the environment and `.env`."""

import re
import ssl
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from ingest.environment import ENVIRONMENT, OptionalPath, Port


def _topic_prefix(given: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]*", given):
        raise ValueError("write it in letters from a to z, digits, dots, dashes and underscores: orderline.")
    return given


# What Kafka allows in a name, and short enough for the rest of it.
TopicPrefix = Annotated[str, Field(max_length=200), AfterValidator(_topic_prefix)]


class KafkaSettings(BaseSettings):
    """How every room reaches the broker (section "Settings" of the README)."""

    model_config = ENVIRONMENT

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    """Where Kafka listens: host:port, several with commas between."""
    topic_prefix: TopicPrefix = "orderline."
    """What the names of topics and groups begin with, its own dot included."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to talk to Kafka."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """How to log in, where the protocol is one of SASL's."""
    kafka_sasl_username: str = ""
    """Who logs in."""
    kafka_sasl_password: SecretStr = SecretStr("")
    """The password of KAFKA_SASL_USERNAME."""
    kafka_ssl_cafile: OptionalPath = None
    """PEM file of the authorities to trust; those the machine trusts when empty."""
    kafka_replication_factor: int = -1
    """Copies of each topic that is created; -1 leaves it to the broker."""

    @property
    def servers(self) -> list[str]:
        """The bootstrap servers, one `host:port` each."""
        return [server.strip() for server in self.kafka_bootstrap_servers.split(",") if server.strip()]

    def aiokafka_options(self) -> dict[str, Any]:
        """Keyword arguments that every aiokafka producer and consumer takes."""
        return {"bootstrap_servers": self.servers, "ssl_context": self._ssl_context(), **self._sasl()}

    def kafka_python_options(self) -> dict[str, Any]:
        """Keyword arguments that every kafka-python client takes."""
        return self.aiokafka_options()

    def faust_broker(self) -> tuple[list[str], Any]:
        """`broker=` and `broker_credentials=` of a Faust app; credentials None when plain text."""
        # Imported here because only the flows' processes need Faust, and it takes a second.
        from faust import SASLCredentials, SSLCredentials

        urls = [f"kafka://{server}" for server in self.servers]
        context = self._ssl_context()
        if self._uses_sasl:
            return urls, SASLCredentials(
                username=self.kafka_sasl_username,
                password=self.kafka_sasl_password.get_secret_value(),
                mechanism=self.kafka_sasl_mechanism,
                ssl_context=context,
            )
        return urls, None if context is None else SSLCredentials(context)

    @property
    def _uses_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")

    def _ssl_context(self) -> ssl.SSLContext | None:
        if not self.kafka_security_protocol.endswith("SSL"):
            return None
        return ssl.create_default_context(cafile=self.kafka_ssl_cafile)

    def _sasl(self) -> dict[str, Any]:
        options: dict[str, Any] = {"security_protocol": self.kafka_security_protocol}
        if self._uses_sasl:
            options |= {
                "sasl_mechanism": self.kafka_sasl_mechanism,
                "sasl_plain_username": self.kafka_sasl_username,
                "sasl_plain_password": self.kafka_sasl_password.get_secret_value(),
            }
        return options


class IngestSettings(BaseSettings):
    """Where the door listens and whom it believes."""

    model_config = ENVIRONMENT

    ingest_host: str = "127.0.0.1"
    """Address to take webhooks and handovers on; 0.0.0.0 in a container or behind a proxy."""
    ingest_port: Port = 8000
    """Port for webhooks and handovers."""
    ingest_internal_host: str = "127.0.0.1"
    """Address of the door's health, readiness and metrics; keep it where the world can't reach it."""
    ingest_internal_port: Port = 9101
    """Port of the door's health, readiness and metrics."""
    wix_public_keys: str = ""
    """Our apps' public keys from Wix: PEM, or base64 of PEM, several with commas between."""
    wix_public_keys_file: OptionalPath = None
    """File with the keys, read again when it changes, so that a rotation needs no restart."""
    wix_check_expiry: bool = True
    """Refuse webhooks whose exp or nbf is off by more than WIX_LEEWAY_SECONDS."""
    wix_leeway_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 60.0
    """How far Wix's clock and ours may be apart, in seconds."""
    wix_app_id: str = ""
    """Our app's id at Wix: it asks for access tokens, and is written on records whose webhook names none."""
    handover_tokens: SecretStr = SecretStr("")
    """Warehouses: name:sha256 of the token in hex:instanceId|instanceId, commas between."""
