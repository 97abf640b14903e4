"""Payment and purchase notices as the runner would carry them out, for tests of what becomes of them."""

from pathlib import Path
from typing import Any

from streams.notice import NoticeProcedure
from streams.settings import FlowSettings
from streams.sites import Sites
from streams.wix.client import WixClient
from tests.streams.wix_site import SITE

SENDING = {"method": "POST", "path": "/inbox/v2/messages"}


def procedure(wix: WixClient, **settings: Any) -> NoticeProcedure:
    """Our notices under these settings."""
    flows = FlowSettings(_env_file=None, **settings)
    return NoticeProcedure(wix, Sites(flows), flows)


def with_choices(wix: WixClient, folder: Path, *choices: str, **settings: Any) -> NoticeProcedure:
    """Our notices for a site whose SITES_FILE says this."""
    sites = folder / "sites.toml"
    sites.write_text("\n".join([f'[sites."{SITE}"]', *choices]))
    return procedure(wix, sites_file=sites, **settings)


def text_of(message: dict[str, Any]) -> str:
    """What a customer reads in a message that the sandbox received."""
    return str(message["body"]["message"]["content"]["basic"]["items"][0]["text"])
