"""Settings of the ledger's command line, from the environment and `.env`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from analytics.web_address import WebAddress


class AnalyticsSettings(BaseSettings):
    """Where the ledger lies, and where its owner answers while it has the file open."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    data_dir: Path = Path("data")
    """Folder of everything that a process keeps on its own disk."""
    # An empty one means none; a path of its own would be this folder.
    ledger_path: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    """The DuckDB file; empty is DATA_DIR/ledger.duckdb."""
    reports_url: WebAddress = "http://127.0.0.1:8100"
    """Where the report service answers."""
    reports_token: SecretStr = SecretStr("")
    """What a caller of the report service must show; needed beyond this machine."""
    switch_within: Annotated[timedelta, Field(ge=timedelta(0))] = timedelta(days=1)
    """A subscription begun within this time after an end makes it a switch, and no churn."""

    @property
    def path(self) -> Path:
        """The DuckDB file in force."""
        return self.ledger_path or self.data_dir / "ledger.duckdb"
