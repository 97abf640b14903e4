"""Settings of the door and of the log, from the environment and `.env`."""

import ssl
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)


class KafkaSettings(BaseSettings):
    """How every room reaches the broker (section "Settings" of the README)."""

    model_config = ENVIRONMENT

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    topic_prefix: str = "orderline."
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    # Empty: the authorities that the machine trusts.
    kafka_ssl_cafile: Path | None = None
    # Copies of each topic; -1 leaves it to the broker (default.replication.factor).
    kafka_replication_factor: int = -1

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

    def faust_broker(self) -> tuple[list[str], Any | None]:
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
