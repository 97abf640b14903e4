"""Settings of the flows, from the environment and `.env`: one small class for each concern."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from analytics.web_address import WebAddress
from ingest.environment import ENVIRONMENT, OptionalPath, Port

# A time that may be none at all, one that lasts, and seconds that last and end.
Age = Annotated[timedelta, Field(ge=timedelta(0))]
Lasting = Annotated[timedelta, Field(gt=timedelta(0))]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _memory(given: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?[KMGTkmgt]i?[Bb]", given):
        raise ValueError("write it as 512MB or 2GB")
    return given


Memory = Annotated[str, AfterValidator(_memory)]


def _time_of_day(given: str) -> str:
    if given and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given):
        raise ValueError("write it as HH:MM from 00:00 to 23:59, or leave it empty")
    return given


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]

# The Wix app ids whose payments make a payment notice due: Pricing Plans.
PRICING_PLANS_APP_ID = "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"

OUTBOX_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


class WixSettings(BaseSettings):
    """Who we are at Wix. `WIX_APP_SECRET` is never logged."""

    model_config = ENVIRONMENT

    wix_api_url: WebAddress = "https://www.wixapis.com"
    """Where Wix answers REST calls; the sandbox when you try things out."""
    wix_app_id: str = ""
    """Our app's id at Wix: it asks for access tokens, and is written on records whose webhook names none."""
    wix_app_secret: SecretStr = SecretStr("")
    """Our app's secret key at Wix; never logged."""
    wix_api_key: SecretStr = SecretStr("")
    """A site owner's API key, in place of app id and secret: for one site of your own; never logged."""
    wix_site_id: str = ""
    """The site that WIX_API_KEY is used for."""
    wix_timeout_seconds: Seconds = 10.0
    """The longest single call, in seconds; a claim lasts longer than this."""
    wix_calls_per_minute: Annotated[int, Field(ge=1)] = 200
    """Requests a minute for each site; Wix throttles an app instance above it."""
    wix_command_calls_per_minute: Annotated[int, Field(ge=1)] = 40
    """How many of WIX_CALLS_PER_MINUTE commands share; the rest is the worker's, whose work goes first."""

    @field_validator("wix_command_calls_per_minute")
    @classmethod
    def _check_share(cls, share: int, info: ValidationInfo) -> int:
        whole = info.data.get("wix_calls_per_minute")
        if whole is not None and share > whole:
            raise ValueError(f"{share} is more than WIX_CALLS_PER_MINUTE, which is {whole}")
        return share

    @property
    def live_calls_per_minute(self) -> int:
        """What is left for the worker: whatever commands do, this part is there."""
        return max(1, self.wix_calls_per_minute - self.wix_command_calls_per_minute)


class KeySettings(BaseSettings):
    """The keys that the door believes; the doctor looks whether they can be read."""

    model_config = ENVIRONMENT

    wix_public_keys: str = ""
    """Our apps' public keys from Wix: PEM, or base64 of PEM, several with commas between."""
    wix_public_keys_file: OptionalPath = None
    """File with the keys, read again when it changes, so that a rotation needs no restart."""


