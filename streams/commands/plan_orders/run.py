"""How a command asks Wix: settings, quota, and what its exit code says.

0 done · 1 Wix refused · 2 used wrongly, nothing was sent · 3 Wix is away, or asks us to wait
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, TypeVar

import click

from streams.quota_share import QUOTA_FILE, CommandQuota
from streams.settings import OutboxSettings, WixSettings
from streams.wix.client import WixClient
from streams.wix.errors import WixBusy, WixError, WixUnreachable
from streams.wix.explained import explained
from streams.wix.patient import PatientClient

T = TypeVar("T")

MEMBERS_SITE = "by a member's token"


class Refused(click.ClickException):
    """Wix said no."""

    exit_code = 1


class Away(click.ClickException):
    """Wix gave no answer, or none that tells what became of the call."""

    exit_code = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Wix as one command sees it: the client and the site it is about."""

    wix: WixClient
    site: str


def ask(
    question: Callable[[Desk], Awaitable[T]],
    *,
    site: str | None = None,
    member_token: str | None = None,
    if_unclear: str | None = None,
) -> T:
    """The answer to a question to Wix; every failure becomes a sentence and an exit code.

    `if_unclear` says how to find out what became of a change that got no clear answer.
    """
    settings = _settings(site)
    where = _site(settings, site, member_token)

    async def asked() -> T:
        async with PatientClient(settings, take=_quota(settings), tell=say_waiting) as wix:
            return await question(Desk(wix=wix.as_member(member_token) if member_token else wix, site=where))

    try:
        return asyncio.run(asked())
    except WixError as error:
        _fail(error, if_unclear)
    except OSError as error:
        raise click.UsageError(f"The commands' quota can't be kept in DATA_DIR: {error}.") from error


def confirmed(what: str, *, yes: bool) -> None:
    """Go on only if a person, or `--yes`, agrees; otherwise nothing is sent (exit code 2)."""
    if yes:
        return
    try:
        agreed = click.confirm(f"{what} Go on?", err=True)
    except click.Abort:
        raise click.UsageError("Nobody answered, and nothing was sent. Say --yes if you mean it.") from None
    if not agreed:
        raise click.UsageError("Nothing was sent.")


def say_waiting(until: datetime) -> None:
    """Why nothing happens for a while."""
    click.echo(f"Waiting until {until:%H:%M:%S} UTC for this site's quota …", err=True)


def _fail(error: WixError, if_unclear: str | None) -> NoReturn:
    told = explained(error)
    if isinstance(error, WixUnreachable) and if_unclear:
        raise Away(f"{told}\nWhether it was done is not known: {if_unclear}") from error
    if isinstance(error, WixBusy | WixUnreachable):
        raise Away(told) from error
    raise Refused(told) from error


def _settings(site: str | None) -> WixSettings:
    settings = WixSettings()
    has_key = bool(settings.wix_api_key.get_secret_value())
    return settings.model_copy(update={"wix_site_id": site}) if has_key and site else settings


def _site(settings: WixSettings, site: str | None, member_token: str | None) -> str:
    if member_token:
        return site or MEMBERS_SITE
    if settings.wix_api_key.get_secret_value():
        if not settings.wix_site_id:
            raise click.UsageError("WIX_API_KEY needs the site it is for: set WIX_SITE_ID, or say --site.")
        return settings.wix_site_id
    if not (settings.wix_app_id and settings.wix_app_secret.get_secret_value()):
        raise click.UsageError("Who are we at Wix? Set WIX_APP_ID and WIX_APP_SECRET, or WIX_API_KEY.")
    if not site:
        raise click.UsageError(
            "Which site? Say --site INSTANCE_ID; `python -m analytics report sites` lists those we know."
        )
    return site


def _quota(settings: WixSettings) -> Callable[[str], None]:
    path = OutboxSettings().data_dir / QUOTA_FILE
    return CommandQuota(path, settings.wix_command_calls_per_minute).take
