"""Settings of the embedded broker, from the environment and `.env`."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class BrokerSettings(BaseSettings):
    """Where the embedded Kafka keeps its data and where its Java and jars come from."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Path("data")
    # Kafka's own default, which other tools try first.
    kafka_port: int = 9092
    # A Kafka that is already there: its `libs` is used and nothing is downloaded.
    kafka_home: Path | None = None
    # A Maven mirror's address, for machines that can't reach the public one.
    kafka_maven_repo: str = ""
    java_home: Path | None = None
