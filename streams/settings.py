"""Settings of the flows, from the environment and `.env`: one small class for each concern."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

# The Wix app ids whose payments make a payment notice due: Pricing Plans.
PRICING_PLANS_APP_ID = "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"


class WixSettings(BaseSettings):
    """Who we are at Wix. `WIX_APP_SECRET` is never logged."""

    model_config = ENVIRONMENT

    wix_api_url: str = "https://www.wixapis.com"
    wix_app_id: str = ""
    wix_app_secret: SecretStr = SecretStr("")
    # The longest single call; the claim lasts longer than this.
    wix_timeout_seconds: float = 10.0
    # Wix throttles an app instance above this.
    wix_calls_per_minute: int = 200


class OutboxSettings(BaseSettings):
    """Where effects are kept and how long claims last."""

    model_config = ENVIRONMENT

    data_dir: Path = Path("data")
    # Empty: SQLite at DATA_DIR/outbox.sqlite. A SQLAlchemy URL of PostgreSQL for many machines.
    outbox_url: str = ""
    # A worker that stops renewing loses its sites after this long.
    site_lease: timedelta = timedelta(seconds=60)
    # A doubtful effect is asked after no sooner than this: Wix may show a change late.
    read_back_after: timedelta = timedelta(seconds=60)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.outbox_url or f"sqlite:///{self.data_dir / 'outbox.sqlite'}"


class FlowSettings(BaseSettings):
    """What the flows do where a site says nothing else (`SITES_FILE`)."""

    model_config = ENVIRONMENT

    notice_max_age: timedelta = timedelta(days=3)
    fulfillment_max_age: timedelta = timedelta(days=30)
    # Comma-separated Wix app ids.
    payment_app_ids: str = PRICING_PLANS_APP_ID
    payment_address: Literal["member", "contact"] = "member"
    fulfillment_policy: Literal["handover", "immediate"] = "handover"
    sites_file: Path | None = None


class WorkerSettings(BaseSettings):
    """The worker's own ports and pace."""

    model_config = ENVIRONMENT

    worker_internal_port: int = 9102
    # How many sites are worked side by side.
    worker_sites: int = 32


class LedgerProcessSettings(BaseSettings):
    """The process that owns the DuckDB file and answers reports."""

    model_config = ENVIRONMENT

    data_dir: Path = Path("data")
    # Empty: DATA_DIR/ledger.duckdb.
    ledger_path: Path | None = None
    reports_host: str = "127.0.0.1"
    reports_port: int = 8100
    reports_token: SecretStr = SecretStr("")
    ledger_internal_port: int = 9103
    snapshot_seconds: float = 30.0

    @property
    def path(self) -> Path:
        """The DuckDB file in force."""
        return self.ledger_path or self.data_dir / "ledger.duckdb"
