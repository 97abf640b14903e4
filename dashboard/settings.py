"""Settings of the dashboard, from the environment and `.env`."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DashboardSettings(BaseSettings):
    """Where the report service is, and where the pages are served."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    reports_url: str = "http://127.0.0.1:8100"
    # What the report service wants when it listens beyond this machine.
    reports_token: SecretStr = SecretStr("")
    dashboard_host: str = "127.0.0.1"
    dashboard_port: int = 8501
