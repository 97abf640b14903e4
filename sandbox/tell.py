"""Stories for rooms that already run elsewhere, such as those of docker-compose.yml."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from random import randrange

import click
import httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.failures import said
from sandbox.stories.cast import Site, seed_of_sites
from sandbox.stories.library import library
from sandbox.stories.store_life import WAREHOUSE
from sandbox.stories.story import without_access
from sandbox.stories.telling import Teller
from sandbox.warehouse import PackingList
from sandbox.webhooks import NotDelivered, Signer
from sandbox.witness import TIMEOUT_SECONDS, StillWaiting, Witness

AT_ONCE = 6
SEEDS = 2**31


class TellSettings(BaseSettings):
    """Where the rooms are."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    data_dir: Path = Path("data")
    """Folder of everything that a process keeps on its own disk."""
    webhook_url: str = "http://127.0.0.1:8000/webhooks/wix"
    """Where webhooks go."""
    wix_api_url: str = "http://127.0.0.1:8200"
    """The sandbox Wix."""
    access_url: str = ""
    """Where each change of access is posted (Standard Webhooks), https; empty: access is off."""
    reports_url: str = "http://127.0.0.1:8100"
    """Where the report service answers."""
    reports_token: SecretStr = SecretStr("")
    """What a caller of the report service must show; needed beyond this machine."""


def sites_toml(sites: tuple[Site, ...]) -> str:
    """The text of `SITES_FILE` for the sites of the stories."""
    # JSON spells texts and truth values as TOML does.
    tables = (
        [
            f'[sites."{site.instance_id}"]',
            *(f"{key} = {json.dumps(value)}" for key, value in site.settings.items()),
        ]
        for site in sites
    )
    return "\n\n".join("\n".join(table) for table in tables) + "\n"


def handover_tokens(sites: tuple[Site, ...], token: str) -> str:
    """`HANDOVER_TOKENS` for the warehouse of the stories."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return f"{WAREHOUSE}:{digest}:{'|'.join(site.instance_id for site in sites)}"


async def tell(settings: TellSettings, *, seed: int, subscriptions: int, orders: int, pace: float) -> Teller:
    """Tell the history, then the fixed set, each story to its end."""
    stories = library(datetime.now(UTC), seed=seed, subscriptions=subscriptions, store_orders=orders)
    secret = settings.reports_token.get_secret_value()
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    async with (
        httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http,
        httpx.AsyncClient(timeout=TIMEOUT_SECONDS, headers=headers) as asking,
    ):
        witness = Witness(asking, wix_url=settings.wix_api_url, reports_url=settings.reports_url)
        teller = Teller(
            http,
            witness,
            signer=Signer(settings.data_dir),
            webhook_url=settings.webhook_url,
            packing_list=PackingList(settings.data_dir),
        )
        await witness.seed(seed_of_sites(stories.sites))
        now = stories.now if settings.access_url else map(without_access, stories.now)
        await teller.tell_past(stories.past, at_once=AT_ONCE)
        for story in now:
            click.echo(f"{story.name.replace('_', ' ')}: {story.title}")
            await teller.tell(story, pause_seconds=pace)
        return teller


@click.command("tell")
@click.option("--prepare", is_flag=True, help="Only make the key pair and DATA_DIR/sites.toml.")
@click.option("--subscriptions", default=100, show_default=True, help="How many plan orders in the history.")
@click.option("--orders", default=300, show_default=True, help="How many store orders in the history.")
@click.option("--pace", default=1.0, show_default=True, help="Seconds between two webhooks of a story.")
def command(prepare: bool, subscriptions: int, orders: int, pace: float) -> None:
    """Tell order stories, once, to rooms that run already.

    Settings: DATA_DIR, WEBHOOK_URL, WIX_API_URL (the sandbox), REPORTS_URL, REPORTS_TOKEN. Exit code 1
    when somebody does not answer or a story does not come to its end.
    """
    settings = TellSettings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    Signer(settings.data_dir)
    (settings.data_dir / "sites.toml").write_text(sites_toml(library(datetime.now(UTC)).sites))
    if prepare:
        return
    seed = randrange(SEEDS)  # noqa: S311 – ids of made-up people
    try:
        teller = asyncio.run(tell(settings, seed=seed, subscriptions=subscriptions, orders=orders, pace=pace))
    except* (StillWaiting, NotDelivered, httpx.HTTPError) as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise click.ClickException(said(first)) from None
    click.echo(f"Told. Ingest answered {dict(teller.answers)}.")
