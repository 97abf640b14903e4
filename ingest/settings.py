"""Settings of the door and of the log, from the environment and `.env`."""

from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)


class KafkaSettings(BaseSettings):
    """How every room reaches the broker (section "Settings" of the README)."""

    model_config = ENVIRONMENT

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    topic_prefix: str = "orderline."