class OutboxSettings(BaseSettings):
    """Where effects are kept and how long claims last."""

    model_config = ENVIRONMENT

    data_dir: Path = Path("data")
    """Folder of everything that a process keeps on its own disk."""
    outbox_url: str = ""
    """SQLAlchemy URL of the outbox; empty is SQLite in DATA_DIR. Several machines need PostgreSQL."""
    site_lease: Lasting = timedelta(seconds=60)
    """How long a worker that stopped renewing keeps its sites from the others."""
    read_back_after: Age = timedelta(seconds=60)
    """How long after a doubtful call Wix is asked whether it happened; sooner, Wix may not show it yet."""
    payloads_kept: Age = timedelta(days=7)
    """How long the outbox keeps what a finished effect was made from; key, outcome and Wix's id stay."""
    build_version: str = ""
    """Which build this is; empty: the package's version. A flow that a bug paused goes on in a newer one."""

    @field_validator("outbox_url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        """Said here, since SQLAlchemy's own error would come later and without the setting's name."""
        try:
            parts = urlsplit(url)
            is_one = parts.scheme in OUTBOX_SCHEMES and parts.port != 0
        except ValueError:  # a port that is no number
            is_one = False
        if url and not is_one:
            raise ValueError("write it as postgresql+psycopg://user:password@host/database or sqlite:///path")
        return url

    @property
    def url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.outbox_url or f"sqlite:///{self.data_dir / 'outbox.sqlite'}"


class FlowSettings(BaseSettings):
    """What the flows do where a site says nothing else (`SITES_FILE`)."""

    model_config = ENVIRONMENT

    notice_max_age: Age = timedelta(days=3)
    """An event older than this sends no message: late news confuses more than it helps."""
    fulfillment_max_age: Age = timedelta(days=30)
    """An order older than this gets no fulfillment from us."""
    payment_app_ids: str = PRICING_PLANS_APP_ID
    """Wix app ids, commas between, whose payments make a payment notice due; by default Pricing Plans."""
    payment_address: Literal["member", "contact"] = "member"
    """Whose address gets a payment notice: the member's login or the contact's; the other is the fallback."""
    fulfillment_policy: Literal["handover", "immediate"] = "handover"
    """Fulfill an approved order when the warehouse hands it over, or immediately."""
    sites_file: OptionalPath = None
    """TOML file of what differs per site, read again when it changes."""
    templates_dir: OptionalPath = None
    """Folder of your own message templates, read again when they change; ours where there are none."""


class AccessSettings(BaseSettings):
    """Who is told when a subscription starts, pauses, resumes or ends. `ACCESS_SECRET` is never logged."""

    model_config = ENVIRONMENT

    access_url: str = ""
    """Where each change of access is posted (Standard Webhooks), https; empty: access is off."""
    access_secret: SecretStr = SecretStr("")
    """Signs them: whsec_ and base64, needed with ACCESS_URL; several with commas between; never logged."""


class WorkerSettings(BaseSettings):
    """The worker's own ports and pace."""

    model_config = ENVIRONMENT

    worker_internal_host: str = "127.0.0.1"
    """Address of the worker's health, readiness and metrics; keep it where the world can't reach it."""
    worker_internal_port: Port = 9102
    """Port of the worker's health, readiness and metrics."""
    worker_sites: Annotated[int, Field(ge=1)] = 32
    """How many sites are worked side by side."""
    watchdog_after: Annotated[timedelta, Field(ge=timedelta(seconds=1))] = timedelta(seconds=120)
    """A worker or ledger that does nothing so long, though records wait and Kafka answers, exits with 70."""


class UpkeepSettings(BaseSettings):
    """When the worker compares what the ledger knows with what Wix's lists say, by itself."""

    model_config = ENVIRONMENT

    reconcile_at: TimeOfDay = "03:00"
    """When all sites are compared with Wix's lists each day, HH:MM in UTC; empty: never by itself."""
    reconcile_after_gap: Annotated[timedelta, Field(ge=timedelta(minutes=1))] = timedelta(hours=47)
    """Compared as well when nothing had come in for so long: Wix gives a webhook up after 47 hours."""


class AlertSettings(BaseSettings):
    """Who hears of trouble without looking for it."""

    model_config = ENVIRONMENT

    alert_url: SecretStr = SecretStr("")
    """Gets one JSON POST per new kind of failure, paused flow or stale data; https. Empty: nobody is told."""
    alert_repeat: Annotated[timedelta, Field(ge=timedelta(minutes=1))] = timedelta(days=1)
    """How long a trouble that was told is not told again."""
    alerts_per_hour: Annotated[int, Field(ge=1)] = 20
    """How many alerts a process sends in an hour; the rest waits."""
    stale_after: Annotated[timedelta, Field(ge=timedelta(seconds=1))] = timedelta(minutes=15)
    """Reports are stale when a record has been on the log for so long and is not in the ledger."""

    @field_validator("alert_url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        """Alerts name sites and orders: they travel encrypted, or not at all."""
        parts = urlsplit(url.get_secret_value())
        if url.get_secret_value() and not _is_private(parts.scheme, parts.hostname or ""):
            raise ValueError("write it as https://host/path; plain http only to 127.0.0.1 or localhost")
        return url


def _is_private(scheme: str, host: str) -> bool:
    return bool(host) and (scheme == "https" or (scheme == "http" and host in LOOPBACK_HOSTS))


class LedgerProcessSettings(BaseSettings):
    """The process that owns the DuckDB file and answers reports."""

    model_config = ENVIRONMENT

    data_dir: Path = Path("data")
    """Folder of everything that a process keeps on its own disk."""
    ledger_path: OptionalPath = None
    """The DuckDB file; empty is DATA_DIR/ledger.duckdb."""
    reports_host: str = "127.0.0.1"
    """Address of the report service; beyond this machine it wants REPORTS_TOKEN."""
    reports_port: Port = 8100
    """Port of the report service."""
    reports_token: SecretStr = SecretStr("")
    """What a caller of the report service must show; needed beyond this machine."""
    ledger_internal_host: str = "127.0.0.1"
    """Address of the ledger's health, readiness and metrics; keep it where the world can't reach it."""
    ledger_internal_port: Port = 9103
    """Port of the ledger's health, readiness and metrics."""
    snapshot_seconds: Seconds = 30.0
    """How often readers get a new version of the ledger, in seconds."""
    ledger_memory: Memory = "512MB"
    """What DuckDB may take for its buffers, such as 512MB or 2GB; the process takes about as much again."""
    rebuild_memory: Memory = "1GB"
    """LEDGER_MEMORY of `replay rebuild`, which has about 400 MB of rows at hand besides."""
    ledger_threads: Annotated[int, Field(ge=0)] = 0
    """Threads that DuckDB works with; 0 is one for each core, but one alone up to about a million rows."""
    watchdog_after: Annotated[timedelta, Field(ge=timedelta(seconds=1))] = timedelta(seconds=120)
    """A worker or ledger that does nothing so long, though records wait and Kafka answers, exits with 70."""
    switch_within: Age = timedelta(days=1)
    """A subscription begun within this time after an end makes it a switch, and no churn."""

    @property
    def path(self) -> Path:
        """The DuckDB file in force."""
        return self.ledger_path or self.data_dir / "ledger.duckdb"


class ReportsSettings(BaseSettings):
    """Where the report service is, as those who ask it see it: doctor, upkeep and commands."""

    model_config = ENVIRONMENT

    reports_url: WebAddress = "http://127.0.0.1:8100"
    """Where the report service answers."""
    reports_token: SecretStr = SecretStr("")
    """What a caller of the report service must show; needed beyond this machine."""
