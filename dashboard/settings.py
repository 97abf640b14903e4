"""Settings of the dashboard, from the environment and `.env`."""

from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from analytics.web_address import WebAddress

Port = Annotated[int, Field(ge=1, le=65535)]


class DashboardSettings(BaseSettings):
    """Where the report service is, and where the pages are served."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    reports_url: WebAddress = "http://127.0.0.1:8100"
    """Where the report service answers."""
    reports_token: SecretStr = SecretStr("")
    """What a caller of the report service must show; needed beyond this machine."""
    dashboard_host: str = "127.0.0.1"
    """Address of the pages; beyond this machine they want a login or a trusted proxy."""
    dashboard_port: Port = 8501
    """Port of the pages."""
    dashboard_behind_proxy: bool = False
    """Say true where a proxy that asks for a login is the only way to DASHBOARD_HOST."""
    dashboard_site_ids: str = ""
    """Which site at Wix an instance is, for links from an order to its page there:
    `instanceId=metaSiteId`, commas between. The meta site id stands in the address of the site's own
    dashboard, after `/dashboard/`."""

    @property
    def reports_headers(self) -> dict[str, str]:
        """What every request to the report service carries."""
        token = self.reports_token.get_secret_value()
        return {"Authorization": f"Bearer {token}"} if token else {}

    @property
    def needs_login(self) -> bool:
        """Whether others than this machine can reach the pages, and nobody in front asks who they are."""
        return not self.dashboard_behind_proxy and not _is_this_machine(self.dashboard_host)

    @property
    def site_ids(self) -> dict[str, str]:
        """Meta site id by instanceId."""
        pairs = (pair.partition("=") for pair in self.dashboard_site_ids.split(",") if "=" in pair)
        return {instance.strip(): site.strip() for instance, _, site in pairs}


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
