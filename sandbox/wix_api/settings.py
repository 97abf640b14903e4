"""Settings of the sandbox Wix, from the environment and `.env`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.log_lines import Format
from sandbox.wix_api.rules import Rules

Port = Annotated[int, Field(ge=0, le=65535)]


class WixApiSettings(BaseSettings):
    """Where the sandbox Wix listens, who its one app is and where its webhooks go."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    sandbox_host: str = "127.0.0.1"
    """Address of the sandbox Wix."""
    sandbox_port: Port = 8200
    """Port of the sandbox Wix; 0 takes any free one, which is printed."""
    sandbox_internal_port: Port = 9104
    """Port of the sandbox's health and metrics."""
    # The app that may ask for tokens. A sandbox secret guards nothing, so it has a default.
    wix_app_id: str = "sandbox-app"
    wix_app_secret: SecretStr = SecretStr("sandbox-secret")
    # Where webhooks go that the sandbox's own changes cause. Empty: nowhere.
    webhook_url: str = "http://127.0.0.1:8000/webhooks/wix"
    # The key pair lies in DATA_DIR/sandbox.
    data_dir: Path = Path("data")
    log_format: Format = "text"
    """Log lines as text, or as JSON: one object a line."""
    sandbox_calls_per_minute: int = 200
    """Calls of one app instance before the sandbox answers 429, as Wix does."""
    sandbox_token_life: timedelta = timedelta(hours=4)
    """How long a token lives; at Wix it is four hours."""
    sandbox_api_key: SecretStr = SecretStr("sandbox-api-key")
    """An owner's API key: the other way to be let in, beside `wix-site-id`."""
    access_secret: SecretStr = SecretStr("")
    """What its /access, the receiver of access changes, verifies signatures with; empty: it takes none."""
    sandbox_precondition_status: int = Field(default=428, ge=400, le=499)
    """What a plan order or fulfillment in no state for a call is answered with; Wix documents none."""
    sandbox_target_channels_refused: bool = False
    """Whether messages with the deprecated targetChannels are refused, as Wix announced."""

    @property
    def rules(self) -> Rules:
        """The rules to begin with."""
        return Rules(
            precondition_status=self.sandbox_precondition_status,
            target_channels_refused=self.sandbox_target_channels_refused,
        )
